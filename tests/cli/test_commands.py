"""The command line: quick help, thin commands, exit codes, messages without traceback."""

import subprocess
import sys

import pytest

from outcrop.cli import COMMANDS, _call
from outcrop.config.load import load
from synthetic_wells import QUICK


def outcrop(*arguments, code=0):
    """The command in another process: (stdout, stderr)."""
    done = subprocess.run([sys.executable, "-m", "outcrop", *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


HEAVY = ("jax", "pandas", "numpy", "xarray", "matplotlib", "pydantic", "sklearn")


@pytest.mark.parametrize("arguments", [["--help"], [], ["--version"]])
def test_help_imports_nothing_heavy(arguments):
    code = (
        f"import sys; sys.argv = ['outcrop', *{arguments!r}]\n"
        "from outcrop.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n") and "outcrop" in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert _call([command, "--help"], False) == 0
    assert COMMANDS[command][1] in " ".join(capsys.readouterr().out.split())


def test_wrong_run_file_needs_no_jax(tmp_path):
    (tmp_path / "run.toml").write_text("[data]\n")
    code = (
        "import sys\nfrom outcrop.cli import _call\n"
        f"assert _call(['check', {str(tmp_path / 'run.toml')!r}], False) == 2\n"
        "print([name for name in ('jax', 'pandas', 'optax', 'xarray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n" and "'promise' is missing" in done.stderr


def test_unknown_command_and_option(capsys):
    assert _call(["rum"], False) == 2
    assert "did you mean 'run'?" in capsys.readouterr().err
    assert _call(["run", "x.toml", "--ouT", "y"], False) == 2


def test_user_error_shows_no_traceback_unless_asked(tmp_path):
    _, error = outcrop("check", str(tmp_path / "none.toml"), code=2)
    assert error.startswith("There is no run file") and "Traceback" not in error
    _, error = outcrop("check", str(tmp_path / "none.toml"), "--debug", code=1)
    assert "Traceback" in error


def test_internal_error_is_told_as_such(monkeypatch, capsys, wells):
    import importlib

    def broken(*_, **__):
        raise RuntimeError("a defect")

    monkeypatch.setattr(importlib.import_module("outcrop.run.check"), "check", broken)
    assert _call(["check", str(wells / "run.toml")], False) == 1
    assert "Internal error: RuntimeError: a defect\nFix: this is a defect of outcrop" in capsys.readouterr().err


def test_check_says_what_would_be_done(wells, capsys):
    before = sorted(path.name for path in wells.iterdir())
    assert _call(["check", str(wells / "run.toml")], False) == 0
    told = capsys.readouterr().out
    assert "7 records" in told and "few wells" in told and "FACIES, 3 classes" in told and "[promise]" in told
    assert sorted(path.name for path in wells.iterdir()) == before


def test_dry_run_writes_nothing(wells, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _call(["run", str(wells / "run.toml"), "--dry-run", "--set", "train.steps=16"], False) == 0
    assert "minutes of training" in " ".join(capsys.readouterr().out.split())
    assert not list(tmp_path.iterdir())


def test_predict_inspect_compare_report(finished, tmp_path, capsys):
    model, run = str(finished.folder / "model.outcrop"), str(finished.folder)
    files = str(finished.base / "wells" / "Alpha-2.las")
    assert _call(["predict", model, files, "--out", str(tmp_path / "out"), "--write", "class, confidence"], False) == 0
    assert (tmp_path / "out" / "summary.csv").exists() and "Alpha-2" in capsys.readouterr().out
    assert _call(["predict", model, files, "--out", str(tmp_path / "out"), "--write", "clas"], False) == 2
    capsys.readouterr()
    assert _call(["inspect", model], False) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "new = well" in told and finished.reason in told and "trained on" in told
    picture = tmp_path / "net.svg"
    assert _call(["inspect", str(finished.base / "run.toml"), "--figure", str(picture)], False) == 0
    told = capsys.readouterr().out
    assert "mlp" in told and "16 x 15 + 16" in told and "multiply-adds" in told and "total" in told
    assert picture.read_text("utf-8").startswith("<?xml")
    assert _call(["inspect", model, "--figure", str(tmp_path / "net.txt")], False) == 2
    assert "Fix: --figure" in capsys.readouterr().err
    assert _call(["compare", run, run], False) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "macro f1" in told.lower() and "same question" not in told
    assert _call(["compare", str(tmp_path)], False) == 2
    assert "Fix: name folders that outcrop run has finished" in capsys.readouterr().err
    assert _call(["report", str(tmp_path)], False) == 2
    assert _call(["inspect", str(tmp_path / "none.outcrop")], False) == 2
    assert "Fix: name a run file or a model file" in capsys.readouterr().err


def test_compare_warns_where_the_questions_differ(finished, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    for name in ("metrics.json", "data.json", "split.json"):
        (other / name).write_text((finished.folder / name).read_text("utf-8").replace("Delta-1", "Echo-1"), "utf-8")
    assert _call(["compare", str(finished.folder), str(other)], False) == 0
    assert "do not answer the same question" in " ".join(capsys.readouterr().out.split())


def test_new_from_files_drafts_a_run_file_that_passes(wells, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert _call(["new", "--from", str(wells / "wells" / "*.las")], False) == 0
    assert "Wrote run.toml" in capsys.readouterr().out
    assert set(load("run.toml").data.variable) >= {"GR", "RHOB", "NPHI"}
    assert _call(["new", "--from", str(wells / "wells" / "*.las")], False) == 2
    assert "--force" in capsys.readouterr().err


@pytest.mark.parametrize(("names", "promise"), [(["Alpha-1"], "later"), (["Alpha-1", "Bravo-1"], "new")])
def test_drafts_for_few_wells_pass_the_check(wells, tmp_path, capsys, monkeypatch, names, promise):
    monkeypatch.chdir(tmp_path)
    for name in names:
        (tmp_path / f"{name}.las").write_bytes((wells / "wells" / f"{name}.las").read_bytes())
    assert _call(["new", "--from", "*.las"], False) == 0
    assert load("run.toml").promise.kind == promise
    assert _call(["check", "run.toml"], False) == 0, capsys.readouterr()


def test_new_from_a_template(tmp_path, capsys):
    assert _call(["new", "forecast", str(tmp_path)], False) == 0
    assert "elnino" in (tmp_path / "run.toml").read_text()
    assert _call(["new"], False) == 2
    assert "Fix: outcrop new --from" in capsys.readouterr().err
    assert _call(["new", "forcast", str(tmp_path / "b")], False) == 2
    assert "did you mean 'forecast'?" in capsys.readouterr().err


def test_data_sets(capsys):
    assert _call(["data", "list"], False) == 0
    told = capsys.readouterr().out
    assert "force2020" in told and "elnino" in told
    assert _call(["data", "fetch", "elnno"], False) == 2
    assert _call(["data", "lst"], False) == 2
    assert "Fix: outcrop data list" in capsys.readouterr().err


def test_demo_does_not_replace_another_run(finished, capsys):
    assert _call(["demo", "--out", str(finished.folder)], False) == 2
    assert "already holds a run" in capsys.readouterr().err
    assert (finished.folder / "metrics.json").exists()


def test_brackets_are_not_taken_for_markup(capsys):
    from outcrop.cli.progress import Terminal

    with Terminal() as terminal:
        terminal("Fix: [promise] folds = 7")
        terminal.step("fold [1]", 1, 2, "loss [x]")
    assert "Fix: [promise] folds = 7" in capsys.readouterr().out


def test_run_from_the_command_line(wells, tmp_path, monkeypatch, capsys, no_report):
    monkeypatch.chdir(tmp_path)
    sets = [part for change in QUICK for part in ("--set", change)]
    assert _call(["run", str(wells / "run.toml"), *sets], False) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "runs" / "run-1" / "metrics.json").exists() and "report.html" in told
    assert "macro F1" in told and "All 8 steps were taken" in told
