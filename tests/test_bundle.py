"""Model files: what is saved comes back to the bit, and a file that lies is refused with its name and a fix."""

import json
import struct
import zipfile
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from outcrop.bundle import ENVELOPE, PARTS, Bundle, Limits, load, save
from outcrop.bundle_check import check_safetensors
from outcrop.errors import BundleError


@pytest.fixture
def bundle():
    arrays = {
        "member/0/layers.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3)[:, ::-1],  # not contiguous
        "member/0/scale": np.float32(1.5),
        "member/1/scale": np.float32(2.5),
        "validity/mean": np.array([1.0, np.nan, 3.0]),
        "validity/empty": np.zeros((0, 4), np.int32),
        "validity/flag": np.array([True, False]),
    }
    return Bundle(
        family="mlp",
        arguments={"width_size": 64, "activation": "gelu"},
        arrays=arrays,
        normaliser={"statistics": {"GR": {"centre": 0.1 + 0.2, "spread": 1e-300}}},
        variables=[{"name": "GR", "valid_range": [0.0, None]}],
        classes={"codes": [1, 2]},
        promise="new = well",
        scores={"rmse": np.float64(0.25), "r2": float("nan")},
    )


@pytest.fixture
def file(bundle, tmp_path):
    return save(tmp_path / "model.outcrop", bundle)


def entries(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewrite(path, pairs, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in pairs:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return path


def with_json(path, **changes):
    held = entries(path)
    content = {**json.loads(held["bundle.json"]), **changes}
    content = {key: value for key, value in content.items() if value is not ...}
    return rewrite(path, [("bundle.json", json.dumps(content)), ("weights.safetensors", held["weights.safetensors"])])


def test_all_parts_are_written():
    assert set(PARTS) | {"arrays", "source"} == {f.name for f in fields(Bundle)}


def test_round_trip_keeps_bits(bundle, file):
    back = load(file)
    assert list(back.arrays) == sorted(bundle.arrays)
    for name, array in bundle.arrays.items():
        assert back.arrays[name].dtype == array.dtype and back.arrays[name].shape == np.shape(array)
        assert back.arrays[name].tobytes() == np.ascontiguousarray(array).tobytes()
    assert back.normaliser["statistics"]["GR"] == {"centre": 0.1 + 0.2, "spread": 1e-300}
    assert back.scores == {"rmse": 0.25, "r2": None}
    assert back.members == 2 and set(back.part("validity")) == {"mean", "empty", "flag"}
    assert back.source == str(file) and back.classes == {"codes": [1, 2]}


def test_same_bundle_same_bytes(bundle, file, tmp_path):
    again = save(tmp_path / "again.outcrop", bundle)
    assert again.read_bytes() == file.read_bytes()
    assert save(tmp_path / "third.outcrop", load(file)).read_bytes() == file.read_bytes()


@settings(max_examples=25, deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.int32, np.bool_, np.uint8]),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    ),
    number=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(st.characters(codec="utf-8"), max_size=20),
)
def test_any_array_number_and_text_come_back(array, number, text, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m.outcrop"
    back = load(save(path, Bundle(family=text, arrays={"a": array}, frame={"x": number})))
    assert back.family == text and struct.pack("<d", back.frame["x"]) == struct.pack("<d", number)
    assert back.arrays["a"].tobytes() == array.tobytes() and back.arrays["a"].shape == array.shape


def test_a_failed_write_leaves_the_old_file(bundle, file):
    before = file.read_bytes()
    with pytest.raises(BundleError, match="convert it to numbers"):
        save(file, Bundle(family="mlp", arguments={"f": object()}))
    with pytest.raises(BundleError, match="convert it to one of float16"):
        save(file, Bundle(family="mlp", arrays={"a": np.array(["x"], object)}))
    assert file.read_bytes() == before and [p.name for p in file.parent.iterdir()] == ["model.outcrop"]


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"arguments": {1: 2}}, "keys as text"),
        ({"normaliser": {"centre": float("inf")}}, "write None"),
        ({"variables": {"GR": 1}}, "pass a list"),
        ({"arrays": {"../a": np.zeros(1)}}, "use letters"),
        ({"arrays": {"a": np.zeros(1, complex)}}, "convert it to one of"),
    ],
)
def test_what_cannot_be_stored_is_refused(changes, fix, tmp_path):
    with pytest.raises(BundleError, match=fix):
        save(tmp_path / "m.outcrop", Bundle(**{"family": "mlp", **changes}))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.7, 0.99, 0.9999])
def test_truncated_files_are_refused(file, share):
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(BundleError, match=r"model\.outcrop[\s\S]*Fix: (copy|pass)"):
        load(file)


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(1, 255))
def test_a_changed_byte_is_refused_or_harmless(place, value, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "m.outcrop"
    original = Bundle(family="mlp", arrays={"a": np.arange(4, dtype=np.float32)}, promise="new")
    data = bytearray(save(path, original).read_bytes())
    data[int(place * len(data))] ^= value
    path.write_bytes(data)
    try:
        back = load(path)
    except BundleError as error:
        assert "Fix:" in str(error)
        return
    assert back.arrays["a"].tobytes() == original.arrays["a"].tobytes() and back.promise == "new"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("/etc/passwd", "outside"),
        ("../bundle.json", "outside"),
        ("C:\\x", "outside"),
        ("..\\x", "outside"),
        ("run.py", "does not belong"),
    ],
)
def test_foreign_entries_are_refused(file, name, what):
    held = entries(file)
    rewrite(file, [(name, b"x"), ("bundle.json", held["bundle.json"])])
    with pytest.raises(BundleError, match=rf"{what}[\s\S]*model\.outcrop[\s\S]*Fix: copy"):
        load(file)
    rewrite(file, [*held.items(), (name, b"x")])
    with pytest.raises(BundleError, match=r"holds 3 entries[\s\S]*Fix: copy"):
        load(file)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_and_missing_entries_are_refused(file):
    held = entries(file)
    rewrite(file, [("bundle.json", held["bundle.json"])] * 2)
    with pytest.raises(BundleError, match="2 times instead of once"):
        load(file)
    rewrite(file, [("bundle.json", held["bundle.json"])])
    with pytest.raises(BundleError, match="1 entries instead of 2"):
        load(file)


def test_zip_bombs_are_refused_from_the_directory(file):
    held = entries(file)
    rewrite(
        file, [("bundle.json", held["bundle.json"]), ("weights.safetensors", bytes(50_000_000))], zipfile.ZIP_DEFLATED
    )
    with pytest.raises(BundleError, match=r"times its size[\s\S]*Fix: copy"):
        load(file)
    with pytest.raises(BundleError, match=r"1,000,000 are allowed[\s\S]*Fix: if you trust"):
        load(file, Limits(weights_bytes=1_000_000))


def test_a_directory_that_lies_about_the_size_is_refused(file):
    held = entries(file)
    rewrite(
        file, [("bundle.json", held["bundle.json"]), ("weights.safetensors", bytes(5_000_000))], zipfile.ZIP_DEFLATED
    )
    data = file.read_bytes().replace(struct.pack("<L", 5_000_000), struct.pack("<L", 1_000))
    file.write_bytes(data)
    with pytest.raises(BundleError, match="Fix: copy"):
        load(file)


def test_a_long_or_zip64_directory_is_refused_before_it_is_read(file):
    data = bytearray(file.read_bytes())
    struct.pack_into("<2HL", data, len(data) - 14, 2, 2, 10**9)
    file.write_bytes(data)
    with pytest.raises(BundleError, match="Fix: copy"):
        load(file)


def test_other_files_are_refused(tmp_path):
    other = tmp_path / "model.outcrop"
    with pytest.raises(BundleError, match="check the path"):
        load(other)
    other.write_bytes(b"\x80\x04\x95 a pickle")
    with pytest.raises(BundleError, match=r"pass a \*\.outcrop file"):
        load(other)


@pytest.mark.parametrize(
    ("changes", "fix"),
    [
        ({"format_version": 2}, "pip install --upgrade outcrop"),
        ({"format_version": 0}, "train again"),
        ({"format_version": "1"}, "written by outcrop"),
        ({"format_version": True}, "written by outcrop"),
        ({"format_version": ...}, "written by outcrop"),
        ({"family": ...}, r"lacks 'family'[\s\S]*copy"),
        ({"famly": 1}, r"unknown entry 'famly' \(did you mean 'family'"),
        ({"arguments": []}, r"'arguments' is not a dictionary[\s\S]*copy"),
        ({"weights_sha256": "0"}, r"do not belong together[\s\S]*copy"),
        ({"arrays": {}}, "not those bundle.json declares"),
        ({"arrays": {"member/0/scale": {"dtype": "float32", "shape": [10**12]}}}, "not those bundle.json declares"),
        ({"arrays": {"a": 1}}, "no dtype and shape"),
    ],
)
def test_contents_that_disagree_are_refused(file, changes, fix):
    with pytest.raises(BundleError, match=fix):
        load(with_json(file, **changes))


def test_every_key_of_the_json_is_needed(file):
    for key in [*PARTS, *ENVELOPE]:
        held = file.read_bytes()
        with pytest.raises(BundleError, match="Fix:"):
            load(with_json(file, **{key: ...}))
        file.write_bytes(held)


@pytest.mark.parametrize(
    "text", [b'{"a": NaN}', b'{"a": 1, "a": 2}', b"[" * 100_000, b"\xff", b"[]", b"", b"9" * 10_000]
)
def test_strange_json_is_refused(file, text):
    held = entries(file)
    rewrite(file, [("bundle.json", text), ("weights.safetensors", held["weights.safetensors"])])
    with pytest.raises(BundleError, match=r"Fix: (copy|pass)"):
        load(file)


def tensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "weights",
    [
        b"",
        struct.pack("<Q", 2**62) + b"{}",
        tensors(b"[]"),
        tensors({"a": {"dtype": "F32", "shape": [10**9, 10**9], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [2**61], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 400]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        tensors({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)),
        tensors({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
        tensors({"a": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"../a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        tensors({"a": {"dtype": "F32", "shape": [1]}}, bytes(4)),
    ],
)
def test_weights_that_lie_are_refused(weights, tmp_path):
    with pytest.raises(BundleError, match="Fix:"):
        check_safetensors(weights, tmp_path / "m.outcrop")


def test_arrays_must_fit_the_architecture(file):
    back = load(file)
    fits = {
        "layers.0.weight": SimpleNamespace(shape=(2, 3), dtype=np.float32),
        "scale": SimpleNamespace(shape=(), dtype=np.float32),
    }
    assert set(back.part("member/0", fits)) == set(fits)
    huge = {**fits, "scale": SimpleNamespace(shape=(10**9, 10**9), dtype=np.float32)}
    for wrong in (
        huge,
        {**fits, "bias": fits["scale"]},
        {"scale": fits["scale"]},
        {**fits, "scale": np.zeros((), np.int32)},
    ):
        with pytest.raises(BundleError, match=r"model\.outcrop[\s\S]*Fix: the file does not fit 'mlp'"):
            back.part("member/0", wrong)


def test_limits_are_the_callers(file):
    with pytest.raises(BundleError, match="Fix: if you trust"):
        load(file, Limits(json_bytes=10))
    assert load(file, Limits(json_bytes=10_000, weights_bytes=10_000)).family == "mlp"
