"""Class tables, variables, and finding them in records."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from outcrop.data.classes import plain_code
from outcrop.data.variable import ClassTable, Variable, resolve
from outcrop.errors import ConfigError, DataError
from outcrop.records import Record

COST = np.array([[0.0, 1.0, 2.0], [1.5, 0.0, 2.0], [3.0, 3.0, 0.0]])


def well(name="A", units=None, dim="depth", axis=None, **curves):
    units = units or {}
    size = len(next(iter(curves.values())))
    axis = 1000.0 + 0.5 * np.arange(size) if axis is None else axis
    data = {curve: (dim, np.asarray(values), {"units": units.get(curve, "")}) for curve, values in curves.items()}
    return Record(xr.Dataset(data, {dim: (dim, axis, {"units": "m"})}), name, {"well": name}, f"{name}.las")


def one(record, variable, **options):
    records, resolutions = resolve([record], [variable], **options)
    return records[0].data[variable.name].to_numpy(), resolutions[0]


# ---- class tables


def test_index_of_numbers_text_and_objects():
    table = ClassTable.build([30000, 65000, "anhydrite"], ["sand", "shale", "anhydrite"])
    assert table.index(np.array([65000.0, np.nan, 30000.0]), where="A").tolist() == [1, -1, 0]
    assert table.index(np.array(["30000", "anhydrite", ""]), where="A").tolist() == [0, 2, -1]
    assert table.index(np.array([30000, None, " anhydrite "], object), where="A").tolist() == [0, -1, 2]
    assert table.index(np.zeros((0,)), where="A").dtype == np.int32
    assert table.code(np.array([2, -1, 0])).tolist() == ["anhydrite", "", "30000"]


def test_unknown_codes_are_named_with_counts_and_a_fix():
    table = ClassTable((1, 2), ("sand", "shale"))
    with pytest.raises(DataError, match=r"3 \(2 samples\), 9 \(1 samples\)[\s\S]*well A, LITH[\s\S]*ignore = \[3\]"):
        table.index(np.array([1.0, 3.0, 3.0, 9.0]), where="well A, LITH")
    with pytest.raises(DataError, match=r"1.5 \(1 samples\)"):
        table.index(np.array([1.5]), where="A")


def test_merges_and_ignored_codes_leave_the_table():
    table = ClassTable.build([1, 2, 3, 4], ["sand", "silt", "shale", "no core"], merges={"silt": "sand"}, ignore=["4"])
    assert table.codes == (1, 3) and table.names == ("sand", "shale") and table.merges == {2: 1} and len(table) == 2
    assert table.index(np.array([1, 2, 3, 4]), where="A").tolist() == [0, 0, 1, -1]
    assert table.missing(np.array([4.0, np.nan])).tolist() == [False, True]


def test_cost_after_merging_must_be_stated():
    build = {"codes": [1, 2, 3], "names": ["sand", "silt", "shale"]}
    with pytest.raises(
        ConfigError, match=r"the cost of both is not stated[\s\S]*cost_order = \[1, 3\] with a 2 x 2 matrix"
    ):
        ClassTable.build(**build, merges={2: 1}, cost=np.array([[0, 1, 2], [1, 0, 9], [3, 3, 0.0]]))
    same = np.array([[0.0, 0.0, 2.0], [0.0, 0.0, 2.0], [3.0, 3.0, 0.0]])
    assert ClassTable.build(**build, merges={2: 1}, cost=same).cost.tolist() == [[0, 2], [3, 0]]
    stated = ClassTable.build(**build, merges={2: 1}, cost=np.array([[0, 5.0], [6.0, 0]]), cost_order=[3, 1])
    assert stated.cost.tolist() == [[0, 6], [5, 0]]
    assert ClassTable.build(**build, merges={2: 1}, cost=np.array([[0, 5.0], [6.0, 0]])).cost.tolist() == [
        [0, 5],
        [6, 0],
    ]


def test_cost_follows_its_order_and_drops_classes_without_data():
    table = ClassTable.build([3, 1], ["shale", "sand"], cost=COST, cost_order=[1, 2, 3])
    assert table.cost.tolist() == [[0.0, 3.0], [2.0, 0.0]]
    with pytest.raises(ValueError, match="read-only"):
        table.cost[0, 0] = 1
    with pytest.raises(ConfigError, match=r"lacks the classes 4[\s\S]*add them to cost_order"):
        ClassTable.build([1, 4], ["sand", "coal"], cost=COST, cost_order=[1, 2, 3])
    with pytest.raises(ConfigError, match="change its sign"):
        ClassTable((1, 2, 3), ("a", "b", "c"), cost=-COST)
    with pytest.raises(ConfigError, match="2 x 2 matrix"):
        ClassTable((1, 2), ("a", "b"), cost=COST)


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"codes": [1, "1"], "names": ["a", "b"]}, "repeated lines"),
        ({"codes": [1, 2], "names": ["a"]}, "one name"),
        ({"codes": [1, 2, 3], "names": list("abc"), "merges": {7: 1}}, "a code or a name of the class table"),
        ({"codes": [1, 2, 3], "names": list("abc"), "merges": {1: 2, 2: 3}}, "into a class that is kept"),
        ({"codes": [1, 2, 3], "names": list("abc"), "merges": {1: 2}, "ignore": [1]}, "choose one"),
        ({"codes": [1, 2], "names": list("ab"), "ignore": [1]}, "at least two classes"),
        ({"codes": [1, None], "names": list("ab")}, "a number or a word"),
    ],
)
def test_impossible_tables_are_refused(arguments, fix):
    with pytest.raises(ConfigError, match=fix):
        ClassTable.build(**arguments)


def test_constructor_wants_codes_after_merges():
    with pytest.raises(ConfigError, match=r"ClassTable\.build"):
        ClassTable((1, 2, 3), ("a", "b", "c"), merges={2: 1})


CODES = st.one_of(
    st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6).map(float), st.text(st.characters(codec="ascii"), max_size=6)
)


@settings(max_examples=60, deadline=None)
@given(
    codes=st.lists(CODES, min_size=2, max_size=6, unique_by=plain_code).filter(
        lambda c: None not in map(plain_code, c)
    ),
    data=st.data(),
)
def test_codes_come_back_through_index_and_json(codes, data):
    cost = np.array(data.draw(st.lists(st.floats(0, 1e9), min_size=len(codes) ** 2, max_size=len(codes) ** 2)))
    table = ClassTable.build(codes, [f"n{i}" for i in range(len(codes))], cost=cost.reshape(len(codes), -1))
    back = ClassTable.from_json(json.loads(json.dumps(table.to_json(), allow_nan=False)))
    assert back == table and hash(back) == hash(table) and back.cost.tobytes() == table.cost.tobytes()
    picked = np.array(data.draw(st.lists(st.integers(-1, len(codes) - 1), max_size=8)), int)
    assert table.index(table.code(picked), where="A").tolist() == picked.tolist()


# ---- variables


def test_defaults_and_circular_spelling():
    assert Variable("GR").sources == ("GR",) and Variable("GR").kind == "number"
    azimuth = Variable("AZI", transform="sin_cos", period=360)
    assert azimuth == Variable("AZI", transform="sin_cos:360") and azimuth.period == 360.0
    assert azimuth.value_channels == ("AZI_sin", "AZI_cos")
    assert Variable("T", transform="anomaly").transform == "anomaly:month"


@pytest.mark.parametrize(
    ("arguments", "fix"),
    [
        ({"role": "inputs"}, "did you mean 'input'"),
        ({"missing": "skip"}, "impute, mask, drop, error"),
        ({"transform": "log"}, "did you mean 'log10'"),
        ({"transform": "sin_cos"}, "sin_cos:360"),
        ({"transform": "sin_cos:-1"}, "sin_cos:360"),
        ({"period": 24}, "sin_cos:24"),
        ({"transform": "anomaly:week"}, "anomaly:month"),
        ({"valid_range": (5, 1)}, "range = "),
        ({"clip": 0}, "clip = 5"),
        ({"role": "target", "scope": "record"}, 'scope = "training"'),
        ({"role": "target", "transform": "sin_cos:360"}, "sine and its cosine"),
        ({"transform": "sin_cos:360", "robust": True}, "remove robust"),
        ({"transform": "anomaly", "scope": "record"}, 'scope = "training"'),
        ({"classes": ClassTable((1, 2), ("a", "b")), "unit": "m"}, "remove unit"),
        ({"weight_map": {1: 1.0}}, 'role = "weight"'),
        ({"role": "weight", "weight_map": {1: -1.0}}, "weights are 0 or more"),
        ({"role": "weight", "transform": "log10"}, "use weight_map"),
    ],
)
def test_impossible_variables_are_refused_with_a_fix(arguments, fix):
    with pytest.raises(ConfigError, match=f"Fix: .*{fix}"):
        Variable("X", **arguments)


def test_variable_json_round_trip():
    variables = [
        Variable(
            "RT", sources=("RDEP", "ILD"), unit="ohm.m", valid_range=(0.1 + 0.2, None), transform="log10", clip=5.0
        ),
        Variable("L", role="target", classes=ClassTable.build([1, 2, 3], list("abc"), merges={2: 1}, ignore=[])),
        Variable("W", role="weight", weight_map={1: 1.0, "low": 0.3}),
        Variable("AZI", transform="sin_cos:360", missing="mask"),
    ]
    for variable in variables:
        assert Variable.from_json(json.loads(json.dumps(variable.to_json(), allow_nan=False))) == variable


# ---- resolve


def test_preferred_alias_with_values_is_used():
    record = well(GR=[np.nan] * 3, ECGR=[1.0, np.nan, 3.0], SGR=[7.0, 8.0, 9.0])
    values, found = one(record, Variable("GAMMA", sources=("GR", "ECGR", "SGR")))
    assert values[[0, 2]].tolist() == [1, 3] and np.isnan(values[1])
    assert (found.source, found.others, found.missing) == ("ECGR", ("GR", "SGR"), False)
    assert found.missing_share == pytest.approx(1 / 3) and found.to_json()["others"] == ["GR", "SGR"]


def test_fill_takes_gaps_from_the_next_alias():
    record = well(A=[1.0, np.nan, 3.0], B=[10.0, 20.0, 30.0], units={"A": "m", "B": "ft"})
    values, found = one(record, Variable("X", sources=("A", "B"), unit="m", splice="fill"))
    assert (
        values == pytest.approx([1.0, 20 * 0.3048, 3.0]) and found.source == "A + B" and "ft to m" in found.conversion
    )


def test_an_ignored_class_is_not_filled():
    table = ClassTable.build([1, 2, 9], ["a", "b", "bad hole"], ignore=[9])
    values, _ = one(
        well(C=[1.0, 9.0, np.nan], D=[2.0, 2.0, 2.0]), Variable("L", sources=("C", "D"), classes=table, splice="fill")
    )
    assert values.tolist() == [0, -1, 1] and values.dtype == np.int32


def test_unused_aliases_are_not_judged():
    record = well(A=[1.0, 2.0], B=[1.0, 2.0], units={"A": "m", "B": "gAPI"})
    assert one(record, Variable("X", sources=("A", "B"), unit="m"))[1].others == ("B",)


def test_units_are_converted_and_assumed_out_loud():
    record = well(DT=[100.0, 200.0], units={"DT": "US/FT"})
    values, found = one(record, Variable("DT", unit="us/m"))
    assert (
        values == pytest.approx([328.084, 656.168], rel=1e-5)
        and "us/ft to us/m" in found.conversion
        and found.unit == "US/FT"
    )
    with pytest.raises(DataError, match=r"no unit[\s\S]*A \(A\.las\), curve DT[\s\S]*assume_unit"):
        one(well(DT=[1.0]), Variable("DT", unit="us/m"))
    assert "us/m assumed" in one(well(DT=[1.0]), Variable("DT", unit="us/m", assume_unit="us/m"))[1].conversion
    with pytest.raises(DataError, match=r"variable\.DT[\s\S]*Where: A[\s\S]*Fix: "):
        one(record, Variable("DT", unit="gAPI"))


def test_units_that_differ_between_records_are_an_error_when_none_is_wanted():
    records = [
        well("A", X=[1.0], units={"X": "m"}),
        well("B", X=[1.0], units={"X": "ft"}),
        well("C", X=[1.0], units={"X": "M"}),
    ]
    with pytest.raises(DataError, match=r'm in A, ft in B[\s\S]*variable\.X\.unit = "m"'):
        resolve(records, [Variable("X")])
    assert len(resolve([records[0], records[2]], [Variable("X")])[0]) == 2


def test_values_that_cannot_be_are_removed_and_counted():
    record = well(RT=[-1.0, 0.0, 5.0, 2000.0, np.inf, np.nan])
    values, found = one(record, Variable("RT", transform="log10", valid_range=(None, 1000)))
    assert np.isfinite(values).tolist() == [False, False, True, False, False, False] and found.out_of_range == 4


def test_absent_inputs_follow_their_policy():
    records = [well("A", GR=[1.0, 2.0], PEF=[1.0, 2.0]), well("B", GR=[1.0, 2.0])]
    for missing in ("impute", "mask"):
        out, found = resolve(records, [Variable("GR"), Variable("PEF", missing=missing)])
        assert np.isnan(out[1].data["PEF"]).all() and found[3].missing and f"missing = {missing}" in out[1].notes[-1]
    for missing in ("error", "drop"):
        with pytest.raises(DataError, match=r'B has no value of PEF[\s\S]*missing = "mask"'):
            resolve(records, [Variable("GR"), Variable("PEF", missing=missing)])
    with pytest.raises(DataError, match=r'1 of 2 samples, first at depth 1000\.5[\s\S]*missing = "mask"'):
        one(well(GR=[1.0, np.nan]), Variable("GR", missing="error"))


def test_absent_everywhere_is_a_wrong_name():
    with pytest.raises(
        DataError, match=r"No record has a value of GAMA \(did you mean 'GAMMA'\?\)[\s\S]*variable\.GAMA\.from"
    ):
        one(well(GAMMA=[1.0]), Variable("GAMA"))
    with pytest.raises(DataError, match="GAMMA is missing in every sample of all records: GAMMA holds no number"):
        one(well(GAMMA=[np.nan]), Variable("GAMMA"))
    values, found = one(well(GAMMA=[1.0]), Variable("GAMA"), training=False)
    assert np.isnan(values).all() and found.missing


def test_a_record_without_target_is_unlabelled():
    table = ClassTable((1, 2), ("a", "b"))
    records = [well("A", GR=[1.0, 2.0], L=[1.0, 2.0]), well("B", GR=[1.0, 2.0])]
    out, _ = resolve(records, [Variable("GR"), Variable("L", role="target", classes=table)])
    assert out[1].data["L"].to_numpy().tolist() == [-1, -1] and "unlabelled" in out[1].notes[-1] and not out[0].notes
    with pytest.raises(DataError, match=r"target\.L\.from"):
        resolve(records[1:], [Variable("GR"), Variable("L", role="target", classes=table)])


def test_names_are_matched_in_any_case_but_never_by_guess():
    assert one(well(gr=[1.0]), Variable("GR"))[1].source == "gr"
    assert one(well(gr=[1.0], GR=[2.0]), Variable("GR"))[0].tolist() == [2.0]
    with pytest.raises(DataError, match=r"2 curves are called 'GR': gr, Gr[\s\S]*from = \[\"gr\"\]"):
        one(well(gr=[1.0], Gr=[2.0]), Variable("GR"))
    with pytest.raises(DataError, match=r"from = \[\"GR:1\"\]"):
        one(well(**{"GR:1": [1.0], "GR:2": [2.0]}), Variable("GR"))


def test_axis_static_and_time_as_variables():
    assert one(well(GR=[1.0, 2.0]), Variable("Z", sources=("depth",)))[0].tolist() == [1000.0, 1000.5]
    days = np.array(["1970-01-01", "1970-01-03T12"], "datetime64[ns]")
    record = well(dim="time", axis=days, X=[1.0, 2.0])
    assert one(record, Variable("day", sources=("time",), transform="sin_cos:365.25"))[0].tolist() == [0.0, 2.5]
    static = record.with_data(record.data.assign(kb=((), 25.0)))
    assert one(static, Variable("kb"))[0].tolist() == [25.0, 25.0]
    with pytest.raises(ConfigError, match="time_input"):
        one(record, Variable("time"))


def test_weights_by_code():
    confidence = well(C=[1.0, 3.0, np.nan, np.nan])
    weight = Variable("W", role="weight", sources=("C",), weight_map={1: 1.0, 3: 0.3})
    assert np.array_equal(one(confidence, weight)[0], [1.0, 0.3, np.nan, np.nan], equal_nan=True)
    words = well(C=np.array(["1", "", None, " 3"], object))
    assert np.array_equal(one(words, weight)[0], [1.0, np.nan, np.nan, 0.3], equal_nan=True)
    with pytest.raises(DataError, match=r"no weight for 3[\s\S]*3 = 1.0"):
        one(confidence, Variable("W", role="weight", sources=("C",), weight_map={1: 1.0}))
    with pytest.raises(DataError, match="weights below 0"):
        one(well(W=[-1.0]), Variable("W", role="weight"))


def test_text_where_numbers_are_wanted():
    text = np.array(["1.5", "", "dry"], object)
    with pytest.raises(DataError, match=r"'dry'[\s\S]*A \(A\.las\), curve X[\s\S]*classes = "):
        one(well(X=text), Variable("X"))
    values, _ = one(well(X=text[:2]), Variable("X"))
    assert values[0] == 1.5 and np.isnan(values[1])


def test_names_and_roles_are_unique():
    with pytest.raises(ConfigError, match="its own name"):
        resolve([well(X=[1.0])], [Variable("X"), Variable("X")])
    with pytest.raises(ConfigError, match="one target per run"):
        resolve([well(X=[1.0])], [Variable("X", role="target"), Variable("Y", role="target")])


def test_dataset_holds_exactly_the_variables():
    out, _ = resolve([well(GR=[1.0], SP=[2.0], units={"GR": "gAPI"})], [Variable("GAMMA", sources=("GR",))])
    assert list(out[0].data.data_vars) == ["GAMMA"] and out[0].data["GAMMA"].attrs["units"] == "gAPI"
    assert out[0].axis.tolist() == [1000.0] and out[0].data["GAMMA"].dtype == np.float64


def test_discharge_becomes_a_depth_of_water():
    import xarray as xr

    from outcrop.records import Record

    data = xr.Dataset({"Q": ("time", np.array([1.0, 2.0]), {"units": "m3/s"})}, {"time": [0, 1]})
    gauge = Record(data, "gauge", {"area_km2": "86.4"})
    runoff = Variable("Q", role="target", unit="mm/d", per_area="area_km2")
    records, _ = resolve([gauge], [runoff])
    np.testing.assert_allclose(records[0].data["Q"].to_numpy(), [1, 2])  # 1 m3/s over 86.4 km2 is 1 mm/d
    assert Variable.from_json(runoff.to_json()) == runoff
    with pytest.raises(DataError, match="did you mean 'area_km2'"):
        resolve([gauge], [Variable("Q", role="target", unit="mm/d", per_area="area_km")])
