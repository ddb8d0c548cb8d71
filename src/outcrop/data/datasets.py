"""Named data sets with licence and citation: `force2020`, `elnino`, `co2`, `meuse`, `ostia`.

A set made of files is looked for in the folder `OUTCROP_DATA_DIR`, then in the cache, and is otherwise downloaded from
the address where it is published unchanged; every download is checked by its SHA-256. The other sets ship inside
Python packages and become a Record directly. No data are part of outcrop.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from outcrop.data import force2020_files
from outcrop.data.content import PACKED, content, fingerprint
from outcrop.errors import ConfigError, DataError, did_you_mean, message, missing_extra
from outcrop.records import Record

if TYPE_CHECKING:
    import xarray as xr

DIRECTORY = "OUTCROP_DATA_DIR"


class File(NamedTuple):
    """One file of a set: name below its folder, size and SHA-256 of the unpacked bytes, path below the address."""

    name: str
    size: int
    sha256: str
    published: str


@dataclass(frozen=True)
class DataSet:
    """One registered set.

    Attributes:
        title, licence, citation: for the report and the model file.
        address: where the files are published at a fixed revision; empty when they are not.
        files: empty for sets that ship inside a Python package.
        package: that package.
    """

    title: str
    licence: str
    citation: str
    address: str = ""
    files: tuple[File, ...] = ()
    package: str = ""


DATASETS: dict[str, DataSet] = {
    "force2020": DataSet(
        "28 North Sea wells with interpreted lithology (FORCE 2020 machine learning competition)",
        "CC BY 4.0 (as republished)",
        "Bormann P., Aursand P., Dilib F., Manral S., Dischington P. (2020). FORCE 2020 Well well log and lithofacies "
        "dataset for machine learning competition. Zenodo, doi:10.5281/zenodo.4351156",
        force2020_files.ADDRESS,
        tuple(File(*entry, force2020_files.published_path(entry[0])) for entry in force2020_files.FILES),
    ),
    "elnino": DataSet(
        "Monthly sea-surface temperature of the eastern tropical Pacific (Nino 1+2), 1950-2010",
        "public domain",
        "NOAA National Weather Service, Climate Prediction Center: ERSST.V3B, Nino 1+2",
        package="statsmodels",
    ),
    "co2": DataSet(
        "Weekly atmospheric carbon dioxide at Mauna Loa, 1958-2001",
        "public domain",
        "Keeling C.D., Whorf T.P. (2004). Atmospheric CO2 concentrations derived from flask air samples at sites in "
        "the SIO network. In: Trends: A Compendium of Data on Global Change, CDIAC, Oak Ridge National Laboratory",
        package="statsmodels",
    ),
    "meuse": DataSet(
        "155 topsoil samples with heavy metals beside the river Meuse",
        "GPL-3 (R package sp)",
        "Pebesma E.J., Bivand R.S. (2005). Classes and methods for spatial data in R. R News 5(2), 9-13; Bivand R.S., "
        "Pebesma E., Gomez-Rubio V. (2013). Applied spatial data analysis with R, 2nd edition. Springer, New York",
        package="scikit-gstat",
    ),
    "ostia": DataSet(
        "Monthly sea-surface temperature of all tropical oceans, 5 S to 5 N, April 2006 to September 2010",
        "Open Government Licence v3",
        "Donlon C.J., Martin M., Stark J., Roberts-Jones J., Fiedler E., Wimmer W. (2012). The Operational Sea Surface "
        "Temperature and Sea Ice Analysis (OSTIA) system. Remote Sensing of Environment 116, 140-158, "
        "doi:10.1016/j.rse.2010.10.017; monthly means as they ship with Iris, British Crown copyright, Met Office",
        package="iris-sample-data",
    ),
}


def describe(name: str) -> DataSet:
    """The entry of a set.

    Raises:
        ConfigError: there is no such set.
    """
    if name not in DATASETS:
        fix = f"use one of {', '.join(DATASETS)}{did_you_mean(name, DATASETS)}."
        raise ConfigError(message(f"There is no data set {name!r}.", fix=fix))
    return DATASETS[name]


def cache_folder() -> Path:
    """Where downloads are kept: the user's cache folder, or what `OUTCROP_CACHE_DIR` names."""
    import pooch

    return Path(os.environ.get("OUTCROP_CACHE_DIR") or pooch.os_cache("outcrop"))


def find(name: str) -> list[Path]:
    """The data files of a set, downloaded where they are not yet here.

    Raises:
        DataError: the set ships inside a package (use `load`), or the download fails.
    """
    entry = describe(name)
    if not entry.files:
        fix = f'use datasets.load("{name}"), or source.data = {{dataset = "{name}"}} in a run file.'
        raise DataError(
            message(f"The data set {name!r} has no files: it ships inside the package {entry.package}.", fix=fix)
        )
    wanted = [file for file in entry.files if _is_record(file)]
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda file: _here(name, file) or _download(name, file), wanted))


def path(name: str, file: str) -> Path:
    """One file of a set, e.g. `path("force2020", "penalty_matrix.npy")`.

    Raises:
        ConfigError: the set has no such file.
    """
    known = {entry.name: entry for entry in describe(name).files}
    if file not in known:
        fix = f"use one of its files{did_you_mean(file, known)}."
        raise ConfigError(message(f"The data set {name!r} has no file {file!r}.", fix=fix))
    return _here(name, known[file]) or _download(name, known[file])


def fetch(name: str, base_url: str | None = None) -> list[Path]:
    """Downloads all files of a set into the cache, from `base_url` instead of the published address where given.

    Raises:
        DataError: the set has no address, a file cannot be had, or its SHA-256 is another.
    """
    entry = describe(name)
    if not entry.files:
        load(name)
        return []
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda file: _cached(name, file) or _download(name, file, base_url), entry.files))


def load(name: str) -> list[Record]:
    """The Records of a set; those read from files are checked against the registered SHA-256.

    Raises:
        DataError: a file differs from the registered one.
        MissingExtraError: the package with the data is not installed.
    """
    from outcrop.data.read import read

    entry = describe(name)
    if name == "ostia":
        return read(_ostia())
    if not entry.files:
        data, notes = PACKAGED[name]()
        digest = fingerprint(
            b"".join(np.ascontiguousarray(v.to_numpy()).astype("S").tobytes() for v in data.data_vars.values())
        )
        return [Record(data, name, {}, name, digest, "table", notes=notes)]
    records = read(find(name))
    registered = {file.sha256 for file in entry.files}
    for record in records:
        if record.sha256 not in registered:
            fix = f"replace the file by the published one: outcrop data fetch {name}"
            raise DataError(message(f"The file is not the one registered for {name!r}.", where=record.source, fix=fix))
    return records


def _is_record(file: File) -> bool:
    return not file.name.endswith(".npy")


def _here(name: str, file: File) -> Path | None:
    folder = os.environ.get(DIRECTORY)
    if folder:
        for suffix in ("", *PACKED):
            candidate = Path(folder) / name / f"{file.name}{suffix}"
            if candidate.is_file():
                return candidate
    return _cached(name, file)


def _cached(name: str, file: File) -> Path | None:
    candidate = cache_folder() / name / file.name
    return candidate if candidate.is_file() and fingerprint(content(candidate)) == file.sha256 else None


def _download(name: str, file: File, base_url: str | None = None) -> Path:
    """One file into the cache; pooch writes it beside its place first and compares the SHA-256."""
    import pooch
    import requests

    address = base_url or describe(name).address
    here = f"or set {DIRECTORY} to a folder that holds {name}/{file.name}"
    if not address:
        what = f"{file.name} of the data set {name!r} is not here and is not published at a fixed address."
        raise DataError(
            message(what, fix=f"get it from its source, and set {DIRECTORY} to the folder above {name}/{file.name}.")
        )
    url = f"{address.rstrip('/')}/{file.published}"
    target = cache_folder() / name / file.name
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(url, known_hash=f"sha256:{file.sha256}", fname=target.name, path=target.parent)
    except (requests.exceptions.RequestException, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        fix = f"check the connection and try again, {here}."
        raise DataError(message(f"The download failed: {reason}.", where=url, fix=fix)) from None
    except ValueError:
        fix = f"try again; if it stays so, the source has changed: {here[3:]}."
        raise DataError(
            message("The downloaded file has another SHA-256 than registered.", where=url, fix=fix)
        ) from None
    return target


def _elnino() -> tuple[xr.Dataset, tuple[str, ...]]:
    import xarray as xr

    try:
        from statsmodels.datasets import elnino
    except ImportError:
        raise missing_extra("statsmodels", "sets", "The data set 'elnino'") from None
    table: Any = elnino.load_pandas().data
    values = table.drop(columns="YEAR").to_numpy(dtype=np.float64).ravel()
    first = np.datetime64(f"{int(table['YEAR'].iloc[0])}-01", "M")
    stamps = (first + np.arange(len(values))).astype("datetime64[ns]")
    attributes = {"units": "degC", "long_name": "sea-surface temperature, Nino 1+2, monthly mean"}
    return xr.Dataset({"SST": ("time", values, attributes)}, {"time": stamps}), ("stamps mark the start of each month",)


def _co2() -> tuple[xr.Dataset, tuple[str, ...]]:
    import xarray as xr

    try:
        from statsmodels.datasets import co2
    except ImportError:
        raise missing_extra("statsmodels", "sets", "The data set 'co2'") from None
    table: Any = co2.load_pandas().data
    attributes = {"units": "ppm", "long_name": "carbon dioxide, weekly mean"}
    stamps = table.index.to_numpy(dtype="datetime64[ns]")
    values = table["co2"].to_numpy(dtype=np.float64)
    return xr.Dataset({"CO2": ("time", values, attributes)}, {"time": stamps}), (
        f"{int(np.isnan(values).sum())} weeks are missing",
    )


def _meuse() -> tuple[xr.Dataset, tuple[str, ...]]:
    from importlib.util import find_spec

    import pandas as pd
    import xarray as xr

    package = find_spec("skgstat")  # not imported: that takes seconds, for one text file
    if package is None or not package.submodule_search_locations:
        raise missing_extra("scikit-gstat", "sets", "The data set 'meuse'")
    table = pd.read_csv(Path(package.submodule_search_locations[0]) / "data" / "samples" / "meuse.txt")
    metals = dict.fromkeys(("cadmium", "copper", "lead", "zinc"), "mg/kg")
    units = {**metals, "x": "m", "y": "m", "elev": "m", "om": "percent", "dist.m": "m"}
    columns: dict[Any, Any] = {}
    for name in table.columns:
        numbers = name in units or name == "dist"
        values = (
            table[name].to_numpy(dtype=np.float64)
            if numbers
            else table[name].fillna("").astype(str).to_numpy(dtype=object)
        )
        columns[name.replace(".", "_")] = (
            "row",
            values,
            {"units": units.get(name, ""), "long_name": MEUSE_NAMES.get(name, name)},
        )
    return xr.Dataset(columns, {"row": np.arange(len(table))}), ("x and y are in EPSG:28992 (Amersfoort / RD New)",)


def _ostia() -> Path:
    """The file as it ships, which is read like any other one."""
    from importlib.util import find_spec

    package = find_spec("iris_sample_data")
    if package is None or not package.submodule_search_locations:
        raise missing_extra("iris-sample-data", "sets", "The data set 'ostia'")
    return Path(package.submodule_search_locations[0]) / "sample_data" / "ostia_monthly.nc"


MEUSE_NAMES = {
    "x": "easting, EPSG:28992",
    "y": "northing, EPSG:28992",
    "elev": "elevation above the river bed",
    "dist": "distance to the river, scaled to 0...1",
    "dist.m": "distance to the river",
    "om": "organic matter",
    "ffreq": "flooding frequency class",
    "soil": "soil class",
    "lime": "lime class",
}
PACKAGED = {"elnino": _elnino, "co2": _co2, "meuse": _meuse}
