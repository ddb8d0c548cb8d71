"""Links of a network as samples (reaches between confluences, pipes between tanks, paths between stations), and back.

A quantity on links (discharge, flow, travel time) gets a grid of samples of its own: each link is a sample, with the
columns of the link and, of every quantity of the nodes, the values at its two ends, NAME_FROM and NAME_TO. Splits,
audit, statistics and baselines then work on links as on any samples, and a network hears from links that meet: it
works on the line graph. Flow counts from `from` to `to`.

    table    links.csv with the columns from, to and others; beside it nodes.csv with a column that names the nodes
    NetCDF   variables along node and along link (and time); from and to along link, or in a table beside it

Source: the line graph as in Chen, Li and Bruna (2019), arXiv:1705.08415; on molecules Choudhary and DeCost (2021),
doi:10.1038/s41524-021-00650-1. Without their backtracking operator: links are neighbours or not.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data import table
from outcrop.data.cf import fitting, record_of
from outcrop.data.content import Curve, fingerprint, replacing, stem
from outcrop.data.gridded_write import check_names
from outcrop.data.netcdf import opened
from outcrop.data.netcdf_structure import checked
from outcrop.data.netcdf_write import append
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record

ENDS = ("from", "to")
DIM = "link"
PLACES = ("easting", "northing", "longitude", "latitude")
NETCDF = (".nc", ".nc4", ".cdf", ".h5", ".hdf5")


def read(
    path: str | Path,
    *,
    nodes: str | None = None,
    links: str | None = None,
    ends: Sequence[str] = ENDS,
    node: str = "node",
    link: str = DIM,
    units: Mapping[str, str] | None = None,
) -> list[Record]:
    """Reads a network as one Record along ([other dimensions,] link), with the coordinates `from`, `to` and `pair`.

    `pair` is the same for links both ways between two nodes, for a promise that holds both out.

    Args:
        path: table of links, or NetCDF.
        nodes: of a table of links: the table of nodes beside it; without it links know their own columns alone.
        links: of NetCDF: a table beside it with the ends and further columns, in the order of the links or by name.
        ends: columns (or variables) with the names of the two nodes of each link.
        node, link: columns with the names of nodes and links, or their dimensions; links without names are numbered.
        units: quantity, as the file calls it, -> unit.

    Raises:
        ConfigError: a file, column or dimension that does not exist.
        DataError: a link that ends at no node, or two nodes of one name.
    """
    path = Path(path)
    if path.suffix.lower() in NETCDF:
        found = _of_netcdf(path, links, ends, node, link)
    else:
        found = _of_tables(path, nodes, ends, node, link)
    for name, unit in (units or {}).items():
        if name in found.data.variables:
            found.data[name].attrs["units"] = unit
    return [fitting(_along_links(found), None)]


def write(
    source: str | Path,
    out: str | Path,
    curves: Sequence[Curve],
    *,
    nodes: str | None = None,
    links: str | None = None,
    ends: Sequence[str] = ENDS,
    node: str = "node",
    link: str = DIM,
) -> Path:
    """A copy of the table of links with new columns, or of the NetCDF with new variables along link; as it was read."""
    source = Path(source)
    if source.suffix.lower() not in NETCDF:
        return table.write(source, out, curves)
    record = read(source, links=links, ends=ends, node=node, link=link)[0]
    with opened(source) as data:
        check_names(curves, map(str, data.variables), source)
    names = {**record.data.attrs.get("file_names", {}), DIM: link}
    place = Path(out) / source.name
    with replacing(place) as partial:
        shutil.copyfile(source, partial)
        append(partial, curves, [str(names.get(dim, dim)) for dim in record.dims])
    return place


def _of_tables(path: Path, nodes: str | None, ends: Sequence[str], node: str, link: str) -> Record:
    """Links and nodes of two tables, each along its own dimension, the ends not yet looked up."""
    record = table.read(path)[0]
    data = _named(record.data, "row", link, DIM, path)
    data = _with_ends(data, ends, path)
    sha256 = record.sha256
    if nodes is not None:
        beside = _beside(path, nodes, "nodes")
        other = table.read(beside)[0]
        if node not in other.data.data_vars:
            fix = f"node = one of {', '.join(map(str, other.data.data_vars))}."
            raise ConfigError(message(f"The table of nodes has no column {node!r}.", where=str(beside), fix=fix))
        data = data.merge(_named(other.data, "row", node, "node", beside), combine_attrs="drop")
        sha256 = fingerprint(f"{sha256}{other.sha256}".encode())
    return Record(data, stem(path), {}, str(path), sha256, "links", dims=(DIM,))


def _of_netcdf(path: Path, links: str | None, ends: Sequence[str], node: str, link: str) -> Record:
    """Links and nodes of a NetCDF file."""
    sha256 = checked(path)
    with opened(path) as data:
        held = data.load().set_coords([name for name in ends if name in data.variables])
        record = record_of(held, path, sha256, "links")
    data = record.data
    for key, dim in (("node", node), ("link", link)):
        if dim not in data.dims:
            fix = f'{key} = "..."  # the dimensions are {", ".join(map(str, data.dims))}'
            raise ConfigError(message(f"The file has no dimension {dim!r}.", where=str(path), fix=fix))
    data = data.rename({old: new for old, new in ((node, "node"), (link, DIM)) if old != new})
    if links is not None:
        beside = _beside(path, links, "links")
        other = table.read(beside)[0]
        own = _named(other.data, "row", link, DIM, beside)
        if DIM in data.coords and link in other.data:
            data = data.assign_coords({DIM: _names(data[DIM])})
            own = own.reindex({DIM: data[DIM].to_numpy()})
        elif own.sizes[DIM] != data.sizes[DIM]:
            what = f"The table has {own.sizes[DIM]} links, the file {data.sizes[DIM]}."
            raise DataError(message(what, where=str(beside), fix=f"name them in a column {link!r} of both."))
        else:
            own = own.drop_vars(DIM)
        data = data.merge(own, combine_attrs="override")
        record = replace(record, sha256=fingerprint(f"{sha256}{other.sha256}".encode()))
    return replace(record, data=_with_ends(data, ends, path), format="links", dims=(DIM,))


def _beside(path: Path, name: str, key: str) -> Path:
    place = path.parent / name.replace("*", stem(path))
    if not place.is_file():
        fix = f"{key} = the name of a table in {path.parent}"
        raise ConfigError(message(f"There is no table {name!r} beside the file.", where=str(path), fix=fix))
    return place


def _named(data: Any, dim: str, column: str, new: str, path: Path) -> Any:
    """A table along a new dimension, whose coordinate is the column of names, or numbers where there is none."""
    named = column in data.data_vars
    names = _names(data[column]) if named else np.arange(data.sizes[dim]).astype(str)
    _unique(names, str(path))
    data = data.drop_vars([*([column] if named else []), "rows", dim], errors="ignore")
    return data.rename({dim: new}).assign_coords({new: names}).drop_attrs(deep=False)


def _unique(names: np.ndarray, where: str) -> None:
    found, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        what = f"{int(count.max())} rows are called {str(found[count.argmax()])!r}."
        raise DataError(message(what, where=where, fix="give each its own name, or leave the others out."))


def _names(values: Any) -> np.ndarray:
    """Names as text; whole numbers without a point."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.round(array)).all():
        array = array.astype(np.int64)
    return array.astype(str)


def _with_ends(data: Any, ends: Sequence[str], path: Path) -> Any:
    """The two ends as the coordinates `from` and `to`, and both in alphabetical order as `pair`."""
    if len(ends) != 2:
        raise ConfigError(message(f"A link has two ends, not {len(ends)}.", where="ends", fix='ends = ["from", "to"]'))
    for name in ends:
        if name not in data.variables:
            known = ", ".join(map(str, data.variables))
            fix = f'ends = ["FROM", "TO"]; there are {known}{did_you_mean(name, map(str, data.variables))}.'
            raise ConfigError(message(f"Nothing is called {name!r}, an end of links.", where=str(path), fix=fix))
    first, last = (_names(data[name]) for name in ends)
    pair = [" - ".join(sorted(both)) for both in zip(first.tolist(), last.tolist(), strict=True)]
    named = {"from": (DIM, first), "to": (DIM, last), "pair": (DIM, np.array(pair, str))}
    return data.drop_vars(list(ends)).assign_coords(named)


def _along_links(record: Record) -> Record:
    """What is known of nodes, at the two ends of every link; the middle of a link is its place."""
    data = record.data
    if "node" in data.dims:
        names = _names(data["node"]) if "node" in data.coords else np.arange(data.sizes["node"]).astype(str)
        at = [_looked_up(data[end].to_numpy(), names, record.source) for end in ENDS]
        data = _at_ends(data, at)
    others = [str(d) for array in data.data_vars.values() if DIM in array.dims for d in array.dims if d != DIM]
    dims = (*dict.fromkeys(others), DIM)
    if DIM not in data.coords:
        data = data.assign_coords({DIM: np.arange(data.sizes[DIM]).astype(str)})
    data = data.assign_coords({DIM: _names(data[DIM])})
    return replace(record, data=data, dims=dims)


def _looked_up(ends: np.ndarray, names: np.ndarray, source: str) -> np.ndarray:
    """The number of the node that each link ends at.

    Raises:
        DataError: there is no node of that name, or there are two.
    """
    _unique(names, source)
    order = np.argsort(names)
    found = np.minimum(np.searchsorted(names[order], ends), len(names) - 1)
    unknown = np.flatnonzero(names[order][found] != ends)
    if len(unknown):
        link = int(unknown[0])
        fix = f"the nodes are called {', '.join(names[:6].tolist())}{did_you_mean(str(ends[link]), names.tolist())}."
        raise DataError(
            message(f"Link {link + 1} ends at {str(ends[link])!r}, which is no node.", where=source, fix=fix)
        )
    return order[found]


def _at_ends(data: Any, at: Sequence[np.ndarray]) -> Any:
    """Every number along node as two numbers along link; the places of nodes as that of the middle of a link too."""
    import xarray as xr

    first, last = (xr.DataArray(number, dims=DIM) for number in at)
    columns, places = {}, {}
    for name, array in data.variables.items():
        if "node" not in array.dims or array.dtype.kind not in "fiub":
            continue
        begin, end = (array.isel(node=number.variable) for number in (first, last))
        columns |= {f"{name}_FROM": begin, f"{name}_TO": end}
        if name in PLACES and array.dims == ("node",) and name not in places:
            away = end - begin if name != "longitude" else (end - begin + 180) % 360 - 180
            places[str(name)] = (DIM, (begin + away / 2).to_numpy(), array.attrs)
    taken = [name for name in columns if name in data.variables]
    if taken:
        what = f"A link has a column {taken[0]!r}, and so would have what its end knows."
        raise DataError(message(what, where="links", fix="rename the column."))
    return data.drop_dims("node").assign(columns).assign_coords(places)
