"""Small seeded wells for the tests of whole runs: three rocks whose curves differ, written as LAS files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CODES = (10, 20, 30)
NAMES = ("Sand", "Shale", "Lime")
GR, RHOB, NPHI = (35.0, 110.0, 20.0), (2.25, 2.45, 2.65), (0.25, 0.35, 0.05)
UNITS = {"GR": "gAPI", "RHOB": "g/cm3", "NPHI": "v/v", "PERM": "mD", "FACIES": "", "X": "m", "Y": "m"}
DESCRIPTIONS = {"GR": "Gamma ray", "RHOB": "Bulk density", "NPHI": "Neutron porosity", "FACIES": "Facies code"}
WELLS = ("Alpha-1", "Alpha-2", "Bravo-1", "Bravo-2", "Charlie-1", "Delta-1", "Echo-1")
NULL = -999.25
QUICK = ("train.steps=8", "train.evaluate_every=4", "evaluate.bootstrap=100", 'evaluate.baselines=["majority"]')
"""Settings of a run that takes a second."""


def well(number: int, *, samples: int = 320, classes: Sequence[int] = CODES) -> dict[str, np.ndarray]:
    """The curves of one well by mnemonic, depth first; beds of 8 to 40 samples. Some NPHI is missing."""
    rng = np.random.default_rng(100 + number)
    beds: list[int] = []
    while len(beds) < samples:
        beds += [int(rng.choice(classes))] * int(rng.integers(8, 40))
    facies = np.array(beds[:samples])
    kind = np.array([CODES.index(code) if code in CODES else 0 for code in facies])
    noise = rng.normal(size=(4, samples))
    curves = {
        "DEPT": 1000.0 + 50 * number + 0.5 * np.arange(samples),
        "GR": np.take(GR, kind) + 18 * noise[0],
        "RHOB": np.take(RHOB, kind) + 0.13 * noise[1],
        "NPHI": np.take(NPHI, kind) + 0.09 * noise[2],
        "PERM": 10.0 ** (2.0 - 0.7 * kind + 0.5 * noise[3]),
        "FACIES": facies.astype(float),
        "X": np.full(samples, 450_000.0 + 5_000 * number),
        "Y": np.full(samples, 6_500_000.0 + 3_000 * (number % 3)),
    }
    curves["NPHI"][:7] = np.nan
    return curves


def las(
    path: Path,
    curves: dict[str, np.ndarray],
    *,
    name: str,
    units: dict[str, str] | None = None,
    null: float = NULL,
    header_null: Any = None,
    field: str = "Testfield",
) -> Path:
    """Writes one LAS 2.0 file."""
    units = UNITS | (units or {})
    depth = curves["DEPT"]
    step = depth[1] - depth[0] if len(depth) > 1 else 0.5
    head = [
        "~Version", " VERS. 2.0 : CWLS LOG ASCII STANDARD", " WRAP. NO :", "~Well",
        f" STRT.M {depth[0]} : START", f" STOP.M {depth[-1]} : STOP", f" STEP.M {step} : STEP",
        f" NULL. {null if header_null is None else header_null} : NULL VALUE",
        f" WELL. {name} : WELL", f" FLD. {field} : FIELD", "~Curve", " DEPT.M : Depth",
    ]  # fmt: skip
    head += [f" {c}.{units.get(c, '')} : {DESCRIPTIONS.get(c, c)}" for c in curves if c != "DEPT"]
    table = np.column_stack([np.where(np.isnan(v), null, v) for v in curves.values()])
    rows = [" ".join(f"{value:13.5f}" for value in row) for row in table]
    path.write_text("\n".join([*head, "~Ascii", *rows]) + "\n", encoding="utf-8")
    return path


def field(folder: Path, names: Sequence[str] = WELLS, **options: Any) -> Path:
    """Writes one file per well; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        las(folder / f"{name}.las", well(number, samples=300 + 20 * number, **options), name=name)
    return folder


RUN_FILE = """# a small facies run
[data]
source.logs = {{files = "{wells}/*.las"}}
frame = {{vertical = "md", easting = "X", northing = "Y", crs = "EPSG:23031"}}
view = {{length = 64, context = [-4, 0, 4]}}
variable.GR = {{unit = "gAPI"}}
variable.RHOB = {{unit = "g/cm3", missing = "mask"}}
variable.NPHI = {{unit = "v/v", missing = "mask"}}
[data.target.FACIES]
classes = {{10 = "Sand", 20 = "Shale", 30 = "Lime"}}
[promise]
new = "well"
test = ["Alpha-2", "Delta-1"]
[model]
family = "mlp"
width_size = 16
depth = 1
[train]
steps = 40
batch_size = 64
learning_rate = 1e-2
evaluate_every = 10
warmup_steps = 4
[evaluate]
baselines = ["majority", "nearest_neighbours"]
bootstrap = 200
"""


def run_file(
    folder: Path, wells: Path | str = "wells", *, text: str = RUN_FILE, replace: dict[str, str] | None = None
) -> Path:
    """Writes the run file beside the wells; `replace` changes lines of it."""
    content = text.format(wells=wells)
    for old, new in (replace or {}).items():
        if old not in content:
            raise ValueError(f"the run file has no {old!r}")
        content = content.replace(old, new)
    path = folder / "run.toml"
    path.write_text(content, encoding="utf-8")
    return path


class Told:
    """Keeps what a run tells."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.steps: list[tuple] = []

    def __call__(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def step(self, *progress) -> None:
        self.steps.append(progress)
