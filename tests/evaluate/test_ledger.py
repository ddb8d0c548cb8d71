"""The physics ledger on made-up wells: truth, network and baseline side by side, with known breaches."""

import json
from dataclasses import replace

import numpy as np
import pytest

from outcrop.evaluate.breakdown import Extras
from outcrop.evaluate.findings import findings
from outcrop.evaluate.ledger import Declared, Grid, Ledger
from outcrop.evaluate.scored import Scored
from outcrop.evaluate.summary import Question, assemble, summarise
from outcrop.physics.formula import Formula, Names

WELLS, CELLS = 8, 64
DEPTH = 1000.0 + 2.0 * np.arange(CELLS)
NAMES = Names({"VP": "km/s", "GR": "gAPI", "depth": "m"}, {"depth": "m"})


def truth():
    """Velocities that rise by 1 m/s per metre with a wave of 8 samples, one curve per well."""
    wave = 0.05 * np.sin(2 * np.pi * np.arange(CELLS) / 8)
    return np.stack([2.0 + 1e-3 * (DEPTH - 1000) + wave + 0.01 * well for well in range(WELLS)])


def made(checks, model, baseline=None, target=None, forecast=None, keep=None, codes=(), classes=None):
    """The entry of a promise on 8 wells of 64 samples; `keep` are the scored samples."""
    target = truth() if target is None else target
    keep = np.ones(target.shape, bool) if keep is None else keep
    well, cell = np.nonzero(keep)
    predictions = {
        "model": model[keep],
        "mean": np.full(len(well), target.mean()) if baseline is None else baseline[keep],
    }
    names = tuple(f"W{number}" for number in range(WELLS))
    scored = Scored(
        well, names, DEPTH[cell], target[keep], predictions, groups={"well": np.array(names)}, unit="km/s",
        classes=classes,
    )  # fmt: skip
    inputs = {"GR": np.linspace(0, 1, CELLS), "depth": DEPTH}
    grids = [Grid(name, ("depth",), (CELLS,), {"depth": DEPTH}, inputs.__getitem__) for name in names]
    ledger = Ledger(checks, "VP", grids, cell, forecast, codes)
    return summarise(scored, Question("new = well", key="well"), Extras(ledger=ledger))


def declared(kind, text="VP", **more):
    formula = Formula(text, NAMES)
    return Declared("mine", kind, formula, formula.unit, **more)


def only(entry):
    (found,) = entry["ledger"]
    json.dumps(found, allow_nan=False)
    return found


def told(entry):
    metrics = assemble({"new = well": entry})
    return {row["id"]: row["sentence"] for row in findings(metrics)}


def test_range_counts_what_is_outside_and_names_the_worst():
    model = truth()
    model[:, 10:26] = 9.0
    model[3, 40] = -1.0
    entry = made([declared("range", low=1.0, high=8.0)], model)
    found = only(entry)
    assert found["model"]["share"]["value"] == pytest.approx((16 * WELLS + 1) / (CELLS * WELLS))
    assert found["truth"]["share"] == {"value": 0.0, "low": 0.0, "high": 0.0} and found["truth"]["largest"] == 0.0
    assert (found["model"]["largest"], found["model"]["record"], found["model"]["place"]) == (-2.0, "W3", "depth 1080")
    assert found["word"] == "more than the truth" and found["baselines"]["mean"]["share"]["value"] == 0.0
    assert found["sentence"] == "1 <= VP <= 8 km/s" and found["asked"] == CELLS * WELLS
    sentence = told(entry)["ledger_broken"]
    assert "mine (1 <= VP <= 8 km/s): 25 % of values outside, the truth 0 % of values outside" in sentence
    assert "at most 2.00 km/s in W3 at depth 1080" in sentence and "ledger_truth" not in told(entry)


def test_as_often_as_the_truth_is_no_breach_of_the_network():
    """Truth and network leave the range at the same cells: the declaration is doubted, not the network."""
    entry = made([declared("range", high=2.1)], truth())
    found = only(entry)
    assert found["model"]["share"] == found["truth"]["share"] and found["word"] == "no more than the truth"
    assert "ledger_broken" not in told(entry)
    assert "The truth itself does not keep 1 declared check: mine (VP <= 2.1 km/s)" in told(entry)["ledger_truth"]


def test_order_along_a_dimension_with_a_tolerance():
    check = declared("monotonic", along="depth", tolerance=0.01)
    rising = np.tile(2.0 + 1e-3 * DEPTH, (WELLS, 1))
    model = rising.copy()
    model[:, 20] += 0.5
    found = only(made([check], model, target=rising))
    assert found["asked"] == WELLS * (CELLS - 1)
    assert found["model"]["share"]["value"] == pytest.approx(1 / (CELLS - 1))
    assert found["model"]["largest"] == pytest.approx(0.5 - 2e-3) and found["model"]["place"] == "depth 1042"
    within = only(made([replace(check, tolerance=0.6)], model, target=rising))
    assert within["model"]["share"]["value"] == 0.0


def test_steps_over_gaps_and_from_forecast_to_forecast_are_not_asked():
    keep = np.ones((WELLS, CELLS), bool)
    keep[:, 1::2] = False
    check = declared("monotonic", along="depth")
    assert only(made([check], truth(), keep=keep))["asked"] == 0
    forecast = np.tile(np.arange(CELLS) // 2, WELLS)  # of two steps each
    assert only(made([check], truth(), forecast=forecast))["asked"] == WELLS * CELLS // 2


def test_sum_over_a_dimension_by_size():
    """Whole lines only; without a tolerance the size of what is off is told."""
    target = np.full((WELLS, CELLS), 1 / CELLS)
    model = target + 0.25 / CELLS
    keep = np.ones(target.shape, bool)
    keep[0, 5] = False
    found = only(
        made([declared("sum", along="depth", low=1.0, high=1.0, tolerance=None)], model, target=target, keep=keep)
    )
    assert found["asked"] == WELLS - 1 and found["score"] == "size"
    assert found["model"]["size"]["value"] == pytest.approx(0.25) and found["word"] == "more than the truth"
    assert found["truth"]["size"]["value"] == pytest.approx(0.0, abs=1e-12)


def test_balance_of_target_and_inputs_in_physical_units():
    """d(VP)/d(depth) = 1 m/s per m on a straight line; the network's slope is half of it."""
    formula = Formula("d(VP, depth) - slope", replace(NAMES, constants={"slope": (1e-3, "km/s/m")}))
    check = Declared("mine", "balance", formula, "m/s/m", factor=formula.factor("m/s/m"), tolerance=None)
    line = np.tile(1e-3 * DEPTH, (WELLS, 1))
    entry = made([check], line / 2, target=line)
    found = only(entry)
    assert found["asked"] == WELLS * (CELLS - 2)
    assert found["model"]["mean"]["value"] == pytest.approx(-0.5) and found["truth"]["size"]["value"] < 1e-9
    assert "-0.50" not in told(entry)["ledger_broken"] and "0.50 m/s/m left over" in told(entry)["ledger_broken"]


def test_truth_that_does_not_close_is_said():
    check = declared("balance", "VP * (GR >= 0)", tolerance=None)
    line = np.tile(0.1 + 0 * DEPTH, (WELLS, 1))
    assert "0.100000 km/s on average" in told(made([check], line, target=line))["ledger_truth"]


def test_spectrum_tells_a_smooth_network():
    """Half the amplitude of the wave of 16 m is a quarter of its power: 6.02 dB less."""
    check = declared(
        "spectrum", along="depth", cells=dict.fromkeys([f"W{n}" for n in range(WELLS)], 12), wavelength="24 m"
    )
    wave = 0.05 * np.sin(2 * np.pi * np.arange(CELLS) / 8)
    entry = made([check], truth() - 0.5 * wave)
    found = only(entry)
    assert found["model"]["short_db"]["value"] == pytest.approx(-6.02, abs=0.3)
    assert abs(found["model"]["long_db"]["value"]) < 0.3 and found["truth"]["short_db"]["value"] == 0.0
    assert found["baselines"]["mean"]["short_db"]["value"] is None  # a constant has no waves
    assert found["word"] == "smoother than the truth" and "smoother than the truth" in told(entry)["ledger_waves"]


def test_never_speaks_of_codes_of_classes():
    from types import SimpleNamespace

    classes = SimpleNamespace(codes=(30, 65, 90), names=("sand", "shale", "coal"), cost=None)
    target = np.zeros((WELLS, CELLS), int)
    model = target.copy()
    model[:, -4:] = 2
    check = declared("never", "(VP == 90) * (GR > 0.9)")
    found = only(made([check], model, baseline=target, target=target, codes=(30, 65, 90), classes=classes))
    assert found["model"]["share"]["value"] == pytest.approx(4 / CELLS) and found["word"] == "more than the truth"
    assert found["sentence"] == "never (VP == 90) * (GR > 0.9)"


def test_few_groups_are_too_few_for_a_word():
    model = truth()
    model[:] = 9.0
    keep = np.zeros(model.shape, bool)
    keep[:4] = True
    assert only(made([declared("range", high=8.0)], model, keep=keep))["word"] == "cannot tell"


def test_a_formula_without_a_number_is_counted():
    model = truth()
    model[:, 3] = -1.0
    formula = Formula("log(VP)", Names({"VP": ""}))
    found = only(made([Declared("mine", "range", formula, "", high=5.0)], model))
    assert found["undefined"] == WELLS and found["asked"] == WELLS * (CELLS - 1)
