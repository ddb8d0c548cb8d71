"""Training that fails or is stopped keeps what was finished, and `--resume` goes on from there."""

import importlib

import pytest

import outcrop
from outcrop.cli import _call
from outcrop.errors import NonFiniteError
from synthetic_wells import QUICK, Told

ROTATION = (*QUICK, "promise={new = 'well', folds = 3}", 'evaluate.accept={few_groups = "a test"}')


def test_error_in_a_later_fold_keeps_the_finished_ones(wells, tmp_path, monkeypatch, no_report):
    rotate = importlib.import_module("outcrop.run.rotate")
    solve, calls = rotate.solve, []

    def fails_in_the_third(*arguments, **options):
        calls.append(options["title"])
        if len(calls) == 3:
            raise NonFiniteError("The loss is not finite.\nFix: set train.learning_rate ten times lower.")
        return solve(*arguments, **options)

    monkeypatch.setattr(rotate, "solve", fails_in_the_third)
    with pytest.raises(NonFiniteError, match=r"Fix: set train\.learning_rate"):
        outcrop.run(wells / "run.toml", out=tmp_path / "run", overrides=ROTATION)
    kept = {path.name for path in (tmp_path / "run" / "checkpoints").glob("*.npz")}
    assert kept == {"fold-0.npz", "fold-1.npz"}
    monkeypatch.setattr(rotate, "solve", solve)
    told = Told()
    outcrop.run(wells / "run.toml", out=tmp_path / "run", overrides=ROTATION, resume=True, tell=told)
    assert {step[0] for step in told.steps} == {"fold 3 of 3", "baselines", "refit"}
    assert (tmp_path / "run" / "metrics.json").exists()


def test_ctrl_c_between_trainings_leaves_a_run_to_resume(wells, tmp_path, monkeypatch, capsys, no_report):
    rotate = importlib.import_module("outcrop.run.rotate")

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(rotate, "_baseline_columns", stopped)
    sets = [part for change in QUICK for part in ("--set", change)]
    assert _call(["run", str(wells / "run.toml"), "--out", str(tmp_path / "run"), *sets], False) == 130
    assert "--resume" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(
        importlib.import_module("outcrop.run.run"), "write_report", lambda folder: folder / "report.html"
    )
    assert _call(["run", str(wells / "run.toml"), "--out", str(tmp_path / "run"), *sets, "--resume"], False) == 0
