"""PyTorch twins of the graph families, on the disjoint union of the graphs of a batch as PyTorch Geometric makes it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Union(NamedTuple):
    """The links of all graphs of a batch side by side, and their features."""

    torch: Any
    senders: Any
    receivers: Any
    features: Any
    nodes: int

    def arriving(self, values: Any) -> Any:
        """The sum of what arrives at each node."""
        return values.new_zeros(self.nodes, *values.shape[1:]).index_add_(0, self.receivers, values)

    def largest(self, values: Any) -> Any:
        """The largest of what arrives at each node."""
        empty = values.new_full((self.nodes, values.shape[1]), -1e30)
        return empty.index_reduce_(0, self.receivers, values, "amax")


def union(torch: Any, graph: Any, nodes: int, batch: int) -> Union:
    """The same graph `batch` times."""
    senders, receivers = (torch.from_numpy(ends).long() for ends in (graph.senders, graph.receivers))
    shift = nodes * torch.arange(batch)[:, None]
    flat = [(ends[None] + shift).reshape(-1) for ends in (senders, receivers)]
    return Union(torch, *flat, torch.from_numpy(graph.features).repeat(batch, 1), nodes * batch)


def _flat(torch: Any, inside: Any) -> Any:
    """A network on (batch, node, feature) from one on all nodes of the union."""

    class Flat(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = inside

        def forward(self, x: Any) -> Any:
            return self.inside(x.flatten(0, 1)).unflatten(0, x.shape[:2])

    return Flat()


def gcn(graph: Union, in_size: int, width: int) -> Any:
    """The network of outcrop.model.gcn with two rounds."""
    torch, nn, gelu = graph.torch, graph.torch.nn, graph.torch.nn.functional.gelu

    class GCN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(in_size, width), nn.Linear(width, width)])
            self.last = nn.Linear(width, 1)

        def forward(self, x: Any) -> Any:
            root = (graph.arriving(torch.ones(len(graph.senders), 1)) + 1).rsqrt()
            weight = root[graph.senders] * root[graph.receivers]
            for layer in self.layers:
                y = layer(x)
                x = gelu(graph.arriving(y[graph.senders] * weight) + y * root * root, approximate="tanh")
            return self.last(x)

    return _flat(torch, GCN())


def gat(graph: Union, in_size: int, width: int, heads: int) -> Any:
    """The network of outcrop.model.gat with two layers."""
    torch, nn, functional = graph.torch, graph.torch.nn, graph.torch.nn.functional

    class Layer(nn.Module):
        def __init__(self, entering: int) -> None:
            super().__init__()
            self.sender = nn.Linear(entering, width)
            self.receiver, self.link = nn.Linear(entering, width, bias=False), nn.Linear(3, width, bias=False)
            self.score = nn.Parameter(torch.randn(heads, width // heads) * (width // heads) ** -0.5)

        def scored(self, y: Any) -> Any:
            return (functional.leaky_relu(y, 0.2) * self.score).sum(-1)

        def forward(self, x: Any) -> Any:
            shape = (-1, heads, width // heads)
            sent, asked, told = (
                f(v).reshape(shape) for f, v in ((self.sender, x), (self.receiver, x), (self.link, graph.features))
            )
            score, own = self.scored(asked[graph.receivers] + sent[graph.senders] + told), self.scored(asked + sent)
            top = torch.maximum(graph.largest(score.detach()), own.detach())
            links, kept = (score - top[graph.receivers]).exp(), (own - top).exp()
            total = graph.arriving(links) + kept
            taken = graph.arriving(sent[graph.senders] * (links / total[graph.receivers])[..., None])
            return (taken + sent * (kept / total)[..., None]).flatten(1)

    class GAT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers, self.last = nn.ModuleList([Layer(in_size), Layer(width)]), nn.Linear(width, 1)

        def forward(self, x: Any) -> Any:
            x = functional.gelu(self.layers[0](x), approximate="tanh")
            return self.last(x + functional.gelu(self.layers[1](x), approximate="tanh"))

    return _flat(torch, GAT())


def _interaction(graph: Union, width: int, mean: bool) -> Any:
    """The round of outcrop.model.graph_block."""
    torch, nn, gelu = graph.torch, graph.torch.nn, graph.torch.nn.functional.gelu

    class Interaction(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.plain = nn.ModuleList([nn.Linear(width, width) for _ in range(4)])  # link, link out, node, node out
            self.bare = nn.ModuleList([nn.Linear(width, width, bias=False) for _ in range(3)])
            self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])

        def forward(self, both: Any) -> Any:
            nodes, links = both
            sent = self.bare[0](nodes)[graph.senders] + self.bare[1](nodes)[graph.receivers]
            links = links + self.norms[0](self.plain[1](gelu(self.plain[0](links) + sent, approximate="tanh")))
            messages = graph.arriving(links)
            if mean:
                messages = messages / graph.arriving(torch.ones(len(links), 1)).clamp(min=1)
            change = gelu(self.plain[2](nodes) + self.bare[2](messages), approximate="tanh")
            return nodes + self.norms[1](self.plain[3](change)), links

    return Interaction()


def message_passing(graph: Union, in_size: int, width: int, depth: int) -> Any:
    """The network of outcrop.model.message_passing."""
    torch, nn = graph.torch, graph.torch.nn

    class MessagePassing(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.nodes, self.links = nn.Linear(in_size, width), nn.Linear(3, width)
            self.rounds = nn.Sequential(*(_interaction(graph, width, mean=True) for _ in range(depth)))
            self.last = nn.Linear(width, 1)

        def forward(self, x: Any) -> Any:
            return self.last(self.rounds((self.nodes(x), self.links(graph.features)))[0])

    return _flat(torch, MessagePassing())


def encode_process_decode(graph: Union, in_size: int, width: int, depth: int) -> Any:
    """The network of outcrop.model.encode_process_decode."""
    torch, nn = graph.torch, graph.torch.nn

    def encoder(entering: int) -> Any:
        first = nn.Linear(entering, width), nn.GELU(approximate="tanh")
        return nn.Sequential(*first, nn.Linear(width, width), nn.LayerNorm(width))

    class EncodeProcessDecode(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.nodes, self.links = encoder(in_size), encoder(3)
            self.rounds = nn.Sequential(*(_interaction(graph, width, mean=False) for _ in range(depth)))
            self.last = nn.Sequential(nn.Linear(width, width), nn.GELU(approximate="tanh"), nn.Linear(width, 1))

        def forward(self, x: Any) -> Any:
            return self.last(self.rounds((self.nodes(x), self.links(graph.features)))[0])

    return _flat(torch, EncodeProcessDecode())
