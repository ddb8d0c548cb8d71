"""SEG-Y: geometry from headers, every sample format, dead traces, and byte-identical headers on the way back."""

import numpy as np
import pytest

from outcrop.data import segy
from outcrop.data.content import Curve
from outcrop.data.segy_file import FORMATS, TRACE, from_ibm
from outcrop.errors import ConfigError, DataError
from small_files import cube_headers, ibm, write_segy


@pytest.fixture
def cube(tmp_path):
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(12, 6)).astype(np.float32)
    return write_segy(tmp_path / "cube.sgy", samples, cube_headers((10, 12, 14), (100, 101, 102, 103))), samples


def test_a_rotated_cube_has_its_bins_on_the_map(cube):
    path, samples = cube
    record = segy.read(path, domain="time")[0]
    assert record.dims == ("inline", "crossline", "twt") and record.shape == (3, 4, 6)
    assert record.data["inline"].to_numpy().tolist() == [10, 12, 14]
    np.testing.assert_array_equal(record.data["amplitude"].to_numpy().reshape(12, 6), samples)
    east, north = record.data["easting"].to_numpy(), record.data["northing"].to_numpy()
    assert np.hypot(east[0, 1] - east[0, 0], north[0, 1] - north[0, 0]) == pytest.approx(25, abs=0.1)
    assert any(("25" in note and "150" in note.replace("1.5e+02", "150")) or "bins of" in note for note in record.notes)
    assert record.data["twt"].to_numpy().tolist() == [0, 4, 8, 12, 16, 20] and record.data["twt"].attrs["units"] == "ms"


@pytest.mark.parametrize("scalar", [-10, 0, 10])
def test_coordinate_scalars(tmp_path, scalar):
    headers = cube_headers((10, 11), (100, 101), angle=0, bin_m=20, scalar=scalar)
    path = write_segy(tmp_path / "s.sgy", np.ones((4, 5)) * np.arange(1, 6), headers)
    east = segy.read(path, domain="time")[0].data["easting"].to_numpy()
    assert east[0, 0] == pytest.approx(400_000, abs=10) and east[0, 1] - east[0, 0] == pytest.approx(20, abs=1)


@pytest.mark.parametrize("order", [">", "<"])
@pytest.mark.parametrize("code", sorted(FORMATS))
def test_every_sample_format_in_both_byte_orders(tmp_path, code, order):
    samples = np.array([[1, 2, 3, 4], [5, 6, 7, 9], [10, 12, 14, 16], [20, 24, 28, 100]])
    path = write_segy(tmp_path / "f.sgy", samples, cube_headers((10, 11), (100, 101)), code=code, order=order)
    record = segy.read(path, domain="time")[0]
    np.testing.assert_array_equal(record.data["amplitude"].to_numpy().reshape(4, 4), samples)


def test_ibm_numbers_by_hand():
    values = np.array([-118.625, 0.0, 1.0, 3.5e10])
    np.testing.assert_allclose(from_ibm(ibm(values)), values, rtol=1e-6)


def test_the_domain_must_be_said(cube):
    with pytest.raises(ConfigError, match='Fix: domain = "time" or domain = "depth"'):
        segy.read(cube[0])


def test_depth_in_feet_becomes_metres(tmp_path):
    path = write_segy(tmp_path / "d.sgy", np.arange(1.0, 17).reshape(4, 4), cube_headers((10, 11), (100, 101)),
                      interval=10_000, feet=True)  # fmt: skip
    record = segy.read(path, domain="depth")[0]
    assert record.data["depth"].to_numpy()[1] == pytest.approx(3.048) and record.data["depth"].attrs["units"] == "m"


def test_missing_bins_dead_traces_and_padding_are_missing_values(tmp_path):
    samples = np.arange(1.0, 41).reshape(5, 8)
    samples[1] = 0
    samples[2, :3] = 0
    headers = cube_headers((10, 11), (100, 101, 102))[:5]
    record = segy.read(write_segy(tmp_path / "m.sgy", samples, headers), domain="time")[0]
    values = record.data["amplitude"].to_numpy()
    assert np.isnan(values[1, 2]).all() and np.isnan(values[0, 1]).all() and np.isnan(values[0, 2, :3]).all()
    assert np.isfinite(values[0, 2, 3:]).all()
    told = " ".join(record.notes)
    assert "1 of 6 bins have no trace" in told and "1 dead traces" in told and "3 samples of padding" in told


def test_a_line_keeps_its_order_and_distance(tmp_path):
    headers = [{21: 1000 + i, 181: 100 + 30 * i, 185: 40 * i, 71: 1} for i in range(5)]
    record = segy.read(write_segy(tmp_path / "l.sgy", np.arange(1.0, 21).reshape(5, 4), headers), domain="time")[0]
    assert record.dims == ("trace", "twt") and record.data["trace"].to_numpy().tolist() == [
        1000,
        1001,
        1002,
        1003,
        1004,
    ]
    assert record.data["distance"].to_numpy().tolist() == [0, 50, 100, 150, 200]


def test_delay_moves_the_axis_and_mixed_delays_are_refused(tmp_path):
    headers = [h | {109: 100} for h in cube_headers((10, 11), (100, 101))]
    samples = np.arange(1.0, 17).reshape(4, 4)
    record = segy.read(write_segy(tmp_path / "a.sgy", samples, headers), domain="time")[0]
    assert record.data["twt"].to_numpy()[0] == 100
    headers[0][109] = 200
    with pytest.raises(DataError, match="100 to 200"):
        segy.read(write_segy(tmp_path / "b.sgy", samples, headers), domain="time")


def test_other_bytes_are_read_where_the_run_file_says(tmp_path):
    headers = [{9: h[189], 21: h[193], 181: h[181], 185: h[185], 71: h[71]} for h in cube_headers((10, 11), (100, 101))]
    path = write_segy(tmp_path / "o.sgy", np.arange(1.0, 17).reshape(4, 4), headers)
    assert segy.read(path, domain="time")[0].dims == ("trace", "twt")
    record = segy.read(path, domain="time", bytes={"inline": 9, "crossline": 21})[0]
    assert record.shape == (2, 2, 4)
    with pytest.raises(ConfigError, match="did you mean 'inline'"):
        segy.read(path, domain="time", bytes={"inlin": 9})


def headers_of(path, samples, width=4):
    raw = np.frombuffer(path.read_bytes()[3600:], np.uint8).reshape(-1, TRACE + samples * width)
    return raw[:, :TRACE]


def test_round_trip_keeps_headers_byte_for_byte(cube, tmp_path):
    path, samples = cube
    curve = Curve("PRED", samples.reshape(3, 4, 6), "m/s", "identity")
    written = segy.write(path, tmp_path / "out", [curve])
    assert [p.name for p in written] == ["cube_PRED.sgy"]
    old, new = path.read_bytes(), written[0].read_bytes()
    np.testing.assert_array_equal(headers_of(path, 6), headers_of(written[0], 6))
    assert old[:3120] == new[:3120] and old[3200:3224] == new[3200:3224] and old[3226:3600] == new[3226:3600]
    assert b"PRED" in new[3120:3200].decode("cp037").encode()
    back = segy.read(written[0], domain="time")[0].data["amplitude"].to_numpy()
    np.testing.assert_array_equal(back.reshape(12, 6), samples)


def test_an_interrupted_stream_is_taken_up_again(cube, tmp_path):
    path, samples = cube
    values = samples.reshape(3, 4, 6)
    segy.stream(path, tmp_path, [Curve("P", np.zeros(0))]).put((0, 0, 0), {"P": values[:2]})
    assert not list(tmp_path.glob("cube_P.sgy"))
    second = segy.stream(path, tmp_path, [Curve("P", np.zeros(0))])
    second.put((2, 0, 0), {"P": values[2:]})
    back = segy.read(second.finish()[0], domain="time")[0]
    np.testing.assert_array_equal(back.data["amplitude"].to_numpy(), values)


def test_boxes_of_large_files_are_read_alone(cube, monkeypatch):
    path, samples = cube
    monkeypatch.setattr(segy, "LAZY_BYTES", 0)
    array = segy.read(path, domain="time")[0].data["amplitude"]
    np.testing.assert_array_equal(array[1:, 2:, 1:3].to_numpy(), samples.reshape(3, 4, 6)[1:, 2:, 1:3])
    np.testing.assert_array_equal(array[0, 1].to_numpy(), samples.reshape(3, 4, 6)[0, 1])


def test_real_files(data_dir, tmp_path):
    record = segy.read(data_dir / "segy/segyio_f3.sgy", domain="time")[0]
    assert record.shape == (23, 18, 75) and record.data["inline"].to_numpy()[[0, -1]].tolist() == [111, 133]
    velocity = segy.read(data_dir / "segy/segysak_volve10-migvel-depth-sub3d.sgy", domain="depth")[0]
    assert velocity.dims == ("inline", "crossline", "depth") and velocity.shape == (18, 52, 226)
    assert 1400 < np.nanmin(velocity.data["amplitude"]) < np.nanmax(velocity.data["amplitude"]) < 6000
    source = data_dir / "segy/segysak_volve10r12-full-twt-arb.sgy"
    line = segy.read(source, domain="time")[0]
    assert line.dims == ("trace", "twt") and line.shape == (225, 850)
    values = np.nan_to_num(line.data["amplitude"].to_numpy())
    written = segy.write(source, tmp_path, [Curve("SAME", values)])[0]
    np.testing.assert_array_equal(headers_of(source, 850), headers_of(written, 850))


def test_damaged_files_say_what_is_wrong(cube, tmp_path):
    path, _ = cube
    raw = path.read_bytes()
    other = tmp_path / "x.sgy"
    rng = np.random.default_rng(0)
    for size in (0, 100, 3500, 3700, len(raw) - 1, len(raw) - 300):
        other.write_bytes(raw[:size])
        with pytest.raises(DataError, match="Fix"):
            segy.read(other, domain="time")
    for _ in range(60):
        damaged = bytearray(raw)
        damaged[rng.integers(3200, len(raw))] ^= 1 << int(rng.integers(8))
        other.write_bytes(damaged)
        try:
            record = segy.read(other, domain="time")[0]
        except (DataError, ConfigError):
            continue
        assert record.data["amplitude"].shape == record.shape
    other.write_bytes(b"\x89PNG" + raw[4:3224] + b"\x07\x07" + raw[3226:])
    with pytest.raises(DataError, match="sample format"):
        segy.read(other, domain="time")
