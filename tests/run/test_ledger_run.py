"""Checks declared in the run file: on wells, on forecasts of maps, and every refusal of `outcrop check` by its fix."""

import numpy as np
import pytest
import xarray as xr
from test_maps_in_time import RUN as MAPS
from test_maps_in_time import written

import outcrop
from outcrop.errors import ConfigError
from outcrop.report.folder import read
from outcrop.report.sections import physics_ledger
from synthetic_wells import field, run_file

NUMBER = {
    '[data.target.FACIES]\nclasses = {10 = "Sand", 20 = "Shale", 30 = "Lime"}': (
        '[data.target.PERM]\nunit = "mD"\ntransform = "log10"'
    ),
    '["majority", "nearest_neighbours"]': '["mean", "linear"]',
    "[train]": '[loss]\nkind = "mse"\n[train]',
}  # fmt: skip


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    """A run file whose target is a number along depth."""
    folder = tmp_path_factory.mktemp("wells")
    field(folder / "wells")
    return run_file(folder, replace=NUMBER)


def entry_of(result):
    return next(iter(result.metrics["promises"].values()))["ledger"]


def test_number_along_depth_from_run_file_to_page(numbers, tmp_path, quick_run):
    checks = [
        "evaluate.ledger.possible={range=[0, 200]}",
        'evaluate.ledger.slope={range=[-1e4, 1e4], of="d(PERM, depth)", unit="mD/km"}',
        'evaluate.ledger.texture={spectrum="depth", shorter_than=4}',
        'evaluate.ledger.closure={balance="PERM - k * GR", constant={k="0.5 mD/gAPI"}, tolerance=1000}',
        "evaluate.baselines=['mean', 'linear']",
    ]
    result, _ = quick_run(numbers, tmp_path / "run", *checks)
    possible, slope, texture, closure = entry_of(result)
    data = xr.open_dataset(tmp_path / "run" / "predictions.nc")
    target, model = data["target"].to_numpy(), data["prediction"].to_numpy()
    assert possible["asked"] == len(target) and possible["unit"] == "mD"
    assert possible["truth"]["share"]["value"] == pytest.approx(np.mean(target > 200))
    assert possible["model"]["share"]["value"] == pytest.approx(np.mean(model > 200))
    assert set(possible["baselines"]) == {"mean", "linear"}
    assert slope["asked"] == len(target) - 2 * 2  # two wells, no neighbour at their ends
    first = data["record"].to_numpy() == data["record"].to_numpy()[0]
    steps = 1000 * (target[first][2:] - target[first][:-2]) / 1.0  # two steps of 0.5 m, per km
    assert slope["truth"]["largest"] == 0 or abs(slope["truth"]["largest"]) >= np.abs(steps).max() - 1e4 - 1
    assert texture["wavelength"] == "4 m" and texture["baselines"]["mean"]["short_db"]["value"] is None
    assert texture["model"]["short_db"]["value"] < -3  # a dense network of means smooths noise away
    assert closure["truth"]["share"]["value"] < 0.5 and closure["sentence"].endswith("(within 1000 mD)")
    blocks = physics_ledger(read(tmp_path / "run")).blocks
    cells = [cell.text for row in blocks[0][1].cells() for cell in row]
    assert {"possible", "slope", "texture", "closure", "0 <= PERM <= 200 mD"} <= set(cells)


def test_classes_by_their_codes_in_rotation(wells, tmp_path, quick_run):
    run = run_file(tmp_path, wells / "wells", replace={'test = ["Alpha-2", "Delta-1"]': "folds = 3"})
    never = 'evaluate.ledger.no_clean_shale={never="(FACIES == 20) * (GR < 50)"}'
    result, _ = quick_run(run, tmp_path / "run", never)
    (found,) = entry_of(result)
    data = xr.open_dataset(tmp_path / "run" / "predictions.nc")
    for who, column in (("truth", "target"), ("model", "prediction")):
        share = np.mean((data[column].to_numpy() == 1) & (data["input_GR"].to_numpy() < 50))
        assert found[who]["share"]["value"] == pytest.approx(share, abs=2e-3)  # inputs are stored as float32


def test_every_forecast_is_a_field_of_its_own(tmp_path, quick_run):
    written(tmp_path / "field.nc")
    (tmp_path / "run.toml").write_text(MAPS)
    checks = [
        'evaluate.ledger.east={monotonic="increasing", along="x", tolerance=0.2}',
        'evaluate.ledger.mean={sum=15, of="TEMP / 6", over="x", unit="degC"}',
        'evaluate.ledger.hourly={range=[-10, 10], of="d(TEMP, time)", time_unit="h", unit="K/h"}',
        "evaluate.baselines=['climatology']",
        "model.width_size=4",
    ]
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run", *checks)
    east, mean, hourly = entry_of(result)
    rows = xr.open_dataset(tmp_path / "run" / "predictions.nc").sizes["sample"]
    assert east["asked"] == rows * 5 / 6 and mean["asked"] == rows / 6
    assert hourly["asked"] == rows / 3  # a slope in the middle of each forecast of three hours
    assert hourly["truth"]["share"]["value"] == 0.0


@pytest.mark.parametrize(
    ("check", "fix"),
    [
        ('x={range=[0, 1], of="PERN"}', "known: .*PERM"),
        ('x={monotonic="increasing", along="dept"}', "dimensions with an order: depth"),
        ('x={monotonic="increasing", along="GR"}', "dimensions with an order: depth"),
        ('x={range=[0, 1], unit="m"}', 'unit = "mD"'),
        ('x={balance="PERM - GR"}', "correct the formula, or a variable's unit"),
        ('x={balance="PERM - k * GR", constant={k="much"}}', 'constant = {k = "3.5 m/s"}'),
        ('x={range=[0, 1], time_unit="m"}', 'time_unit = "d"'),
        ('x={spectrum="depth", shorter_than=0.5}', "shorter_than = 2"),
    ],
)
def test_what_does_not_fit_the_data_is_refused_before_training(numbers, check, fix):
    with pytest.raises(ConfigError, match=f"(?s)evaluate.ledger.x.*Fix: .*{fix}"):
        outcrop.check(numbers, overrides=[f"evaluate.ledger.{check}"])


@pytest.mark.parametrize(
    ("check", "told"),
    [
        ("x={}", "needs exactly one of range, monotonic, sum, spectrum, balance, never"),
        ('x={range=[0, 1], balance="PERM"}', "needs exactly one of"),
        ('x={monotonic="increasing"}', 'monotonic needs the dimension, along = "depth"'),
        ('x={range=[0, 1], along="depth"}', "along is for monotonic, and this check is range"),
        ("x={range=[1, 0]}", "range rises, such as"),
        ('x={never="PERM > 1", tolerance=1}', "never has no tolerance"),
        ("x={rnage=[0, 1]}", "did you mean 'range'"),
    ],
)
def test_what_cannot_be_said_is_refused_with_its_line(numbers, check, told):
    with pytest.raises(ConfigError, match=told):
        outcrop.check(numbers, overrides=[f"evaluate.ledger.{check}"])


def test_classes_have_no_range(wells, tmp_path):
    run = run_file(tmp_path, wells / "wells")
    with pytest.raises(ConfigError, match='Fix: of = "FACIES == 10"'):
        outcrop.check(run, overrides=["evaluate.ledger.x={range=[0, 1]}"])


def test_held_out_cells_without_neighbours_have_no_steps(tmp_path):
    """Every second line is held out: no two of them are neighbours along x."""
    written(tmp_path / "field.nc")
    text = MAPS.replace('later = "2001-01-06"\nvalidation_from = "2001-01-05"', 'between = {along = "x", every = 2}')
    text = text.replace(
        'view = {history = 4, horizon = 3, size = {y = 4, x = 6}, past_target = true, unknown_future = "last"}',
        "view = {}",
    )
    text = text.replace('skip_steps = 7\nskip_begins = "persistence"\n', "").replace('"convlstm"', '"mlp"')
    text = text.replace("anomaly:hour,place", "none")
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"(?s)neighbours along x.*Fix: another dimension"):
        outcrop.check(tmp_path / "run.toml", overrides=['evaluate.ledger.x={monotonic="increasing", along="x"}'])


def test_temperature_of_the_sea_on_real_data(tmp_path, quick_run):
    """Monthly means off Peru, three months ahead: what the sea can be, and waves shorter than a year."""
    from outcrop.config.template import template_path

    (tmp_path / "run.toml").write_text(template_path("forecast").read_text("utf-8"))
    checks = ["evaluate.ledger.sea={range=[-1.8, 35]}", 'evaluate.ledger.waves={spectrum="time", shorter_than=300}']
    result, _ = quick_run(tmp_path / "run.toml", tmp_path / "run", *checks, "evaluate.baselines=['persistence','mean']")
    sea, waves = entry_of(result)
    assert sea["truth"]["share"]["value"] == 0.0 and sea["unit"] == "degC"
    assert waves["baselines"]["persistence"]["short_db"]["value"] > -1  # the truth three months late is not smoother
    assert waves["baselines"]["mean"]["short_db"]["value"] is None
