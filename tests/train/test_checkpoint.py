"""The checkpoint: the same bits back, a whole file at every instant, and errors that say what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from outcrop.errors import BundleError, DataError
from outcrop.train.checkpoint import check_same_run, load_checkpoint, save_checkpoint

TREE = {
    "weight": jnp.arange(6, dtype=jnp.float32).reshape(2, 3) / 7,
    "step": jnp.int32(4),
    "frozen": jnp.bool_(True),
    "half": jnp.ones(3, jnp.bfloat16),
    "key": jax.random.key(5),
    "nothing": None,
}


def test_the_same_bits_come_back(tmp_path):
    header = {"step": 4, "best_value": float("inf"), "history": [{"loss": 0.1}]}
    save_checkpoint(tmp_path / "deep" / "c.safetensors", TREE, header)
    tree, found = load_checkpoint(tmp_path / "deep" / "c.safetensors", TREE)
    assert found == header
    assert jax.tree.structure(tree) == jax.tree.structure(TREE)
    assert jax.random.key_data(tree.pop("key")).tolist() == jax.random.key_data(TREE["key"]).tolist()
    for name, leaf in tree.items():
        if leaf is not None:
            assert leaf.dtype == TREE[name].dtype and np.array_equal(leaf, TREE[name])
    assert os.listdir(tmp_path / "deep") == ["c.safetensors"]


def test_damaged_or_foreign_files_are_refused(tmp_path):
    file = tmp_path / "c.safetensors"
    save_checkpoint(file, TREE, {})
    with pytest.raises(BundleError, match="resume with the run file it was made with"):
        load_checkpoint(file, TREE | {"weight": jnp.zeros((3, 2))})
    with pytest.raises(BundleError, match="resume with the run file it was made with"):
        load_checkpoint(file, TREE | {"more": jnp.zeros(1)})
    with pytest.raises(BundleError, match="saved 8, now 9"):
        check_same_run(file, {"batch_size": 8}, {"batch_size": 9})
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(BundleError, match="delete it and start again without --resume"):
        load_checkpoint(file, TREE)


def test_a_full_disk_leaves_the_previous_checkpoint(tmp_path, monkeypatch):
    file = tmp_path / "c.safetensors"
    save_checkpoint(file, TREE, {"step": 1})

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match="free some space"):
        save_checkpoint(file, TREE, {"step": 2})
    assert load_checkpoint(file, TREE)[1] == {"step": 1} and os.listdir(tmp_path) == [file.name]


WRITER = """
import sys, pathlib, numpy as np
from outcrop.train.checkpoint import save_checkpoint
step = 0
while True:
    step += 1
    tree = {"a": np.full(200_000, step, np.float32), "b": np.full(7, step, np.int32)}
    save_checkpoint(pathlib.Path(sys.argv[1]), tree, {"step": step})
"""


def test_kill_9_leaves_a_loadable_checkpoint(tmp_path):
    file = tmp_path / "c.safetensors"
    like = {"a": np.zeros(200_000, np.float32), "b": np.zeros(7, np.int32)}
    for wait_s in (0.05, 0.11, 0.17):
        file.unlink(missing_ok=True)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(file)])
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(wait_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        tree, header = load_checkpoint(file, like)
        assert header["step"] >= 1
        assert np.all(tree["a"] == header["step"]) and np.all(tree["b"] == header["step"])
