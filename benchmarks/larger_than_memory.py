"""Training on and predicting cubes larger than the memory allowed: time, peak memory, and how long steps wait for data.

    python benchmarks/larger_than_memory.py --folder /scratch --gigabytes 8 --limit-gb 2 [--predict-all]

Builds a layered cube (amplitude and facies) as a Zarr store and as two SEG-Y files, then runs `outcrop run` and
`outcrop predict` on each in a process of its own that may not use more than the limit: by a control group where the
system lets us make one (page cache counted), else by RLIMIT_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

CGROUP = Path("/sys/fs/cgroup/memory/outcrop-benchmark")
STEP_MS, SPACING_M = 4.0, 25
CLASSES = 4


def rows(inline: int, lines: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude (crossline, twt) and facies of one inline: undulating layers, boundaries seen through a wavelet."""
    rng = np.random.default_rng(inline)
    cross, time_ = np.arange(lines)[:, None], np.arange(samples)[None]
    bend = 40 * np.sin(inline / 90) + 30 * np.cos(cross / 120) + 15 * np.sin((inline + cross) / 40)
    level = (time_ + bend) / 37
    layer = np.floor(level).astype(np.int64)
    facies = ((layer * 7919) % 13 % CLASSES).astype(np.int8)
    impedance = np.array([2.0, 2.6, 2.2, 3.1], np.float32)[facies]
    reflectivity = np.diff(impedance, axis=1, prepend=impedance[:, :1])
    wavelet = np.array([-0.2, -0.3, 0.4, 1.0, 0.4, -0.3, -0.2], np.float32)
    spread = np.apply_along_axis(np.convolve, 1, reflectivity, wavelet, "same")
    return (spread + 0.15 * rng.normal(size=spread.shape)).astype(np.float32), facies


def build_zarr(path: Path, shape: tuple[int, int, int]) -> None:
    """A store with chunks of 64 samples a side, written 64 inlines at a time."""
    import zarr

    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    dims = ["inline", "crossline", "twt"]
    for name, size, step, units in zip(dims, shape, (1, 1, STEP_MS), ("", "", "ms"), strict=True):
        axis = group.create_array(
            name, shape=(size,), dtype="f8", attributes={"_ARRAY_DIMENSIONS": [name], "units": units}
        )
        axis[:] = 1000 * (name != "twt") + step * np.arange(size)
    about = {"shape": shape, "chunks": (64, 64, 64), "attributes": {"_ARRAY_DIMENSIONS": dims, "units": "1"}}
    amplitude = group.create_array("amplitude", dtype="f4", fill_value=np.nan, **about)
    facies = group.create_array("facies", dtype="i1", fill_value=-1, **about)
    for first in range(0, shape[0], 64):
        block = [rows(i, *shape[1:]) for i in range(first, min(first + 64, shape[0]))]
        amplitude[first : first + 64] = np.stack([a for a, _ in block])
        facies[first : first + 64] = np.stack([f for _, f in block])


def build_segy(folder: Path, shape: tuple[int, int, int]) -> None:
    """amplitude.sgy (IEEE float) and facies.sgy (one byte), inline by inline."""
    for name, code, width in (("amplitude", 5, 4), ("facies", 8, 1)):
        with (folder / f"{name}.sgy").open("wb") as out:
            head = bytearray(3600)
            head[:3200] = f"C 1 {name}, made for a benchmark".ljust(3200).encode("cp037")
            for byte, value in ((3217, int(STEP_MS * 1000)), (3221, shape[2]), (3225, code), (3501, 256)):
                head[byte - 1 : byte + 1] = value.to_bytes(2, "big")
            out.write(head)
            for i in range(shape[0]):
                values = rows(i, *shape[1:])[0 if name == "amplitude" else 1]
                traces = np.zeros((shape[1], 240 + shape[2] * width), np.uint8)
                words = {189: np.full(shape[1], 1000 + i), 193: 1000 + np.arange(shape[1]),
                         181: SPACING_M * np.arange(shape[1]), 185: np.full(shape[1], SPACING_M * i)}  # fmt: skip
                for byte, value in words.items():
                    traces[:, byte - 1 : byte + 3] = value.astype(">i4").view(np.uint8).reshape(-1, 4)
                traces[:, 114:116] = np.array([shape[2]], ">i2").view(np.uint8)
                raw = values.astype(">f4" if width == 4 else "i1")
                traces[:, 240:] = np.ascontiguousarray(raw).view(np.uint8).reshape(shape[1], -1)
                out.write(traces.tobytes())


RUN = """[data]
view = {{kind = "patches", size = {{crossline = 64, twt = 64}}}}
memory_mb = {memory}
{sources}
variable.A = {{from = ["amplitude"]{unit}}}
target.F = {{from = ["facies"], classes = {{0 = "mud", 1 = "silt", 2 = "sand", 3 = "lime"}}}}
[promise]
area = {{along = "inline", block_m = {block}, buffer_m = 5}}
folds = 2
[model]
family = "unet2d"
widths = [8, 16]
dropout = 0.0
[train]
steps = {steps}
batch_size = 16
evaluate_every = 100
[evaluate]
baselines = ["majority"]
optimism_gap = false
[bundle]
model = "refit"
"""
SOURCES = {
    "zarr": 'source.cube = {files = "cube.zarr"}',
    "segy": 'source.cube = {files = "amplitude.sgy", domain = "time"}\n'
    'source.labels = {files = "facies.sgy", join = "same_grid", domain = "time", variable = "facies", dead = "keep"}',
}


def limited(command: list[str], folder: Path, limit: float) -> dict[str, float | str]:
    """Runs a command under the limit; wall time, peak memory and the end of what it says."""

    def confine() -> None:
        if CGROUP.is_dir():
            (CGROUP / "cgroup.procs").write_text(str(os.getpid()))
        else:
            resource.setrlimit(resource.RLIMIT_DATA, (int(limit), int(limit)))

    try:
        CGROUP.mkdir(exist_ok=True)
        (CGROUP / "memory.limit_in_bytes").write_text(str(int(limit)))
        (CGROUP / "memory.max_usage_in_bytes").write_text("0")
    except OSError:
        pass
    begun = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, preexec_fn=confine)
    seconds = time.monotonic() - begun
    told = (done.stdout + done.stderr)[-1500:]
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{told}")
    return {"seconds": round(seconds, 1), "told": told}


def main() -> None:
    """Builds, trains and predicts; prints one line of JSON per step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--gigabytes", type=float, default=8.0, help="of amplitudes, in each of the two formats")
    parser.add_argument("--limit-gb", type=float, default=2.0)
    parser.add_argument("--memory-mb", type=float, default=600.0, help="data.memory_mb of the run files")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--formats", nargs="+", default=list(SOURCES))
    parser.add_argument("--predict-all", action="store_true", help="the whole cube, not a tenth of it")
    options = parser.parse_args()
    outcrop = str(Path(sys.executable).with_name("outcrop"))
    side = round((options.gigabytes * 1e9 / 4 / 1024) ** 0.5 / 64) * 64
    shape = (side, side, 1024)
    size = 4 * np.prod(shape, dtype=np.int64) / 1e9
    print(
        json.dumps({"shape": shape, "amplitudes_gb": round(float(size), 2), "limit_gb": options.limit_gb}), flush=True
    )
    for kind in options.formats:
        folder = options.folder / kind
        if not folder.is_dir():
            folder.mkdir(parents=True)
            begun = time.monotonic()
            build_zarr(folder / "cube.zarr", shape) if kind == "zarr" else build_segy(folder, shape)
            print(json.dumps({"format": kind, "built_in_seconds": round(time.monotonic() - begun)}), flush=True)
        values = {"memory": options.memory_mb, "sources": SOURCES[kind], "steps": options.steps, "block": side // 10}
        (folder / "run.toml").write_text(RUN.format(unit=', unit = "1"' if kind == "zarr" else "", **values))
        for name in ("run", "predicted"):
            shutil.rmtree(folder / name, ignore_errors=True)
        trained = limited([outcrop, "run", "run.toml", "--out", "run"], folder, options.limit_gb * 1e9)
        metrics = json.loads((folder / "run" / "metrics.json").read_text())
        entry = next(iter(metrics["promises"].values()))["test"]
        told = {k: v for k, v in trained.items() if k != "told"} | {
            "accuracy": round(entry["model"]["accuracy"]["value"], 3),
            "majority": round(entry["baselines"]["majority"]["accuracy"]["value"], 3),
            "train_seconds": round(metrics["timing"]["train_seconds"], 1),
            "data_wait_seconds": round(metrics["timing"]["data_wait_seconds"], 2),
        }
        print(json.dumps({"format": kind, "step": "train"} | told), flush=True)
        source = "cube.zarr" if kind == "zarr" else "amplitude.sgy"
        where = [] if options.predict_all else ["--region", f"inline=1000:{1000 + side // 10}"]
        command = [outcrop, "predict", "run/model.outcrop", source, "--out", "predicted", *where]
        dry = limited([*command, "--dry-run"], folder, options.limit_gb * 1e9)
        print(json.dumps({"format": kind, "step": "dry run"} | dry), flush=True)
        done = limited(command, folder, options.limit_gb * 1e9)
        samples = np.prod(shape) * (1 if options.predict_all else (side // 10 + 1) / side)
        rate = {"samples_per_second": round(float(samples / float(done["seconds"])))}
        print(json.dumps({"format": kind, "step": "predict"} | done | rate), flush=True)


if __name__ == "__main__":
    main()
