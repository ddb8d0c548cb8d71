"""LAS files, good and bad: values, units, missing values, names; and copies with curves added."""

import gzip
import lzma

import lasio
import numpy as np
import pytest
from las_files import HEADER, las_text, write_las

from outcrop.data.content import Curve
from outcrop.data.las import WrongNullError, read, write
from outcrop.data.wellname import well_root
from outcrop.errors import ConfigError, DataError


def test_values_units_and_groups(tmp_path):
    rows = [[100.0, 50.0, 2.1], [100.5, -999.25, 2.2], [101.0, 70.0, -999.25]]
    (record,) = read(write_las(tmp_path, rows=rows, well="31/5-4 S"))
    assert record.name == "31/5-4 S"
    assert dict(record.groups) == {"record": "31/5-4 S", "well": "31/5-4 S", "well_root": "31/5-4", "field": "Alpha"}
    np.testing.assert_array_equal(record.axis, [100.0, 100.5, 101.0])
    np.testing.assert_array_equal(record.data["GR"], [50.0, np.nan, 70.0])
    np.testing.assert_array_equal(record.data["RHOB"], [2.1, 2.2, np.nan])
    assert record.data["GR"].attrs == {"units": "GAPI", "long_name": "Gamma ray"}
    assert record.data["depth"].attrs["units"] == "M" and record.data["depth"].attrs["mnemonic"] == "DEPT"
    assert record.data.attrs["header"]["WELL"] == "31/5-4 S"
    assert (record.format, record.dim, record.notes) == ("las", "depth", ())


@pytest.mark.parametrize(("suffix", "pack"), [(".xz", lzma.compress), (".gz", gzip.compress)])
def test_compressed_file_has_the_fingerprint_of_the_plain_one(tmp_path, suffix, pack):
    plain = write_las(tmp_path)
    packed = tmp_path / f"b.las{suffix}"
    packed.write_bytes(pack(plain.read_bytes()))
    first, second = read(plain)[0], read(packed)[0]
    assert first.sha256 == second.sha256
    assert first.data.identical(second.data)


def test_damaged_compressed_file(tmp_path):
    path = tmp_path / "a.las.xz"
    path.write_bytes(lzma.compress(las_text().encode())[:-20])
    with pytest.raises(DataError, match=r"damaged[\s\S]*Fix: copy or download the file again"):
        read(path)


def test_las_1_2_and_wrapped(tmp_path):
    text = """~VERSION INFORMATION
 VERS.  1.2: CWLS LOG ASCII STANDARD - VERSION 1.2
 WRAP.  YES: Multiple lines per depth step
~WELL INFORMATION BLOCK
 STRT.FT   910.0:
 STOP.FT   909.5:
 STEP.FT   -0.5:
 NULL.     -999.25:
 COMP.     COMPANY: ANY OIL
 WELL.     WELL: ANY 12
~CURVE INFORMATION
 DEPT.FT     : Depth
 DT  .US/FT  : Sonic
 RHOB.K/M3   : Density
 NPHI.V/V    : Porosity
~A
910.0
  99.0 2500.0
  0.45
909.5
  98.0 -999.25
  0.44
"""
    path = write_las(tmp_path, text=text)
    (record,) = read(path)
    assert record.name == "ANY 12"
    np.testing.assert_array_equal(record.axis, [910.0, 909.5])
    np.testing.assert_array_equal(record.data["RHOB"], [2500.0, np.nan])
    out = write(path, tmp_path / "out.las", [Curve("T_PRED", np.array([1.0, np.nan]))])
    again = lasio.read(out)
    np.testing.assert_array_equal(again["T_PRED"], [1.0, np.nan])
    np.testing.assert_array_equal(again["DT"], [99.0, 98.0])
    with pytest.raises(DataError, match=r"whole rows[\s\S]*Fix: copy or export"):
        read(write_las(tmp_path, "cut.las", text=text.rsplit("  0.44", 1)[0]))


def test_names_and_encodings(tmp_path):
    assert read(write_las(tmp_path, well="Ålesund Øst 7"))[0].name == "Ålesund Øst 7"
    path = tmp_path / "latin.las"
    path.write_bytes(las_text(well="Ærfugl").encode("cp1252"))
    record = read(path)[0]
    assert record.name == "Ærfugl" and "cp1252" in record.notes[0]
    assert read(write_las(tmp_path, well="007"))[0].name == "007"
    nameless = read(write_las(tmp_path, "31_2-1.las", well=""))[0]
    assert nameless.name == "31_2-1" and nameless.groups["well_root"] == "31/2-1" and "file name" in nameless.notes[0]
    with pytest.raises(DataError, match="Fix: state the encoding"):
        read(path, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("31/5-4 S", "31/5-4"),
        ("16/2-11 A Johan Sverdrup Appr", "16/2-11"),
        ("NO 15/9-F-11 T2", "15/9-F-11"),
        ("34/10-19", "34/10-19"),
        ("211/18a-23Z", "211/18a-23"),
        ("F03-02-S1", "F03-02"),
        ("KB 101 ST2", "KB 101"),
        ("Well A", "Well A"),
        ("BH-12", "BH-12"),
    ],
)
def test_well_root(name, root):
    assert well_root(name) == root


def test_duplicate_mnemonics(tmp_path):
    header = HEADER.replace("RHOB.G/C3  : Bulk density", "GR  .GAPI  : Gamma ray again")
    different = read(write_las(tmp_path, text=las_text(header=header)))[0]
    assert (
        list(different.data.data_vars) == ["GR:1", "GR:2"] and "2 different curves are called GR" in different.notes[0]
    )
    rows = [[100.0, 1.0, 1.0], [100.5, 2.0, 2.0], [101.0, -999.25, -999.25]]
    same = read(write_las(tmp_path, text=las_text(rows, header=header)))[0]
    assert list(same.data.data_vars) == ["GR"] and "same values" in same.notes[0]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("", "Fix: copy or download it again"),
        ("just words\n", "Fix: check that this is a LAS file"),
        (las_text().split("~Ascii")[0], "Fix: the file is cut off in its header"),
        (las_text().split("~Ascii")[0] + "~Ascii\n", "Fix: the file holds a header only"),
        (las_text()[:-20], "Fix: copy or export the file again"),
        (las_text().replace("52.0000", "5x.0000"), "Fix: correct the value"),
        (las_text().replace("2.0 :", "3.0 :"), "Fix: export the well again as LAS 2.0"),
        (las_text()[:-12] + "-", "Fix: copy or export the file again"),
        (las_text([[100.0, 1, 1]], stop=900.0), "Fix: copy or export it again"),
        (las_text(stop=900.0), 'Fix: .*incomplete = "accept"'),
        (las_text().replace("DEPT.M ", "XYZ ."), "Fix: export the file with depth"),
        (las_text([[100.0, 1, 1], [-999.25, 2, 2], [101.0, 3, 3]]), "Fix: remove these rows"),
        (las_text().replace("RHOB.G/C3  : Bulk density\n", ""), "Fix: correct the row or the curve section"),
        (las_text().replace("     51.0000", ""), "Fix: correct the row"),
        (las_text().replace("52.0000", "52,0000"), "Fix: correct the value"),
    ],
)
def test_bad_files_name_the_file_and_the_fix(tmp_path, text, fix):
    path = write_las(tmp_path, "bad.las", text=text)
    with pytest.raises(DataError, match=fix) as error:
        read(path)
    assert "bad.las" in str(error.value) and len(str(error.value).splitlines()) <= 4


def test_bad_number_names_line_and_curve(tmp_path):
    with pytest.raises(DataError, match=r"'5x.0000' is not a number[\s\S]*line 18, curve GR"):
        read(write_las(tmp_path, text=las_text().replace("52.0000", "5x.0000")))


def test_incomplete_file_can_be_accepted(tmp_path):
    path = write_las(tmp_path, stop=900.0)
    assert "before the STOP" in read(path, incomplete="accept")[0].notes[0]
    with pytest.raises(ConfigError, match='use "error" or "accept"'):
        read(path, incomplete="maybe")


def test_wrong_null_is_refused_until_it_is_stated(tmp_path):
    rows = [[100.0 + i, -999.25 if i < 5 else 50.0, 2.0] for i in range(20)]
    path = write_las(tmp_path, rows=rows, null="-9999")
    with pytest.raises(WrongNullError, match=r"5 values are -999.25[\s\S]*curve GR[\s\S]*null = \[-999.25\]"):
        read(path)
    record = read(path, null=(-999.25,))[0]
    assert int(np.isnan(record.data["GR"]).sum()) == 5 and "5 values of -999.25" in record.notes[0]


def test_curve_of_text_and_empty_curves(tmp_path):
    rows = ["100.0 nan sand", "100.5 NaN shale", "101.0 -999.25 sand"]
    head = las_text().split("~Ascii")[0]
    record = read(write_las(tmp_path, text=head + "~Ascii\n" + "\n".join(rows) + "\n"))[0]
    assert list(record.data.data_vars) == ["GR"]
    assert "curve RHOB holds text ('sand' ...) and is not read" in record.notes


def test_no_value_at_all_is_noted(tmp_path):
    rows = [[100.0, -999.25, -999.25], [100.5, -999.25, -999.25]]
    assert read(write_las(tmp_path, rows=rows))[0].notes == ("no curve holds a value",)


def test_commas_between_values_and_comments(tmp_path):
    text = las_text().split("~Ascii")[0] + "~Ascii\n100.0,50.0,2.0\n# break\n\n100.5,51.0,2.1\n101.0,52.0,2.2\n"
    path = write_las(tmp_path, text=text)
    np.testing.assert_array_equal(read(path)[0].data["RHOB"], [2.0, 2.1, 2.2])
    out = write(path, tmp_path / "o.las", [Curve("X", np.arange(3.0))])
    np.testing.assert_array_equal(read(out)[0].data["X"], [0.0, 1.0, 2.0])


def test_crlf_line_ends(tmp_path):
    path = tmp_path / "crlf.las"
    path.write_bytes(las_text().replace("\n", "\r\n").encode())
    out = write(path, tmp_path / "o.las", [Curve("X", np.arange(3.0))])
    assert out.read_bytes().count(b"\r\n") == out.read_bytes().count(b"\n")
    np.testing.assert_array_equal(read(out)[0].data["X"], [0.0, 1.0, 2.0])


def test_writer_refuses_what_does_not_fit(tmp_path):
    path = write_las(tmp_path)
    with pytest.raises(DataError, match="Fix: bring it to the file's own axis"):
        write(path, tmp_path / "o.las", [Curve("X", np.zeros(7))])
    with pytest.raises(DataError, match="Fix: choose another name"):
        write(path, tmp_path / "o.las", [Curve("gr", np.zeros(3))])
    with pytest.raises(DataError, match="Fix: use letters"):
        write(path, tmp_path / "o.las", [Curve("A B", np.zeros(3))])
    with pytest.raises(DataError, match="Fix: write into another folder"):
        write(path, path, [Curve("X", np.zeros(3))])
    assert [p.name for p in tmp_path.iterdir()] == ["a.las"]


def test_writer_adds_null_where_the_header_has_none(tmp_path):
    text = "\n".join(line for line in las_text().splitlines() if not line.startswith("NULL")) + "\n"
    out = write(write_las(tmp_path, text=text), tmp_path / "o.las", [Curve("X", np.array([1.0, np.nan, 3.0]))])
    np.testing.assert_array_equal(read(out)[0].data["X"], [1.0, np.nan, 3.0])


@pytest.fixture(scope="module")
def well(data_dir, tmp_path_factory):
    """One FORCE well, unpacked."""
    path = tmp_path_factory.mktemp("force") / "32_2-1.las"
    path.write_bytes(lzma.decompress((data_dir / "force2020/las/32_2-1.las.xz").read_bytes()))
    return path


def test_real_well_agrees_with_lasio(well):
    record, reference = read(well)[0], lasio.read(well, mnemonic_case="preserve")
    assert record.name == "32/2-1" and len(record) == 6059
    for curve in reference.curves[1:]:
        np.testing.assert_array_equal(record.data[curve.mnemonic], curve.data)
        assert record.data[curve.mnemonic].attrs["units"] == curve.unit


def test_real_well_round_trip_keeps_every_character(well, tmp_path):
    rows = len(read(well)[0])
    values = np.where(np.arange(rows) % 3, 65000.0, np.nan)
    curves = [Curve("LITH_PRED", values, "", "predicted lithology"), Curve("LITH_CONF", np.full(rows, 0.8125), "V/V")]
    out = write(
        well,
        tmp_path,
        curves,
        parameters={"LITH_65000": ("Shale", "class code 65000")},
        provenance="made by a test\nline 2",
    )
    before, after = well.read_text().splitlines(), out.read_text().splitlines()
    body = before.index("~Ascii") + 1
    assert [line[: len(old)] for line, old in zip(after[-rows:], before[body:], strict=True)] == before[body:]
    assert [line for line in before[:body] if line not in after] == []
    assert after[:2] == ["# made by a test", "# line 2"]
    again, header = read(out)[0], lasio.read(out, mnemonic_case="preserve")
    np.testing.assert_array_equal(again.data["LITH_PRED"], values)
    np.testing.assert_array_equal(again.data["LITH_CONF"], np.full(rows, 0.8125))
    assert again.data["LITH_CONF"].attrs["units"] == "V/V"
    assert header.params["LITH_65000"].value == "Shale"
    original = read(well)[0]
    assert again.data[list(original.data.data_vars)].equals(original.data)


def test_writer_takes_the_encoding_of_the_reader(tmp_path):
    path = tmp_path / "dos.las"
    path.write_bytes(las_text(well="Grün").encode("cp437"))
    assert read(path, encoding="cp437")[0].name == "Grün"
    out = write(path, tmp_path / "new.las", [Curve("P", np.arange(3.0))], encoding="cp437")
    assert read(out, encoding="cp437")[0].name == "Grün"
