"""The catalogue of planted leaks and clean cases: what a case is, how its split is made, and small data of all kinds.

Each case builds records, a view and a split, plants one mistake (or none), and names the checks that must speak up.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter

from outcrop.records import Record
from outcrop.split.audit import AuditContext
from outcrop.split.promise import Split

NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True)
class Case:
    """One row of the table: what was done to which kind of data, and the checks that must answer (none if clean)."""

    kind: str
    what: str
    build: object
    expected: tuple[str, ...] = ()

    @property
    def name(self):
        return self.build.__name__


LEAKS: list[Case] = []
CLEAN: list[Case] = []


def leak(kind, what, *expected):
    def register(build):
        LEAKS.append(Case(kind, what, build, expected))
        return build

    return register


def clean(kind, what):
    def register(build):
        CLEAN.append(Case(kind, what, build))
        return build

    return register


def variables(records, target, classes=0, inputs=None):
    names = inputs or [name for name in records[0].data.data_vars if name != target]
    table = SimpleNamespace(codes=tuple(range(classes)), names=tuple(f"class {k}" for k in range(classes)))
    made = [SimpleNamespace(name=n, role="input", scope="training", classes=None) for n in names]
    return [*made, SimpleNamespace(name=target, role="target", scope="training", classes=table if classes else None)]


def context(records, view, split, target, classes=0, inputs=None, **arguments):
    """The audit's view of a split; statistics are fitted on training unless a case says otherwise."""
    saw = arguments.pop("normaliser_saw", None) or view.read_ranges(split.train)
    made = variables(records, target, classes, inputs)
    return AuditContext(view.origins, split, records, made, saw, **arguments)


def parts(test, promise, validation=None, keep=None):
    """A split by hand from masks over examples."""
    validation = np.zeros(len(test), bool) if validation is None else validation
    keep = np.ones(len(test), bool) if keep is None else keep
    train = np.flatnonzero(keep & ~test & ~validation)
    return Split(train, np.flatnonzero(validation), np.flatnonzero(test & keep), "By hand.", promise)


def by_record(view, names, promise):
    """Examples of these records are the test part."""
    wanted = [i for i, name in enumerate(view.origins.names) if name in names]
    return parts(np.isin(view.origins.record, wanted), promise)


def at_random(view, promise="same_population", share=0.2, seed=0):
    return parts(np.random.default_rng(seed).random(len(view.origins)) < share, promise)


def start_of(view, dim):
    """First scored sample of every example along a dimension."""
    return view.origins.scores.ranges[dim][:, 0]


def after(view, sample, dim="time", gap=0):
    """Everything read and scored before `sample` less the gap trains, everything after tests."""
    prints = [view.origins.reads.ranges[dim], view.origins.scores.ranges[dim]]
    first = np.minimum(*[p[:, 0] for p in prints])
    stop = np.maximum(*[p[:, 1] for p in prints])
    test, train = first >= sample, stop <= sample - gap
    return parts(test, "later = 2001-01-01", keep=test | train)


def smooth(rng, shape, length):
    """A random field of unit spread with a length of correlation per dimension."""
    field = gaussian_filter(rng.normal(size=shape), length, mode="wrap")
    return (field - field.mean()) / field.std()


def days(n, start="1998-01-01", step="D"):
    return np.datetime64(start, "ns") + np.arange(n) * np.timedelta64(1, step)


def well(i, n=300, seed=0, facies=True, **extra):
    """Four logs of a well; facies, or porosity, follows two of them with noise."""
    rng = np.random.default_rng((seed, i))
    logs = {name: smooth(rng, n, 4) + 0.3 * rng.normal() for name in ("GR", "RHOB", "NPHI", "DTC")}
    signal = logs["GR"] - 0.7 * logs["DTC"] + 0.5 * rng.normal(size=n)
    target = np.digitize(signal, [-1, 1]).astype(np.int32) if facies else signal
    data = {name: ("depth", value) for name, value in logs.items()} | {"Y": ("depth", target)}
    depth = 1000.0 + 30 * i + 0.15 * np.arange(n)
    place = {"easting": 5000.0 * i, "northing": 1000.0 * (i % 3)}
    groups = {"well": f"W{i}", "well_root": f"W{i}"}
    return Record(xr.Dataset(data, coords={"depth": depth}), f"W{i}", groups, position=place, **extra)


def wells(n=12, **options):
    return [well(i, **options) for i in range(n)]


def add(record, **columns):
    """The record with more variables along its dimensions."""
    return record.with_data(record.data.assign({name: (record.dims, value) for name, value in columns.items()}))


def cube(lines=40, seed=0, facies=True, length=8):
    """A cube with facies (or porosity) that changes slowly from inline to inline, and amplitudes that follow it."""
    rng = np.random.default_rng(seed)
    field = smooth(rng, (lines, 16, 40), (length, 4, 4))
    target = np.digitize(field, [-0.7, 0, 0.7]).astype(np.int32) if facies else field
    data = {"AMP": (("inline", "crossline", "twt"), field + rng.normal(size=field.shape)),
            "Y": (("inline", "crossline", "twt"), target)}  # fmt: skip
    coords = {"inline": 100 + np.arange(lines), "crossline": 300 + np.arange(16), "twt": 4.0 * np.arange(40)}
    return Record(xr.Dataset(data, coords=coords), "cube", dims=("inline", "crossline", "twt"))


def line(i, seed=1):
    """A 2-D line with one attribute and a class per sample."""
    rng = np.random.default_rng((seed, i))
    field = smooth(rng, (60, 50), 4)
    data = {"AMP": (("trace", "twt"), field + 0.5 * rng.normal(size=field.shape)),
            "Y": (("trace", "twt"), np.digitize(field, [-0.5, 0.5]).astype(np.int32))}  # fmt: skip
    coords = {"trace": np.arange(60), "twt": 4.0 * np.arange(50)}
    return Record(xr.Dataset(data, coords=coords), f"line {i}", {"line": str(i)}, dims=("trace", "twt"))


def weather(n=400, seed=2, attributes=None):
    """Hourly temperature, wind and rain over a small region; tomorrow's temperature follows."""
    rng = np.random.default_rng(seed)
    shape = (n, 6, 8)
    hours = np.arange(n)[:, None, None]
    temperature = 280 + 4 * np.sin(hours / 24 * 2 * np.pi) + 3 * smooth(rng, shape, (12, 2, 2))
    wind = 5 + smooth(rng, shape, (8, 1, 1))
    rain = np.maximum(smooth(rng, shape, (2, 1, 1)) - 1, 0)
    dims = ("time", "latitude", "longitude")
    data = {"T2M": (dims, temperature), "WIND": (dims, wind), "RAIN": (dims, rain, attributes or {})}
    data["Y"] = (dims, temperature + 0.8 * wind + 0.5 * rng.normal(size=shape))
    coords = {"time": days(n, step="h"), "latitude": np.linspace(58, 50, 6), "longitude": np.linspace(-10, 2, 8)}
    return Record(xr.Dataset(data, coords=coords), "region", dims=dims)


def river(n=900, seed=3, name="gauge", **extra):
    """Daily rain, temperature and discharge of one gauge."""
    rng = np.random.default_rng(seed)
    rain = rng.gamma(0.4, 8.0, n) * (rng.random(n) < 0.5)
    store = np.zeros(n)
    for day in range(1, n):
        store[day] = 0.9 * store[day - 1] + rain[day]
    season = np.sin(np.arange(n) / 365.25 * 2 * np.pi)
    data = {"RAIN": ("time", rain), "TEMP": ("time", 10 + 8 * season + rng.normal(size=n))}
    data["Q"] = ("time", 0.1 * store * np.exp(0.05 * rng.normal(size=n)) + 0.2)
    return Record(xr.Dataset(data, coords={"time": days(n)}), name, **extra)


def stations(n=12, hours=400, seed=4, spread=1.0):
    """Hourly values at stations on the sphere: a common part, a part of each, and two inputs."""
    rng = np.random.default_rng(seed)
    common, made = smooth(rng, hours, 6), []
    for i in range(n):
        own = smooth(rng, hours, 4)
        wind = smooth(rng, hours, 5)
        y = common + 0.7 * own - 0.5 * wind + 0.3 * rng.normal(size=hours)
        data = {"WIND": ("time", wind), "PRESSURE": ("time", 0.6 * common + 0.6 * smooth(rng, hours, 6)),
                "Y": ("time", y)}  # fmt: skip
        place = {"longitude": 116 + spread * rng.random(), "latitude": 39.5 + spread * rng.random()}
        coords = {"time": days(hours, step="h")}
        made.append(Record(xr.Dataset(data, coords=coords), f"S{i}", {"station": f"S{i}"}, position=place))
    return made


def station_grid(n=10, hours=300, seed=5, same=()):
    """The same as one record over time and station; `same` pairs of stations stand at one place."""
    rng = np.random.default_rng(seed)
    longitude, latitude = 5 + 5 * rng.random(n), 50 + 4 * rng.random(n)
    for a, b in same:
        longitude[b], latitude[b] = longitude[a] + 2e-4, latitude[a]
    wind, own = smooth(rng, (hours, n), (5, 0.01)), smooth(rng, (hours, n), (4, 0.01))
    data = {"WIND": (("time", "station"), wind), "RADIATION": (("time", "station"), smooth(rng, (hours, n), (6, 0.01)))}
    data["Y"] = (("time", "station"), own - wind + 0.3 * rng.normal(size=own.shape))
    coords = {"time": days(hours, step="h"), "station": [f"S{i}" for i in range(n)],
              "longitude": ("station", longitude), "latitude": ("station", latitude)}  # fmt: skip
    return Record(xr.Dataset(data, coords=coords), "network", dims=("time", "station"))


def waveform(i, pick, n=600, seed=6):
    """Two components of noise with a burst after the pick; the class is 1 for 20 samples from the pick."""
    rng = np.random.default_rng((seed, i))
    arrival = np.where(np.arange(n) >= pick, np.exp(-(np.arange(n) - pick) / 80), 0)
    data = {c: ("time", rng.normal(size=n) * (1 + 6 * arrival)) for c in ("N", "Z")}
    label = (np.abs(np.arange(n) - pick - 10) <= 10).astype(np.int32)
    data["PHASE"] = ("time", label)
    return Record(xr.Dataset(data, coords={"time": days(n, step="s")}), f"event {i}", {"event": str(i)})


def scene(i=0, seed=7, fields=False, size=48):
    """An image of two bands with a class per pixel; with `fields`, every field of 8 x 8 pixels has one class."""
    rng = np.random.default_rng((seed, i))
    cover = smooth(rng, (size, size), 5)
    if fields:
        crop = rng.integers(0, 4, (size // 8, size // 8))
        target = np.kron(crop, np.ones((8, 8), int)).astype(np.int32)
        cover = target + rng.normal(size=target.shape)
    else:
        target = np.digitize(cover, [-0.6, 0.6]).astype(np.int32)
    bands = {b: (("y", "x"), (60 * (cover + 0.6 * rng.normal(size=cover.shape))).round()) for b in ("RED", "NIR")}
    y, x = np.mgrid[:size, :size]
    coords = {"easting": (("y", "x"), 10.0 * x + 1e5 * i), "northing": (("y", "x"), 5e6 - 10.0 * y)}
    data = xr.Dataset({**bands, "Y": (("y", "x"), target)}, coords=coords)
    return Record(data, f"scene {i}", {"scene": str(i)}, dims=("y", "x"))


def ocean(nodes=1500, seed=8):
    """Temperature on three levels of an unstructured mesh, smooth over some degrees."""
    rng = np.random.default_rng(seed)
    longitude, latitude = rng.uniform(-60, -20, nodes), rng.uniform(20, 50, nodes)
    waves = sum(a * np.sin(longitude / b + latitude / c + p) for a, b, c, p in rng.uniform(1, 6, (6, 4)))
    level = np.array([0.0, 50, 200])
    temperature = 20 - level[:, None] / 40 + waves + 0.2 * rng.normal(size=(3, nodes))
    salt = 35 + 0.2 * waves + rng.normal(size=(3, nodes))
    data = {"SALT": (("level", "node"), salt), "Y": (("level", "node"), temperature)}
    coords = {"level": level, "longitude": ("node", longitude), "latitude": ("node", latitude)}
    return Record(xr.Dataset(data, coords=coords), "mesh", {"sea": "Atlantic"}, dims=("level", "node"))


def survey(lines=24, per_line=120, seed=9):
    """Readings every 50 m along flight lines 500 m apart, with a field smooth over a kilometre."""
    rng = np.random.default_rng(seed)
    field = smooth(rng, (lines * 10, per_line), (15, 15))
    number, along = np.divmod(np.arange(lines * per_line), per_line)
    value = 100 * field[number * 10, along] + 2 * rng.normal(size=len(number))
    height = 300 + 5 * smooth(rng, lines * per_line, 20)
    data = {"HEIGHT": ("row", height), "NOISE": ("row", rng.normal(size=len(number))), "Y": ("row", value)}
    coords = {"easting": ("row", 50.0 * along), "northing": ("row", 500.0 * number),
              "line": ("row", np.char.add("L", number.astype(str)))}  # fmt: skip
    return Record(xr.Dataset(data, coords=coords), "survey")


def simulation(i, seed=10, size=16):
    """Boolean permeability and the pressure it makes (a smoothed stand-in)."""
    rng = np.random.default_rng((seed, i))
    k = (smooth(rng, (size, size), 2) > 0).astype(float)
    pressure = gaussian_filter(1.0 - k, 3) + 0.02 * rng.normal(size=k.shape)
    data = xr.Dataset({"K": (("y", "x"), k), "Y": (("y", "x"), pressure)})
    return Record(data, f"run {i}", {"run": str(i)}, dims=("y", "x"))
