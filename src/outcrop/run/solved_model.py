"""A solved problem opened from its model file: fields at points, in Python and in files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from outcrop import __version__
from outcrop.bundle import Bundle
from outcrop.config.physics import PhysicsSection
from outcrop.data.content import Curve
from outcrop.data.read import matching, read, write
from outcrop.errors import BundleError, ConfigError, DataError, did_you_mean, message
from outcrop.model import table as families
from outcrop.model.solution import Solution, in_size
from outcrop.physics.problem import Problem
from outcrop.run.folder import write_csv
from outcrop.run.pose import problem_of
from outcrop.run.weights import filled
from outcrop.shown import Readable, Shown
from outcrop.view.collocation import columns

NETWORK = {"width_size": 20, "depth": 4, "activation": "tanh"}
"""Of the family mlp, where the run file says nothing: as in Raissi, Perdikaris and Karniadakis (2019), half as deep."""
BATCH = 8192


def untrained(family: str, arguments: Mapping[str, Any], problem: Problem, seed: int) -> Solution:
    """A solution with random weights."""
    periodic = [problem.coordinates.index(name) for name in problem.periodic]
    core = families.build(
        family,
        in_size=in_size(len(problem.coordinates), periodic),
        out=len(problem.outputs),
        arguments=(NETWORK if family == "mlp" else {}) | dict(arguments),
        key=jax.random.key(seed),
    )
    bounds = list(problem.domain.bounds.values())
    return Solution(core, bounds, made=problem.fields, numbers=problem.start(), periodic=periodic)


@dataclass(frozen=True, repr=False)
class SolvedModel(Readable):
    """The members that solve one problem; `predict` is compiled and may be differentiated through `fields`."""

    bundle: Bundle
    problem: Problem
    members: Sequence[Solution]

    @property
    def names(self) -> tuple[str, ...]:
        """What `predict` gives: the unknowns, and what was found as a field."""
        return self.problem.outputs

    def predict(self, **coordinates: Any) -> dict[str, np.ndarray]:
        """Fields at points.

        Args:
            coordinates: one array for each coordinate, in its unit; they are broadcast against each other.

        Returns:
            Name -> mean over members; `NAME_sd` their spread where there are several; `valid`: 1 inside the domain.

        Raises:
            DataError: a coordinate is missing or unknown.
        """
        known = self.problem.coordinates
        wrong = [name for name in (*coordinates, *known) if (name in coordinates) != (name in known)]
        if wrong:
            what = f"The coordinates are {', '.join(known)}; {', '.join(coordinates) or 'none'} were given"
            hint = did_you_mean(wrong[0], known) if wrong[0] in coordinates else ""
            raise DataError(message(f"{what}{hint}.", where=self.bundle.source, fix=f"pass {'=..., '.join(known)}=..."))
        arrays = np.broadcast_arrays(*(np.asarray(coordinates[name], float) for name in known))
        points = np.stack([array.ravel() for array in arrays], axis=-1)
        each = self._fields(points).reshape(len(self.members), *arrays[0].shape, -1)
        found = {}
        for name in self.names:
            values = each[..., self.problem.names.index(name)]
            found[name] = values.mean(axis=0)
            if len(values) > 1:
                found[f"{name}_sd"] = values.std(axis=0, ddof=1)
        return found | {"valid": self.problem.domain.inside(points).reshape(arrays[0].shape).astype(float)}

    def _fields(self, points: np.ndarray) -> np.ndarray:
        """(member, point, field) of points (point, coordinate)."""
        with jax.enable_x64(True):
            return np.stack([fields_at(member, points) for member in self.members])

    def predict_files(self, files: str | Path | Iterable[str | Path], out: str | Path) -> list[dict[str, Any]]:
        """Writes copies of files with the fields added at the points that their coordinates name.

        Returns:
            One row for each record, as in `summary.csv`.

        Raises:
            DataError: a file has no such coordinates, or lies in the folder of the results.
        """
        folder, rows = Path(out), []
        for path in matching(files):
            if path.resolve().parent == folder.resolve():
                raise ConfigError(
                    message("The results would replace the input files.", where=str(path), fix="--out another folder.")
                )
            curves = {}
            for record in read(path):
                places = dict(zip(self.problem.coordinates, columns(record, self.problem.coordinates), strict=True))
                found = self.predict(**places)
                curves[record.name] = [self._curve(name, values) for name, values in found.items()]
                outside = float(1 - found["valid"].mean())
                rows.append(
                    {"record": record.name, "file": str(path), "samples": len(record), "outside_domain": outside}
                )
            folder.mkdir(parents=True, exist_ok=True)
            write(path, folder / path.name, curves if len(curves) > 1 else next(iter(curves.values())))
        write_csv(folder / "summary.csv", rows, ("record", "file", "samples", "outside_domain"))
        return rows

    def _curve(self, name: str, values: np.ndarray) -> Curve:
        what, _, _spread = name.partition("_sd")
        unit = self.problem.units.get(what, "")
        kind = "SD" if name.endswith("_sd") else "PRED"
        told = f"{what} of {self.problem.equation.name}, outcrop {__version__}"
        if name == "valid":
            return Curve("DOMAIN_VALID", values, "", "1 inside the domain of the problem, 0 outside")
        return Curve(f"{what}_{kind}", values, unit, told)

    def shown(self) -> Shown:
        """The equation and how good its solution was found to be."""
        rows = [[r["what"], r["unit"], f"{r['value']:.3g}"] for r in self.bundle.scores["problem"]["rows"]]
        facts = [("equation", self.problem.equation.formula), ("members", str(len(self.members)))]
        spans = ", ".join(f"{n} {low:g} to {high:g}" for n, (low, high) in self.problem.domain.bounds.items())
        return Shown(
            f"Solution of {self.problem.equation.name}", [*facts, ("domain", spans)], ["", "unit", ">value"], rows
        )


def in_batches(compiled: Callable[..., jax.Array], member: Solution, points: np.ndarray) -> np.ndarray:
    """A compiled function of a solution and points, (point, coordinate), on any number of points."""
    size = max(1, min(BATCH, len(points)))
    padded = np.concatenate([points, np.repeat(points[-1:], -len(points) % size, axis=0)])
    parts = [np.asarray(compiled(member, jnp.asarray(padded[i : i + size]))) for i in range(0, len(padded), size)]
    return np.concatenate(parts)[: len(points)] if parts else np.empty((0, len(member(jnp.zeros(points.shape[1])))))


def fields_at(member: Solution, points: np.ndarray) -> np.ndarray:
    """All fields at points, shape (point, field)."""
    return in_batches(_fields, member, points)


@eqx.filter_jit
def _fields(member: Solution, points: jax.Array) -> jax.Array:
    return jax.vmap(member.fields())(points)


def opened(bundle: Bundle) -> SolvedModel:
    """The solved problem of a model file; runs no code from it.

    Raises:
        BundleError: the file does not describe a problem, or its arrays do not fit.
    """
    try:
        told = bundle.provenance
        section = PhysicsSection.model_validate({**told["physics"], "scale": told["scales"]})
        with jax.enable_x64(True):
            problem = problem_of(section, Path.cwd(), [])
            dtype = bundle.arrays["member/0/low.value"].dtype
            build = partial(untrained, bundle.family, bundle.arguments["arguments"], problem, 0)
            members = [filled(build, bundle, number, dtype) for number in range(bundle.members)]
        return SolvedModel(bundle, problem, members)
    except BundleError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        what = f"The model file does not describe a problem: {str(error).splitlines()[0]}."
        raise BundleError(message(what, where=bundle.source, fix="copy the file again, or repeat the run.")) from None
