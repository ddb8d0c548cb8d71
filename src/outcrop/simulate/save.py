"""Records without a file behind them into new files, so that whole workflows run without field data.

The writers of `outcrop.data` add results to copies of files; these begin a file. `outcrop.data.read.read` gives back
the same values, units, depths and places: NetCDF with everything, LAS of wells, SEG-Y one file per variable, GRDECL and
ROFF of maps and cubes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from outcrop.data.content import Curve, replacing
from outcrop.errors import ConfigError, did_you_mean, message
from outcrop.records import Record
from outcrop.simulate import save_grid, save_segy


def save(records: Sequence[Record], folder: str | Path, format: str = "netcdf") -> list[Path]:
    """Writes every record into a folder, under its name; files of the same names are replaced.

    Args:
        records: as `simulate` makes them.
        folder: made where it is missing.
        format: "netcdf" (any record), "las" (along depth), "segy" (lines and cubes along depth or twt; read back with
            `domain` and, since codes and constant traces are values, `dead = "keep"`), "grdecl" or "roff" (maps and
            cubes of equal cells).

    Returns:
        The files, in the order of the records.

    Raises:
        ConfigError: there is no such format, or it cannot hold these records.
    """
    for record in records:
        check(record, format)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [path for record in records for path in WRITERS[format](record, folder)]


def check(record: Record, format: str) -> None:
    """Whether a format can hold a record.

    Raises:
        ConfigError: it cannot, or there is no such format.
    """
    if format not in WRITERS:
        what = f"Records cannot be saved as {format!r}{did_you_mean(format, WRITERS)}."
        raise ConfigError(message(what, where="format", fix=f"choose one of {', '.join(WRITERS)}."))
    if format == "las" and record.dims != ("depth",):
        what = f"A LAS file holds values along depth, not along {', '.join(record.dims)}."
        raise ConfigError(message(what, where=record.name, fix='format = "netcdf"'))
    if format == "segy":
        save_segy.check(record)
    if format in ("grdecl", "roff"):
        save_grid.check(record)


def _netcdf(record: Record, folder: Path) -> list[Path]:
    """One file with every variable, coordinate and attribute."""
    packing = {str(name): {"zlib": True, "complevel": 4} for name in record.data.data_vars}
    place = folder / f"{record.name}.nc"
    data = record.data.assign_attrs(title=record.name, history="; ".join(record.notes))
    with replacing(place) as partial:
        data.to_netcdf(partial, engine="h5netcdf", encoding=packing)
    return [place]


def _las(record: Record, folder: Path) -> list[Path]:
    """One LAS 2.0 file: lasio writes the header and the depths, the writer of results adds the curves."""
    import lasio

    from outcrop.data.las import write

    place, depth = folder / f"{record.name}.las", record.data["depth"]
    with TemporaryDirectory() as room:
        bare = Path(room) / place.name
        las = lasio.LASFile()
        las.well["WELL"].value = record.name
        las.append_curve("DEPT", depth.to_numpy(), unit=depth.attrs.get("units", "m"), descr="depth")
        with bare.open("w", encoding="utf-8", newline="\n") as stream:
            las.write(stream, version=2.0, fmt="%.12g")
        curves = [
            Curve(str(name), array.to_numpy(), array.attrs.get("units", ""), array.attrs.get("long_name", ""))
            for name, array in record.data.data_vars.items()
        ]
        return [write(bare, place, curves, provenance="\n".join(record.notes))]


def _segy(record: Record, folder: Path) -> list[Path]:
    """One file per variable."""
    return [save_segy.write(record, str(name), folder / f"{record.name}_{name}.sgy") for name in record.data.data_vars]


WRITERS: dict[str, Callable[[Record, Path], list[Path]]] = {
    "netcdf": _netcdf,
    "las": _las,
    "segy": _segy,
    "grdecl": lambda record, folder: [save_grid.write(record, folder / f"{record.name}.grdecl")],
    "roff": lambda record, folder: [save_grid.write(record, folder / f"{record.name}.roff")],
}
"""Format -> function that writes one record into a folder."""
