"""A model file opened: the networks with their preprocessing, ready to predict arrays or records.

model = outcrop.load("model.outcrop")
model.predict(GR=gamma_ray, RHOB=density)            # arrays in the units of the run file
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from outcrop import device
from outcrop.bundle import Bundle
from outcrop.bundle import load as load_bundle
from outcrop.data.frame import STEP_TOLERANCE, Frame, step_of
from outcrop.data.normalise import Encoded, Normaliser
from outcrop.data.variable import Resolution, Variable, resolve
from outcrop.errors import BundleError, ConfigError, DataError, did_you_mean, message
from outcrop.evaluate.conformal import sets
from outcrop.evaluate.decisions import decide
from outcrop.evaluate.distribution import Head
from outcrop.evaluate.field_validity import FieldValidity
from outcrop.evaluate.validity import Validity
from outcrop.records import Record
from outcrop.run.area import of_samples
from outcrop.run.carried import check_carried, predict_carried
from outcrop.run.codes import codes, decode, rescaled, restored_record, sample
from outcrop.run.compiled import Compiled, compiled, is_traced
from outcrop.run.fallback import Solver, answered
from outcrop.run.predicted import Predicted
from outcrop.run.rollout import Rollout, rollout
from outcrop.run.solve import Mixture, predict_records, shown, where_read
from outcrop.run.solved_model import opened
from outcrop.run.uncertain import bounds, decoded
from outcrop.run.weights import check_sizes, member
from outcrop.shown import Readable, Shown
from outcrop.view.divided import in_turn
from outcrop.view.graphs import Graphs
from outcrop.view.patches import WHOLE
from outcrop.view.view import View, make

if TYPE_CHECKING:
    from outcrop.run.inside import Inside

TIME_TOLERANCE = 0.12
"""Share by which the step of time stamps may differ from that of training: months have 28 to 31 days."""


@dataclass(frozen=True, repr=False)
class Model(Readable):
    """A trained model with everything it needs. Made by `load`."""

    bundle: Bundle
    members: Sequence[Any]
    normaliser: Normaliser
    variables: Sequence[Variable]
    frame: Frame
    validity: Validity | FieldValidity

    @property
    def inputs(self) -> list[Variable]:
        """The input variables, in the order of the channels."""
        return [v for v in self.variables if v.role == "input"]

    @property
    def reconstructs(self) -> tuple[str, ...]:
        """The inputs that are given back; empty where something else is predicted."""
        return tuple(self.bundle.provenance.get("reconstructs", ()))

    def check_predicts(self) -> None:
        """Raises ConfigError where the model draws realisations and predicts nothing."""
        if self.bundle.provenance.get("generates"):
            what = "This model draws realisations and predicts nothing."
            raise ConfigError(message(what, fix="outcrop sample MODEL.outcrop [GIVEN.toml] -n 100 --out FOLDER"))

    @property
    def target(self) -> Variable:
        """What is predicted."""
        return next(v for v in self.variables if v.role == "target")

    def prepare(self, record: Record, *, target: bool = False) -> tuple[Record, list[Resolution]]:
        """A record as read, brought onto the frame of training, with the inputs (and target) in the units of training.

        A network that reads neighbours has learned their distance: a file with another depth step is resampled to
        the step of training, and noted.
        """
        aligned, step = self.frame.align(record), self.bundle.provenance.get("step_m")
        self._check_time_step(aligned)
        if step and record.dim == "depth" and abs(step_of(aligned) - step) > STEP_TOLERANCE * step:
            aligned = replace(self.frame, step_m=step).align(record)
        wanted = [*self.inputs, self.target] if target else self.inputs
        resolved, resolutions = resolve([aligned], wanted, training=False)
        return resolved[0], resolutions

    def examples(self, record: Record) -> tuple[View, dict[str, Encoded]]:
        """The examples of a prepared record, and its encoded table.

        Raises:
            DataError: an input whose policy is "error" has gaps.
        """
        arguments = {key: value for key, value in self.bundle.view.items() if key != "kind"}
        view = self._without_own(make(self.bundle.view["kind"], [record], **arguments), record)
        if self.reconstructs:
            view = rescaled(self, view)
        return view, {record.name: self.normaliser.encode(record)}

    def inside(self, kind: str, files: Any = (), *, at: Any = None, member: int = 0) -> Inside:
        """Filters, states, attention or codes of a network as named arrays; see `outcrop.run.inside.inside`."""
        from outcrop.run.inside import inside

        return inside(self, kind, files, at=at, member=member)

    def _check_time_step(self, record: Record) -> None:
        """Neighbouring samples must be as far apart in time as in training; values in time are not resampled."""
        step = self.bundle.provenance.get("step_s")
        if not step or record.dim != "time" or len(record) < 2:
            return
        found = step_of(record) / 1e9
        if abs(found - step) > TIME_TOLERANCE * step:
            what = f"The samples are {found:.6g} s apart; the model was trained on samples {step:.6g} s apart."
            where = f"{record.name} ({record.source})"
            raise DataError(message(what, where=where, fix="bring the file to the step of training first."))

    def predict_record(self, record: Record, *, carry: bool = False) -> Predicted:
        """Predicts along one prepared record; with `carry` a recurrent network's state runs over all of it.

        Raises:
            ConfigError: there is no state to carry.
            DataError: an input whose policy is "error" has gaps.
        """
        self.check_predicts()
        view, tables = self.examples(record)
        table, classes = tables[record.name], self.target.classes
        if carry:
            check_carried(self.mixture, view)
        if self.reconstructs:
            return self._restored(record, table, view)
        index, mixture = np.arange(len(view.origins)), self.mixture
        if carry:
            values = predict_carried(mixture, view, tables, record)
        else:
            found = predict_records(mixture, view, tables, index, [record]) if len(index) else {}
            width = len(classes.codes) if classes else mixture.width
            values = found.get(record.name, np.full((len(record), width), np.nan))
        if isinstance(self.validity, FieldValidity):
            distance = of_samples(self.validity, view, tables, index)
        else:
            distance = where_read(self.validity.score(shown(table, view)), view, 0, np.nan)
        usable = where_read(table.usable, view, 0, False)
        inside = self.validity.inside(distance) & where_read(self._any_input(record), view, 0, False)
        valid = np.where(usable, inside.astype(float), np.nan)
        margin = self.bundle.provenance.get("interval", {}).get("margin")
        if classes is None:
            point = decoded(self.normaliser, values[:, :1], [record])[:, 0]
            if margin is None:
                return Predicted(point, None, valid, distance)
            edges = values[:, -2:] if values.shape[1] > 1 else np.repeat(values, 2, axis=1)
            edges = np.sort(edges + margin * np.array([-1.0, 1.0]), axis=1)
            low, high = decoded(self.normaliser, edges, [record]).T
            return Predicted(point, None, valid, distance, low=low, high=high)
        labels = decide(values, classes.cost, self.bundle.provenance["decide"])
        chosen = None if margin is None else sets(values, margin)
        return Predicted(labels, values, valid, distance, classes.names, sets=chosen)

    def _restored(self, record: Record, table: Encoded, view: Any) -> Predicted:
        """The inputs given back, and how unusual every sample is."""
        found = restored_record(self, record, table, view)
        usable = np.isfinite(found.standard).any(axis=1) & table.usable
        distance = self.validity.score(table.inputs)
        inside = self.validity.inside(distance) & self._any_input(record)
        valid = np.where(usable, inside.astype(float), np.nan)
        values = np.full(len(record), np.nan) if found.anomaly is None else found.anomaly
        about = {"restored": found.physical, "anomaly": found.anomaly, "flag": found.flag}
        return Predicted(values, None, valid, distance, **about)

    @staticmethod
    def _without_own(view: View, record: Record) -> View:
        """The view; of networks that read the known target, one in which no node reads its own."""
        if not isinstance(view, Graphs) or not view.hide or not len(view.origins):
            return view
        values = record.flat(view.known)
        return in_turn(view, values >= 0 if values.dtype.kind in "iu" else np.isfinite(values))

    @property
    def mixture(self) -> Mixture:
        """The networks, read together as in the run, with the quantiles that bound its intervals."""
        known = self.bundle.provenance.get("head", {"kind": "class" if self.target.classes else "point"})
        head = Head(known["kind"], tuple(known.get("levels", ())))
        level = self.bundle.provenance.get("interval", {}).get("level", 0.9)
        return Mixture(self.members, head, int(known.get("draws", 0)), bounds(level))

    def _any_input(self, record: Record) -> np.ndarray:
        """Samples where at least one input has a value: without any the answer is the training average at best."""
        columns = [(record.flat(v.name), v.classes is not None) for v in self.inputs]
        return np.any([values >= 0 if coded else np.isfinite(values) for values, coded in columns], axis=0)

    def predict(self, *, fallback: Solver | None = None, **arrays: Any) -> Predicted:
        """Predicts along arrays of equal shape, one per input, in the units of the run file; NaN is missing.

        A network of patches takes grids of their dimensions, or a stack of such grids along a first axis; what it
        answers then has the shape of the arrays. Of whole fields the grid may be finer than that of training. An input
        may be one number, or one for each grid of a stack. Models of points and of whole fields are compiled, and can
        be differentiated: `jax.grad(lambda k: model.predict(K=k).values.mean())`.

        Args:
            fallback: a solver that is asked where inputs lie outside the area of validity, with the same names, those
                points or (example, *size) fields alone, and gives their target; `solved` says which.
            arrays: the inputs.

        Raises:
            ConfigError: a derivative, or a fallback, of a model that is no function of single points or whole fields.
            DataError: an input is not given, shapes differ, or the fallback answers in another shape.
        """
        arrays, predicted = self._alike(arrays), None
        self._check_names(arrays, every=is_traced(arrays))
        if is_traced(arrays) or (self.is_function and len(arrays) == len(self.inputs)):
            self._dims_of(self._shape_of(arrays) or (1,))
            predicted = self.compiled.predict(arrays)
        if predicted is None:
            record = self.record_of(**arrays)
            predicted = self.predict_record(record)
            predicted = predicted if len(record.dims) == 1 else predicted.shaped(record.shape)
        return predicted if fallback is None else answered(self.compiled, predicted, arrays, fallback)

    def rollout(self, steps: int, *, feeds: str | None = None, fallback: Solver | None = None, **start: Any) -> Rollout:
        """Applies a model that steps in time to its own answers; see `outcrop.run.rollout.rollout`."""
        return rollout(self, steps, start, feeds=feeds, fallback=fallback)

    @cached_property
    def compiled(self) -> Compiled:
        """The model as one function of arrays.

        Raises:
            ConfigError: it is none.
        """
        return compiled(self)

    @cached_property
    def is_function(self) -> bool:
        """Whether `compiled` serves this model."""
        try:
            return self.compiled is not None
        except ConfigError:
            return False

    def _alike(self, arrays: dict[str, Any]) -> dict[str, Any]:
        """Arrays of one shape; a number, or one for each example, holds everywhere."""
        import jax.numpy as jnp

        xp = jnp if is_traced(arrays) else np
        found = {name: xp.asarray(values) for name, values in arrays.items()}
        shape = max((values.shape for values in found.values()), key=len, default=())
        shape = (1,) if xp is np and not shape else shape
        own = len(self.bundle.view.get("size") or ()) if self.reads_whole else 0
        for name, values in found.items():
            if not values.ndim:
                found[name] = xp.broadcast_to(values, shape)
            elif own and values.shape == shape[: len(shape) - own]:
                found[name] = xp.broadcast_to(values.reshape(*values.shape, *(1,) * own), shape)
        return found

    def codes(self, **arrays: Any) -> np.ndarray:
        """The codes of an autoencoder along arrays, as for `predict`: (example, *place, number), in order of examples.

        Those of the first network of an ensemble; of a variational one their means. `decode` turns them back.
        """
        return codes(self, self.record_of(**arrays))

    def decode(self, codes: np.ndarray) -> dict[str, np.ndarray]:
        """What codes stand for: variable -> (example, *size) in its unit (standard units where records scale it)."""
        return decode(self, codes)

    def sample(self, count: int, *, seed: int = 0) -> dict[str, np.ndarray]:
        """Examples that a variational autoencoder makes up: codes drawn from N(0, 1), decoded."""
        return sample(self, count, seed)

    def record_of(self, **arrays: Any) -> Record:
        """Arrays of equal shape as a record that is ready to be predicted."""
        import xarray as xr

        self._check_names(arrays)
        known = [variable.name for variable in self.inputs]
        columns = {name: np.atleast_1d(np.asarray(values)) for name, values in arrays.items()}
        shape = self._shape_of(columns)
        dims, units = self._dims_of(shape), {v.name: v.unit or "" for v in self.inputs}
        data = {n: (dims, columns.get(n, np.full(shape, np.nan)), {"units": units[n]}) for n in known}
        axes = {dim: np.arange(size) for dim, size in zip(dims, shape, strict=True)}
        record = Record(xr.Dataset(data, axes), "array", dims=dims)
        resolved, _ = resolve([record], [replace(v, sources=(v.name,)) for v in self.inputs], training=False)
        return resolved[0]

    def _check_names(self, arrays: Mapping[str, Any], *, every: bool = False) -> None:
        """Raises DataError for an unknown input, and for an absent one that cannot be imputed (or for `every` one)."""
        known = [variable.name for variable in self.inputs]
        unknown = [name for name in arrays if name not in known]
        absent = [v.name for v in self.inputs if v.name not in arrays and (every or v.missing in ("error", "drop"))]
        if unknown or absent:
            hint = did_you_mean(unknown[0], known) if unknown else ""
            what = f"There is no input {unknown[0]!r}{hint}." if unknown else f"The input {absent[0]!r} is missing."
            raise DataError(message(what, where=self.bundle.source, fix=f"the inputs are {', '.join(known)}."))

    @staticmethod
    def _shape_of(arrays: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape that all arrays have.

        Raises:
            DataError: there are several.
        """
        shapes = {values.shape for values in arrays.values()}
        if len(shapes) != 1:
            what = f"The arrays have {len(shapes)} different lengths or shapes."
            raise DataError(message(what, fix="pass arrays of one length."))
        return shapes.pop()

    def _dims_of(self, shape: tuple[int, ...]) -> tuple[str, ...]:
        """Names of the axes of arrays: those of a patch, and before them one of examples.

        Raises:
            DataError: arrays of fewer or more axes than examples have.
        """
        own = tuple(self.bundle.view.get("size") or ()) if self.bundle.view["kind"] == "patches" else ("row",)
        further = len(shape) - len(own)
        if not 0 <= further <= (self.bundle.view["kind"] == "patches"):
            what = f"The arrays have {len(shape)} axes; an example has {' x '.join(own)}."
            raise DataError(message(what, where=self.bundle.source, fix=f"pass arrays of {len(own)} axes."))
        return ("example",) * further + own

    @property
    def reads_whole(self) -> bool:
        """Whether an example takes whole records, of any size."""
        return WHOLE in dict(self.bundle.view.get("size") or {}).values()

    @property
    def title(self) -> str:
        """Family, inputs, target and promise in one line."""
        target = self.target
        what = f"{len(target.classes.codes)} classes" if target.classes else target.unit or "number"
        inputs = ", ".join(v.name for v in self.inputs)
        members = f" x {len(self.members)}" if len(self.members) > 1 else ""
        return f"{self.bundle.family}{members}: {inputs} -> {target.name} ({what}); {self.bundle.promise}"

    def shown(self) -> Shown:
        """What it was trained for and how it scored; inputs as the table."""
        bundle = self.bundle
        scores = [
            (name.replace("_", " "), f"{entry['value']:.4g}")
            for name, entry in bundle.scores.get("test", {}).items()
            if entry.get("value") is not None
        ]
        facts = [
            ("split", str(bundle.split.get("sentence", ""))),
            *scores,
            ("score", str(bundle.scores.get("score", ""))),
        ]
        rows = [[v.name, v.unit or "", v.missing, v.transform] for v in self.inputs]
        return Shown(f"Model {self.title}", facts, ["input", "unit", "missing", "transform"], rows)


def load(path: str | Path, architecture: Any = None) -> Any:
    """Opens a model file, as a `Model`, or as a `SolvedModel` where it solves a problem; runs no code from it.

    Args:
        path: a `*.outcrop` file.
        architecture: class of a network that is not in the table of families.

    Raises:
        BundleError: the file is damaged, of another version, or does not fit its architecture.
    """
    device.setup()
    bundle = load_bundle(path)
    if "physics" in bundle.provenance:
        return opened(bundle)
    try:
        normaliser = Normaliser.from_json(bundle.normaliser)
        variables = [Variable.from_json(row) for row in bundle.variables]
        frame = Frame(**bundle.frame)
        area = bundle.part("validity")
        validity = FieldValidity.from_arrays(area) if "axes" in area else Validity.from_arrays(area)
        check_sizes(bundle)
        members = [member(bundle, number, architecture) for number in range(bundle.members)]
        if not members:
            raise ValueError("it holds no network")
    except BundleError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        what = f"The model file does not describe a model: {str(error).splitlines()[0]}."
        raise BundleError(
            message(what, where=str(path), fix="copy it again, or write it again from its run.")
        ) from None
    return Model(bundle, members, normaliser, variables, frame, validity)


__all__ = ["Model", "Predicted", "load"]
