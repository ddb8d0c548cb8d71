"""The view that a drafted run file cuts its records with: one function per kind, with sizes that the files can fill."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from outcrop.data.draft_promise import key_and_count
from outcrop.data.draft_text import line
from outcrop.data.inventory import Inventory

LARGEST_BOX = 64
HISTORY = 48
HORIZON = 12
NEIGHBOURS = 8
VERTICAL = ("twt", "depth", "time")


def usual(inventory: Inventory) -> str:
    """Windows where several wells are long enough for them, else single samples."""
    return "windows" if window(inventory) else "points"


def window(inventory: Inventory) -> int:
    """Samples per window; 0 where single samples are better: short records, no depth axis, one well cut by depth."""
    if inventory.dim != "depth" or key_and_count(inventory)[1] < 2:
        return 0
    samples = float(np.median([record.samples for record in inventory.records]))
    return next((length for length in (256, 128, 64) if samples >= 2 * length), 0)


def view(inventory: Inventory, kind: str) -> str:
    """The line of the run file."""
    return VIEWS.get(kind, _points)(inventory)


def _windows(inventory: Inventory) -> str:
    length = window(inventory)
    if not length:
        return line('view = {kind = "windows", length = 256}', "samples per window")
    metres = length * inventory.usual_step()
    return line(f'view = {{kind = "windows", length = {length}}}', f"samples per window, here {metres:.3g} m")


def _points(inventory: Inventory) -> str:
    if inventory.dim == "time":
        context = "[-11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1, 0]"
        return line(f'view = {{kind = "points", context = {context}, lead = 1}}', "past samples read")
    return line('view = {kind = "points", context = [0]}', "each sample for itself")


def _sequences(inventory: Inventory) -> str:
    boxed = [dim for dim in inventory.sizes if dim != "time" and dim in ("latitude", "longitude", "y", "x")]
    size = f", size = {_box(inventory, boxed, 16)}" if boxed else ""
    history, horizon = (8, 4) if boxed else (HISTORY, HORIZON)
    text = f'view = {{kind = "sequences", history = {history}, horizon = {horizon}{size}, past_target = true}}'
    return line(text, "samples read, and forecast after them")


def _patches(inventory: Inventory) -> str:
    if inventory.structure == "fields":
        return line('view = {kind = "patches", size = "whole"}', "an operator reads and answers whole fields")
    dims = [dim for dim, size in inventory.sizes.items() if size > 1][-2:]
    one = len(inventory.records) == 1  # whose map is cut into blocks, which hold patches of a quarter of its width
    return line(f'view = {{kind = "patches", size = {_box(inventory, dims, parts=4 if one else 1)}}}', "of a patch")


def _box(inventory: Inventory, dims: list[str], most: int = LARGEST_BOX, parts: int = 1) -> str:
    """The largest powers of two that fit into a part of each dimension of the map, for a network to halve."""
    room = {dim: inventory.sizes[dim] // (1 if dim in VERTICAL else parts) for dim in dims}
    sizes = {dim: min(most, 2 ** int(np.log2(max(1, size)))) for dim, size in room.items()}
    return "{" + ", ".join(f"{dim} = {size}" for dim, size in sizes.items()) + "}"


def _graphs(inventory: Inventory) -> str:
    if inventory.structure == "mesh":
        return line('view = {kind = "graphs", edges = "mesh"}', "links of the mesh; a snapshot is one example")
    if inventory.edges:
        meet = "those that share an end" if inventory.edges == "adjacent" else "each with those that it leads to"
        return line(f'view = {{kind = "graphs", edges = "{inventory.edges}"}}', f"links are nodes of the graph, {meet}")
    count = min(NEIGHBOURS, inventory.sizes.get(inventory.nodes, NEIGHBOURS + 1) - 1)
    text = f'view = {{kind = "graphs", neighbours = {count}, hide = 0.5, interpolate = true}}'
    return line(text, "half of the places are hidden in training; the network corrects kriging")


VIEWS: dict[str, Callable[[Inventory], str]] = {
    "windows": _windows,
    "points": _points,
    "sequences": _sequences,
    "patches": _patches,
    "graphs": _graphs,
}
