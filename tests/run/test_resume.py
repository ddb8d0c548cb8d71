"""A run that was killed goes on where it was, bit for bit; a folder is never used twice by accident."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

import outcrop
from outcrop.errors import ConfigError, DataError
from outcrop.run import folder
from synthetic_wells import QUICK

ROTATION = (*QUICK, "promise={new = 'well', folds = 3}", 'evaluate.accept={few_groups = "a test"}')


def killed_after(path, *arguments, seconds=120):
    """Runs `outcrop run` in another process and kills it (SIGKILL) as soon as `path` is there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "outcrop", "run", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    end = time.monotonic() + seconds
    while not path.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    told = process.communicate()[0].decode()
    assert process.returncode == -signal.SIGKILL, told


def scores(run):
    """metrics.json without what depends on the clock and on other runs."""
    content = json.loads((run / "metrics.json").read_text("utf-8"))
    return {key: value for key, value in content.items() if key not in ("timing", "scored_before")}


@pytest.fixture(scope="module")
def killed(wells, tmp_path_factory):
    """A rotation killed when its first fold was done."""
    out = tmp_path_factory.mktemp("killed") / "rotation"
    sets = [part for change in ROTATION for part in ("--set", change)]
    killed_after(out / "checkpoints" / "fold-0.npz", str(wells / "run.toml"), "--out", str(out), *sets)
    return out


def test_killed_run_leaves_no_half_written_file_and_no_result(killed):
    assert not (killed / "metrics.json").exists() and not (killed / "model.outcrop").exists()
    for path in killed.glob("*.json"):
        json.loads(path.read_text("utf-8"))


def test_resume_refuses_another_run_file(killed, wells):
    with pytest.raises(
        ConfigError, match=r"train.steps was 8, is 40.*\n.*\nFix: resume with what the run was begun with"
    ):
        outcrop.run(
            wells / "run.toml", out=killed, overrides=[c for c in ROTATION if "train.steps" not in c], resume=True
        )


def test_resume_equals_the_uninterrupted_run(killed, wells, tmp_path, no_report):
    outcrop.run(wells / "run.toml", out=tmp_path / "whole", overrides=ROTATION)
    first = (killed / "checkpoints" / "fold-0.npz").stat().st_mtime_ns
    outcrop.run(wells / "run.toml", out=killed, overrides=ROTATION, resume=True)
    assert (killed / "checkpoints" / "fold-0.npz").stat().st_mtime_ns == first
    assert scores(killed) == scores(tmp_path / "whole")
    assert not list((killed / "checkpoints").glob("*.ckpt.part"))


def test_held_out_model_is_the_same_after_a_resume(wells, tmp_path, quick_run):
    result, _ = quick_run(wells / "run.toml", tmp_path / "run")
    before = outcrop.load(result.bundle)
    for name in ("metrics.json", "model.outcrop"):
        os.remove(tmp_path / "run" / name)
    again, _ = quick_run(wells / "run.toml", tmp_path / "run", resume=True)
    values = {"GR": [40.0, 100.0], "RHOB": [2.3, 2.5], "NPHI": [0.2, 0.3]}
    assert (outcrop.load(again.bundle).predict(**values).probabilities == before.predict(**values).probabilities).all()


def test_used_folder_is_refused_before_anything_is_read(finished):
    with pytest.raises(ConfigError, match=r"already holds a run.*\nFix: --out .*facies-2"):
        outcrop.run(finished.base / "run.toml", out=finished.folder)


def test_folder_refusals(wells, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(ConfigError, match="Fix: --out must name a folder"):
        outcrop.run(wells / "run.toml", out=tmp_path / "file")
    with pytest.raises(ConfigError, match=r"already holds files.*\nFix: .*mine-2"):
        outcrop.run(wells / "run.toml", out=tmp_path / "mine")
    with pytest.raises(ConfigError, match="Fix: run without --resume"):
        outcrop.run(wells / "run.toml", out=tmp_path / "none", resume=True)
    assert not (tmp_path / "none").exists()


def test_folders_are_numbered(tmp_path):
    assert folder.next_free(tmp_path, "facies").name == "facies-1"
    (tmp_path / "facies-1").mkdir()
    assert folder.next_free(tmp_path, "facies").name == "facies-2"


def test_scorings_of_a_test_part_are_counted_over_runs(tmp_path):
    (tmp_path / "a").mkdir()
    assert folder.count_scoring(tmp_path / "a", "t1") == 0
    assert folder.count_scoring(tmp_path / "a", "t1") == 0
    assert folder.count_scoring(tmp_path / "b", "t1") == 1
    assert folder.count_scoring(tmp_path / "c", "t1") == 2
    assert folder.count_scoring(tmp_path / "c", "t2") == 0
    assert folder.count_scoring(tmp_path / "a", "t1", "2026-11-23T20:00:00") == 3, "a new run under an old name"


def test_second_run_on_a_test_part_says_so(finished, quick_run):
    result, told = quick_run(finished.base / "run.toml", finished.folder.parent / "second", "model.depth=2")
    assert result.metrics["scored_before"] == 1
    assert any("has been scored 1 time before" in sentence for sentence in told)
    assert result.findings[-1]["values"] == {"/scored_before": 1}


def test_damaged_log_of_scorings(tmp_path):
    (tmp_path / folder.SCORINGS).write_text("{")
    with pytest.raises(DataError, match="Fix: put back a copy of it, or delete it"):
        folder.count_scoring(tmp_path / "a", "t")


def test_write_failure_keeps_the_old_file(tmp_path):
    path = folder.write_text(tmp_path / "a.txt", "old")

    def fail(_):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        folder.write_atomic(path, fail)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_plain_values():
    import numpy as np

    assert folder.plain({"a": np.float32("nan"), "b": (np.int64(2), np.array([1.0, np.inf]))}) == {
        "a": None,
        "b": [2, [1.0, None]],
    }
