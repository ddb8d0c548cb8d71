"""Fields and scattered points: the estimate against the variance of the mean over many simulated fields."""

import numpy as np
import pytest
import xarray as xr

from outcrop.data.space import cartesian
from outcrop.records import Record
from outcrop.split import autocorrelation
from outcrop.split.autocorrelation import Field, independent, lobe, lobes
from outcrop.split.effective import effective_samples
from outcrop.split.variogram import mean_correlation, resolved, spherical


def separable(shape, phi, rng):
    """A field with correlation phi[i] ** lag along each dimension, of variance 1 / prod(1 - phi ** 2)."""
    from scipy.signal import lfilter

    values = rng.normal(size=shape)
    for axis, own in enumerate(phi):
        moved = np.moveaxis(values, axis, 0)
        moved[0] /= np.sqrt(1 - own**2)
        values = np.moveaxis(lfilter([1.0], [1.0, -own], moved, axis=0), 0, axis)
    return values


def closed_form(shape, phi):
    """1 / mean of rho over all pairs of cells."""
    found = 1.0
    for size, own in zip(shape, phi, strict=True):
        lags = np.arange(1, size)
        found *= size**2 / (size + 2 * ((size - lags) * own**lags).sum())
    return found


def isotropic(shape, scale, power, rng):
    """A Gaussian random field with correlation exp(-(h / scale) ** power), cut out of a periodic one twice as large."""
    sides = [np.minimum(np.arange(2 * n), 2 * n - np.arange(2 * n)).astype(float) for n in shape]
    distance = np.sqrt(sum(np.square(side) for side in np.meshgrid(*sides, indexing="ij")))
    spectrum = np.maximum(np.fft.fftn(np.exp(-((distance / scale) ** power))).real, 0)
    values = np.fft.ifftn(np.sqrt(spectrum) * np.fft.fftn(rng.normal(size=distance.shape))).real
    return values[tuple(slice(0, n) for n in shape)]


def worth(values, present=None, periodic=()):
    own = Field(values, np.full(values.shape, True) if present is None else present, periodic=periodic)
    found = lobes(own, range(values.ndim))
    return independent(own, found)


@pytest.mark.parametrize("shape", [(4000,), (60, 50), (20, 15, 12)])
def test_white_noise_is_worth_its_samples(shape):
    rng = np.random.default_rng(0)
    found = [worth(rng.normal(size=shape)) for _ in range(20)]
    assert 0.8 * np.prod(shape) < np.mean(found) <= np.prod(shape)


@pytest.mark.parametrize(
    ("shape", "phi"),
    [((3000,), (0.9,)), ((90, 70), (0.8, 0.5)), ((150, 120), (0.8, 0.8)), ((60, 20, 24), (0.8, 0.5, 0.3))],
)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_separable_fields_have_their_closed_form(shape, phi, missing):
    rng = np.random.default_rng(1)
    found = [worth(separable(shape, phi, rng), rng.random(shape) >= missing) for _ in range(30)]
    closed, size = closed_form(shape, phi), np.prod(shape)
    share = 1 - missing  # pairs of different cells are both present with share ** 2, a cell with itself with share
    closed = 1 / ((1 - 1 / (size * share)) * (1 / closed - 1 / size) / (1 - 1 / size) + 1 / (size * share))
    assert np.median(found) == pytest.approx(closed, rel=0.25)


@pytest.mark.parametrize(("shape", "scale", "power"), [((60, 80), 4, 1), ((60, 80), 4, 2), ((18, 24, 30), 2.5, 1)])
def test_random_fields_have_the_worth_that_the_variance_of_their_mean_tells(shape, scale, power):
    rng = np.random.default_rng(2)
    fields = [isotropic(shape, scale, power, rng) for _ in range(100)]
    west = np.full(shape, True)
    west[:, : shape[1] // 3] = False
    for present in (np.full(shape, True), rng.random(shape) > 0.3, west):
        true = 1 / np.mean([values[present].mean() ** 2 for values in fields])  # their variance is 1
        found = np.mean([worth(np.where(present, values, np.nan), present) for values in fields[:40]])
        assert found == pytest.approx(true, rel=0.3)


def test_a_field_around_the_globe_has_no_seam():
    rng = np.random.default_rng(3)
    lag = np.minimum(np.arange(360), 360 - np.arange(360))
    root = np.sqrt(np.maximum(np.fft.fft(np.exp(-((lag / 15) ** 2))).real, 0))
    fields = [np.fft.ifft(root * np.fft.fft(rng.normal(size=(40, 360)))).real for _ in range(20)]
    found = np.mean([worth(values, periodic=(1,)) for values in fields])
    assert found == pytest.approx(40 * 360 / np.exp(-((lag / 15) ** 2)).sum(), rel=0.2)


def test_summing_neighbours_and_drawing_blocks_changes_little(monkeypatch):
    rng = np.random.default_rng(4)
    smooth, rough = separable((30, 200, 200), (0.3, 0.95, 0.9), rng), separable((60, 80, 90), (0.5, 0.3, 0.0), rng)
    exact = [worth(smooth), worth(rough)]
    monkeypatch.setattr(autocorrelation, "CELLS", 2**17)
    assert [worth(smooth), worth(rough)] == pytest.approx(exact, rel=0.1)
    monkeypatch.setattr(autocorrelation, "TILE", 2**12)
    assert [worth(smooth), worth(rough)] == pytest.approx(exact, rel=0.2)


def test_single_precision_gives_the_same():
    values = separable((40, 50), (0.8, 0.5), np.random.default_rng(5))
    assert worth(values.astype(np.float32)) == pytest.approx(worth(values), rel=1e-3)


def test_classes_on_a_map():
    # squares of 8 x 8 pixels of one class: rho is a product of triangles, and 64 pixels are worth one
    squares = np.random.default_rng(6).integers(0, 4, (40, 30))
    values = np.kron(squares, np.ones((8, 8), int))
    values[:100] = np.where(np.random.default_rng(7).random((100, 240)) < 0.3, -1, values[:100])
    record = Record(xr.Dataset({"T": (("y", "x"), values)}), "map", dims=("y", "x"))
    assert effective_samples([record], "T").total == pytest.approx(1200, rel=0.2)


def test_a_lobe_ends_before_the_season_returns():
    rho = np.cos(2 * np.pi * np.arange(200) / 40)
    found = lobe(rho, np.ones(200))
    assert found.reach in (9, 11) and found.samples == pytest.approx(40 / np.pi, rel=0.1)


def test_a_dip_is_not_taken_for_many_samples():
    # layers that dip by 45 degrees: corners of the box are negative, the product of the dimensions bounds the worth
    layers = np.repeat(np.random.default_rng(8).normal(size=60), 5)
    values = layers[np.add.outer(np.arange(100), np.arange(100))]
    assert worth(values) < 600  # 400 = 100 * 100 / 5 / 5 by the product, 40 layers in truth


def test_levels_of_a_mesh_and_its_nodes():
    rng = np.random.default_rng(9)
    easting, northing = rng.uniform(0, 100e3, (2, 400))
    gap = np.hypot(np.subtract.outer(easting, easting), np.subtract.outer(northing, northing))
    root = np.linalg.cholesky(1 - spherical(gap, 0.0, 1.0, 30e3) + 1e-9 * np.eye(400))
    coords = {"easting": ("node", easting), "northing": ("node", northing), "node": np.arange(400)}
    coords["depth"] = ("depth", np.arange(0.0, 300.0, 5.0), {"units": "m"})
    true = closed_form((60,), (0.5,)) / (1 - spherical(gap, 0.0, 1.0, 30e3)).mean()
    found = []
    for _ in range(8):
        values = separable((60, 400), (0.5, 0.0), rng) @ root.T
        record = Record(xr.Dataset({"T": (("depth", "node"), values)}, coords), "mesh", dims=("depth", "node"))
        found.append(effective_samples([record], "T"))
    assert np.mean([f.total for f in found]) == pytest.approx(true, rel=0.3)
    scales = found[0].scales
    assert scales["depth"].unit == "m" and scales["depth"].distance == pytest.approx(15, rel=0.25)
    assert scales["node"].unit == "km" and 15 < scales["node"].distance < 45


@pytest.mark.parametrize(
    ("reach", "nugget", "count"), [(20.0, 0.0, 800), (20.0, 0.4, 800), (5.0, 0.0, 800), (15.0, 0.0, 100)]
)
def test_scattered_points_have_the_worth_of_their_gaussian_process(reach, nugget, count):
    rng = np.random.default_rng(10)
    points = rng.uniform(0, 100, (count, 2))
    gap = np.linalg.norm(points[:, None] - points[None], axis=2)
    covariance = 1 - spherical(gap, nugget, 1 - nugget, reach)
    values = np.linalg.cholesky(covariance + 1e-9 * np.eye(count)) @ rng.normal(size=(count, 20))
    found = [count / (1 + (count - 1) * mean_correlation(resolved(own, points), points)) for own in values.T]
    assert np.median(found) == pytest.approx(1 / covariance.mean(), rel=0.25)


def test_scattered_noise_is_worth_its_samples_and_a_trend_is_not():
    rng = np.random.default_rng(11)
    points = rng.uniform(0, 1, (20_000, 2))
    model = resolved(rng.normal(size=20_000), points)
    assert mean_correlation(model, points) < 1e-5
    model = resolved(points.sum(axis=1), points)
    assert 1 / mean_correlation(model, points) < 10


def test_a_short_range_among_many_points_is_found():
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(12)
    image = gaussian_filter(rng.normal(size=(1000, 1000)), 4, mode="wrap")
    place = rng.integers(0, 1000, (20_000, 2))
    model = resolved(image[tuple(place.T)], place.astype(float))
    found = 20_000 / (1 + 19_999 * mean_correlation(model, place.astype(float)))
    assert found == pytest.approx(20_000 / (1 + 20_000 * 4 * np.pi * 16 / 1000**2), rel=0.25)


def test_rows_of_a_table_on_the_globe():
    rng = np.random.default_rng(13)
    longitude, latitude = rng.uniform(-180, 180, 900), np.degrees(np.arcsin(rng.uniform(-1, 1, 900)))
    points = cartesian({"longitude": longitude, "latitude": latitude})
    chords = np.linalg.norm(points[:, None] - points[None], axis=2)
    ground = 2 * 6_371_008.8 * np.arcsin(np.minimum(chords / 2 / 6_371_008.8, 1))
    covariance = 1 - spherical(ground, 0.0, 1.0, 3e6)
    values = np.linalg.cholesky(covariance + 1e-9 * np.eye(900)) @ rng.normal(size=(900, 8))
    coords = {"row": np.arange(900), "longitude": ("row", longitude), "latitude": ("row", latitude)}
    records = [Record(xr.Dataset({"T": ("row", own)}, coords), f"{i}") for i, own in enumerate(values.T)]
    found = effective_samples(records, "T")
    assert found.total == pytest.approx(8 / covariance.mean(), rel=0.2)
    assert found.scales["row"].unit == "km" and found.scales["row"].distance == pytest.approx(3000, rel=0.2)


def test_points_in_the_order_of_a_line_are_a_line():
    rng = np.random.default_rng(14)
    values, number = separable((20_000,), (0.9,), rng), np.arange(20_000)
    coords = {"trace": number, "easting": ("trace", 8.0 * number), "northing": ("trace", -6.0 * number)}
    found = effective_samples([Record(xr.Dataset({"T": ("trace", values)}, coords), "line")], "T")
    assert found.total == pytest.approx(20_000 / 19, rel=0.25)
    assert found.scales["trace"].unit == "m" and found.scales["trace"].distance == pytest.approx(190, rel=0.25)


def test_scales_are_told_in_the_units_of_the_coordinates():
    time = np.datetime64("2020-01-01T00", "ns") + np.arange(300) * np.timedelta64(1, "h")
    coords = {"time": time, "latitude": 50 + 0.25 * np.arange(30), "longitude": 0.25 * np.arange(40)}
    values = separable((300, 30, 40), (0.6, 0.5, 0.5), np.random.default_rng(15))
    record = Record(xr.Dataset({"T": (tuple(coords), values)}, coords), "field", dims=tuple(coords))
    found = effective_samples([record], "T").scales
    assert [scale.unit for scale in found.values()] == ["h", "km", "km"]
    assert found["time"].distance == pytest.approx(4, rel=0.2)
    assert found["latitude"].distance == pytest.approx(3 * 0.25 * 111.2, rel=0.2)
    assert found["longitude"].distance == pytest.approx(3 * 0.25 * 111.2 * np.cos(np.radians(53.6)), rel=0.2)
