"""Small sound files of every format, with known numbers, and the options that read them."""

from __future__ import annotations

import io
import pickle
import sys
import types
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

HEAD, TRACE = 3600, 240


# ---- SEG-Y


def put(buffer, byte, value, width, order):
    """A header word, by the number of its first byte as in the standard."""
    buffer[byte - 1 : byte - 1 + width] = int(value).to_bytes(width, "big" if order == ">" else "little", signed=True)


def ibm(values):
    """IBM single precision of numbers, by the definition."""
    out = []
    for value in np.ravel(values).tolist():
        sign, magnitude, exponent = (1 << 31 if value < 0 else 0), abs(value), 64
        if magnitude == 0:
            out.append(0)
            continue
        while magnitude >= 1:
            magnitude, exponent = magnitude / 16, exponent + 1
        while magnitude < 1 / 16:
            magnitude, exponent = magnitude * 16, exponent - 1
        out.append(sign | exponent << 24 | int(magnitude * 2**24))
    return np.array(out, np.uint32).reshape(np.shape(values))


def write_segy(path, traces, headers, *, code=5, order=">", interval=4000, feet=False, extended=0):
    """A SEG-Y file from samples (trace, sample) and one dictionary of header words per trace."""
    from outcrop.data.segy_file import FORMATS

    text = "".join(f"C{i:2d} made by a test".ljust(80) for i in range(1, 41)).encode("cp037")
    binary = bytearray(400)
    words = {3217: interval, 3221: traces.shape[1], 3225: code, 3255: 2 if feet else 1, 3505: extended}
    for byte, value in words.items():
        put(binary, byte - 3200, value, 2, order)
    kind, _ = FORMATS[code]
    parts = [text, bytes(binary), b" " * 3200 * extended]
    for number, (values, header) in enumerate(zip(traces, headers, strict=True), start=1):
        head = bytearray(TRACE)
        put(head, 1, number, 4, order)
        for byte, value in header.items():
            put(head, byte, value, 2 if byte in (29, 71, 109, 115, 117) else 4, order)
        raw = ibm(values) if kind == "ibm" else np.asarray(values).astype(kind)
        parts += [bytes(head), raw.astype(raw.dtype.newbyteorder(order)).tobytes()]
    path.write_bytes(b"".join(parts))
    return path


def cube_headers(inlines, crosslines, angle=30.0, bin_m=25.0, scalar=-10):
    """Trace headers of a rotated cube, inline by inline."""
    turn = np.radians(angle)
    found = []
    for i in inlines:
        for c in crosslines:
            x = 400_000 + bin_m * ((c - 100) * np.cos(turn) - (i - 10) * np.sin(turn))
            y = 6_000_000 + bin_m * ((c - 100) * np.sin(turn) + (i - 10) * np.cos(turn))
            factor = {0: 1, -10: 10, 10: 0.1}[scalar]
            found.append({189: i, 193: c, 181: round(x * factor), 185: round(y * factor), 71: scalar})
    return found


def filled(shape, fill=None):
    """Numbers 0, 1, 2 ... of a shape, or one number everywhere."""
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape) if fill is None else np.full(shape, fill, "f4")


def write_cube(path, single=False, fill=None):
    """3 inlines, 4 crosslines, 6 samples of 4 ms. Missing samples are dead traces of zeros."""
    lines, crosses, samples = ((10,), (100,), 1) if single else ((10, 12, 14), (100, 101, 102, 103), 6)
    values = 1 + filled((len(lines) * len(crosses), samples), None if fill is None else -1)
    return write_segy(path, values, cube_headers(lines, crosses))


# ---- rasters


def write_geotiff(path, single=False, fill=None):
    """Two bands of 5 x 7 cells of 10 m, one value missing."""
    import rasterio
    from rasterio.transform import Affine

    rows, columns = (1, 1) if single else (5, 7)
    values = filled((2, rows, columns), -9999 if fill is not None else None)
    values[0, 0, 0] = values[0, 0, 0] if single else -9999
    place = Affine(10, 0, 500_000, 0, -10, 5_200_000)
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 2, "dtype": "float32"}
    profile |= {"crs": "EPSG:32633", "transform": place, "nodata": -9999, "compress": "deflate"}
    with rasterio.open(path, "w", **profile) as file:
        file.write(values)
        file.descriptions = ("NDVI", None)
        file.set_band_unit(1, "1")
        file.update_tags(ACQUIRED="2019-06-01")
    return path


def write_image(path, single=False, fill=None):
    """8 x 11 pixels of grey."""
    from PIL import Image

    Image.fromarray(filled((1, 1) if single else (8, 11)).astype(np.uint8)).save(path)
    return path


# ---- arrays


def _array(single, fill):
    return filled((1, 1, 1) if single else (3, 4, 2), fill)


def write_npy(path, single=False, fill=None):
    """3 x 4 x 2."""
    np.save(path, _array(single, fill))
    return path


def write_npz(path, single=False, fill=None):
    """u of 3 x 4 x 2, and names."""
    np.savez(path, u=_array(single, fill), names=np.array(["Ål", "Bø", "C"]))
    return path


def write_mat(path, single=False, fill=None, packed=True):
    """u of 3 x 4 x 2, and a text, as MATLAB 5."""
    from scipy.io import savemat

    savemat(path, {"u": _array(single, fill), "name": "x"}, do_compression=packed)
    return path


def write_mat73(path, single=False, fill=None):
    """The same as MATLAB 7.3, which is HDF5."""
    import h5py

    with h5py.File(path, "w", userblock_size=512) as file:
        file["u"] = _array(single, fill).T
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM")
    return path


class Storage:
    """Pickles as PyTorch's storages do: by a persistent name."""

    def __init__(self, kind, key, count):
        self.pid = ("storage", kind, key, "cpu", count)


def tensor_file(path, tensor, strides, evil=False, declared=None):
    """A file as torch.save writes it, made without PyTorch; `declared` is a shape other than that of the numbers."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")

    class FloatStorage:
        pass

    def _rebuild_tensor_v2(*args):
        return args

    for thing, home in ((FloatStorage, torch), (_rebuild_tensor_v2, utils)):
        thing.__module__, thing.__qualname__ = home.__name__, thing.__name__
        setattr(home, thing.__name__, thing)

    class Tensor:
        def __init__(self, storage):
            self.storage = storage

        def __reduce__(self):
            return _rebuild_tensor_v2, (self.storage, 0, declared or tensor.shape, strides, False, None)

    class Evil:
        def __reduce__(self):
            import os

            return os.system, ("touch pwned",)

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return thing.pid if isinstance(thing, Storage) else None

    sys.modules |= {"torch": torch, "torch._utils": utils}
    try:
        stream = io.BytesIO()
        content = Evil() if evil else {"u": Tensor(Storage(FloatStorage, "0", tensor.size))}
        Pickler(stream, 2).dump(content)
    finally:
        del sys.modules["torch"], sys.modules["torch._utils"]
    flat = np.zeros(tensor.size, "<f4")
    np.lib.stride_tricks.as_strided(flat, tensor.shape, [4 * s for s in strides])[...] = tensor
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", stream.getvalue())
        archive.writestr("archive/data/0", flat.tobytes())
    return path


def write_pt(path, single=False, fill=None):
    """u of 3 x 4 x 2, in Fortran order."""
    return tensor_file(path, _array(single, fill), (1, 1, 1) if single else (1, 3, 12))


# ---- waveforms


def write_mseed(path, single=False, fill=None):
    """Two components of one station, 300 samples at 100 Hz in records of 512 bytes, one with a gap of 50."""
    import obspy

    start = obspy.UTCDateTime(2020, 1, 1)
    wave = (1000 * np.sin(np.arange(300) / 7)).astype(np.int32) if fill is None else np.full(300, fill, np.float32)
    pieces = []
    for channel, first, last in [("HHZ", 0, 1)] if single else [("HHZ", 0, 300), ("HHN", 0, 100), ("HHN", 150, 300)]:
        header = {"network": "XX", "station": "AAA", "channel": channel, "sampling_rate": 100.0}
        pieces.append(obspy.Trace(wave[first:last], header | {"starttime": start + first / 100}))
    encoding = "STEIM2" if fill is None else "FLOAT32"
    obspy.Stream(pieces).write(str(path), format="MSEED", reclen=512 if fill is None else 4096, encoding=encoding)
    return path


def write_sac(path, single=False, fill=None):
    """200 samples at 50 Hz with the position of the station."""
    import obspy

    header = {"network": "XX", "station": "AAA", "channel": "BHZ", "sampling_rate": 50.0,
              "starttime": obspy.UTCDateTime(2020, 1, 1), "sac": {"stla": 60.0, "stlo": 5.0}}  # fmt: skip
    obspy.Trace(filled((1 if single else 200,), fill), header).write(str(path), format="SAC")
    return path


# ---- DLIS: what can write it is not kept, so that its bytes are put together here


def _ident(text):
    return bytes([len(text)]) + text.encode()


def _name(text):
    return b"\x01\x00" + _ident(text)  # of origin 1, copy 0


def _table(kind, template, rows):
    """An explicitly formatted logical record: set, template (label, code), objects with one value per attribute."""
    parts = [b"\xf0" + _ident(kind)]
    parts += [b"\x34" + _ident(label) + bytes([code]) for label, code in template]
    for name, values in rows:
        parts.append(b"\x70" + _name(name))
        for value in values:
            many = value if isinstance(value, list) else [value]
            parts.append((b"\x29" + bytes([len(many)]) if isinstance(value, list) else b"\x21") + b"".join(many))
    return b"".join(parts)


def _segment(body, kind, explicit):
    pad = max(12 - len(body), 0) or len(body) % 2
    attributes = (0x80 if explicit else 0) | (1 if pad else 0)
    body += bytes([pad]) * pad
    return (len(body) + 4).to_bytes(2, "big") + bytes([attributes, kind]) + body


def write_dlis(path, single=False, fill=None):
    """One frame of 20 rows with depth in m and two logs (GR, NPHI), in IEEE single precision."""
    ascii_, ident, number, names, code, unit = 20, 19, 18, 23, 15, 27
    logs = {"DEPT": "m", "GR": "gAPI", "NPHI": "m3/m3"}
    channels = [(n, [_ident(f"{n} of a test"), bytes([2]), _ident(u), b"\x01"]) for n, u in logs.items()]
    records = [
        (0, _table("FILE-HEADER", [("SEQUENCE-NUMBER", ascii_), ("ID", ascii_)],
                   [("0", [_ident("1".rjust(10)), _ident("outcrop".ljust(65))])])),
        (1, _table("ORIGIN", [("FILE-ID", ascii_), ("FILE-SET-NUMBER", number), ("FILE-NUMBER", number),
                              ("WELL-NAME", ascii_)],
                   [("DEFINING", [_ident("outcrop"), b"\x01", b"\x01", _ident("31/2-1")])])),
        (3, _table("CHANNEL", [("LONG-NAME", ascii_), ("REPRESENTATION-CODE", code), ("UNITS", unit),
                               ("DIMENSION", number)], channels)),
        (4, _table("FRAME", [("CHANNELS", names), ("INDEX-TYPE", ident)],
                   [("MAIN", [[_name(n) for n in logs], _ident("BOREHOLE-DEPTH")])])),
    ]  # fmt: skip
    segments = [_segment(body, kind, True) for kind, body in records]
    rows = 1 if single else 20
    values = np.stack([1000 + 0.5 * np.arange(rows), 50.0 + np.arange(rows), np.linspace(0.1, 0.4, rows)], 1)
    values[:, 1:] = values[:, 1:] if fill is None else -999.25
    for row in range(rows):
        body = _name("MAIN") + bytes([row + 1]) + values[row].astype(">f4").tobytes()
        segments.append(_segment(body, 0, False))
    label = b"   1V1.00RECORD 8192" + b"made by a test".ljust(60)
    body = b"".join(segments)
    path.write_bytes(label + (len(body) + 4).to_bytes(2, "big") + b"\xff\x01" + body)
    return path


# ---- meshes


def write_mesh(path, single=False, fill=None, **options):
    """A strip of 8 triangles over 10 nodes, with values on nodes and cells."""
    import meshio

    count = 3 if single else 10
    points = np.array([[x, y, 0.5 * x] for x in range(5) for y in range(2)], float)[:count]
    cells = np.array([[i, i + 1, i + 2] for i in range(count - 2)])
    values = {"T": filled((count,), fill).astype(float), "V": np.ones((count, 3))}
    mesh = meshio.Mesh(points, [("triangle", cells)], values, {"K": [np.arange(count - 2.0)]})
    mesh.write(path, **({"file_format": "gmsh"} if path.suffix == ".msh" else {}), **options)
    return path


def write_ugrid(path, single=False, fill=None):
    """The same strip as UGRID, with a temperature on two times and the nodes."""
    import xarray as xr

    count = 3 if single else 10
    about = {"cf_role": "mesh_topology", "topology_dimension": np.int32(2), "node_coordinates": "x y",
             "face_node_connectivity": "faces"}  # fmt: skip
    faces = np.array([[i, i + 1, i + 2] for i in range(count - 2)], np.int32)
    columns = {
        "mesh": ((), np.int32(0), about),
        "faces": (("face", "three"), faces, {"start_index": 0}),
        "T": (("time", "node"), filled((2, count), fill).astype(float), {"units": "degC", "mesh": "mesh"}),
        "x": ("node", np.repeat(np.arange(5.0), 2)[:count], {"units": "degrees_east"}),
        "y": ("node", np.tile([0.0, 1.0], 5)[:count], {"units": "degrees_north"}),
    }
    xr.Dataset(columns, {"time": [0.0, 1.0]}).to_netcdf(path, engine="scipy")
    return path


def write_fesom(path, single=False, fill=None):
    """The same strip as a FESOM mesh of three levels with one field; `path` is nod2d.out."""
    import xarray as xr

    count = 3 if single else 10
    nodes = [f"{i + 1} {i // 2}.0 {i % 2}.0 0" for i in range(count)]
    triangles = [f"{i + 1} {i + 2} {i + 3}" for i in range(count - 2)]
    path.write_text("\n".join([str(count), *nodes, ""]))
    path.with_name("elem2d.out").write_text("\n".join([str(count - 2), *triangles, ""]))
    path.with_name("aux3d.out").write_text("\n".join(["3", "0", "-10", "-20", *["-20"] * count, ""]))
    values = filled((1, count, 3), fill) + 1
    data = xr.Dataset({"temp": (("time", "nodes_2d", "nz"), values, {"units": "degC"})}, {"time": [0.0]})
    data.to_netcdf(path.with_name("temp.nc"), engine="scipy")
    return path


# ---- reservoir


def _grid(single, fill):
    import xtgeo

    size = (1, 1, 1) if single else (4, 3, 2)
    grid = xtgeo.create_box_grid(size, increment=(50, 50, 10))
    return grid, xtgeo.GridProperty(grid, values=filled(size, fill).astype(float) / 32, name="PORO")


def write_grdecl(path, single=False, fill=None):
    """A box of 4 x 3 x 2 cells with the property PORO."""
    grid, poro = _grid(single, fill)
    grid.to_file(path, fformat="grdecl")
    poro.to_file(path, fformat="grdecl", append=True, name="PORO")
    return path


def write_roff(path, single=False, fill=None):
    """The same box as ROFF, in one file."""
    import roffio

    grid, poro = _grid(single, fill)
    parts = {}
    for thing, options in ((grid, {}), (poro, {"name": "PORO"})):
        thing.to_file(path, fformat="roff", **options)
        parts = {**roffio.read(path), **parts}
    parts["eof"] = parts.pop("eof")
    roffio.write(path, parts)
    return path


def write_surface(path, single=False, fill=None):
    """A surface of 5 x 4 nodes, 2 x 2 where a single cell is wanted."""
    import xtgeo

    shape = (2, 2) if single else (5, 4)
    values = np.ma.masked_invalid(filled(shape, fill).astype(float))
    fformat = "irap_binary" if path.suffix == ".gri" else "irap_ascii"
    xtgeo.RegularSurface(*shape, 25.0, 25.0, values=values).to_file(path, fformat=fformat)
    return path


# ---- vector


def write_vector(path, single=False, fill=None):
    """Six places with a name, a whole number and a number."""
    import geopandas
    from shapely import Point

    count = 1 if single else 6
    values = np.arange(count) / 4 if fill is None else np.full(count, fill)
    columns = {"name": ["Ål", "Bø", "C", "D", "E", "F"][:count], "k": np.arange(count), "v": values}
    frame = geopandas.GeoDataFrame(columns, geometry=[Point(5 + i, 60 - i) for i in range(count)], crs="EPSG:4326")
    frame.to_file(path, engine="pyogrio")
    return path


# ---- tables and logs


def write_table(path, single=False, fill=None):
    """Depth, a log and a zone in 30 rows, as CSV, TSV or Parquet."""
    import pandas as pd

    rows = 1 if single else 30
    values = np.arange(rows) * 1.25 if fill is None else np.full(rows, fill)
    table = pd.DataFrame({"DEPTH": 1000 + np.arange(rows) / 2, "GR": values, "ZONE": (["Ål", "Bø"] * 15)[:rows]})
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def write_las(path, single=False, fill=None):
    """Depth and a log in 40 rows, LAS 2.0."""
    from synthetic_wells import las

    rows = 1 if single else 40
    values = 50.0 + np.arange(rows) if fill is None else np.full(rows, fill)
    las(path, {"DEPT": 1000 + 0.5 * np.arange(rows), "GR": values}, name="A-1")
    return path


# ---- all of them


@dataclass(frozen=True)
class Kind:
    """A sound file.

    Attributes:
        write: makes it at a path; `single` with one sample, `fill` for all values.
        shape: of its one record.
        structure: bytes in front that say how the rest is to be read.
        options: of the reader.
        told: whether every cut can be noticed: not at the end of a text, or where rows simply end.
        isolated: read in another process, which takes longer.
    """

    write: Callable[..., Path]
    shape: tuple[int, ...]
    structure: int
    options: Mapping[str, Any] = field(default_factory=dict)
    told: bool = True
    isolated: bool = False


U = {"dims": {"u": ["x", "y", "z"]}}
KINDS = {
    "cube.sgy": Kind(write_cube, (3, 4, 6), 3840, {"domain": "time"}),
    "scene.tif": Kind(write_geotiff, (5, 7), 600),
    "image.png": Kind(write_image, (8, 11), 45),
    "image.jpg": Kind(write_image, (8, 11), 200),
    "a.npy": Kind(write_npy, (3, 4, 2), 128, {"dims": ["x", "y", "z"]}),
    "a.npz": Kind(write_npz, (3, 4, 2), 200, U),
    "a.pt": Kind(write_pt, (3, 4, 2), 250, U),
    "a.mat": Kind(write_mat, (3, 4, 2), 200, U, isolated=True),
    "plain.mat": Kind(partial(write_mat, packed=False), (3, 4, 2), 200, U, isolated=True),
    "a73.mat": Kind(write_mat73, (3, 4, 2), 1500, U, isolated=True),
    "a.mseed": Kind(write_mseed, (300,), 64, isolated=True),
    "a.sac": Kind(write_sac, (200,), 632),
    "a.dlis": Kind(write_dlis, (20,), 460, isolated=True),
    "a.vtu": Kind(write_mesh, (10,), 400),
    "a.vtk": Kind(write_mesh, (10,), 100, isolated=True),
    "a.msh": Kind(write_mesh, (10,), 100, isolated=True),
    "ugrid.nc": Kind(write_ugrid, (2, 10), 900, {"format": "mesh"}),
    "nod2d.out": Kind(write_fesom, (3, 10), 20, {"fields": "temp.nc"}, told=False),
    "a.grdecl": Kind(write_grdecl, (2, 3, 4), 200, isolated=True),
    "a.roff": Kind(write_roff, (2, 3, 4), 400, isolated=True),
    "a.gri": Kind(write_surface, (5, 4), 100, isolated=True),
    "a.irap": Kind(write_surface, (5, 4), 80, told=False, isolated=True),
    "a.shp": Kind(write_vector, (6,), 100),
    "a.geojson": Kind(write_vector, (6,), 300),
    "a.gpkg": Kind(write_vector, (6,), 4096),
    "a.csv": Kind(write_table, (30,), 20, {"axis": "DEPTH"}, told=False),
    "a.tsv": Kind(write_table, (30,), 20, {"axis": "DEPTH"}, told=False),
    "a.parquet": Kind(write_table, (30,), 1000, {"axis": "DEPTH"}, isolated=True),
    "a.las": Kind(write_las, (40,), 500, told=False),
}  # fmt: skip
