"""What an opened autoencoder does beside predicting: give inputs back, tell their codes, decode and make up others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from outcrop.data.normalise import Encoded
from outcrop.errors import ConfigError, message
from outcrop.evaluate.anomaly import Usual
from outcrop.model import inside as look
from outcrop.records import Record
from outcrop.run.own_target import columns_of, columns_read
from outcrop.run.places import input_shape
from outcrop.run.reconstruct import restored
from outcrop.view.corrupted import Corrupted
from outcrop.view.view import View

if TYPE_CHECKING:
    from outcrop.run.surrogate import Model


@dataclass(frozen=True)
class Restored:
    """One record given back.

    Attributes:
        standard: (sample, variable) in standard units, NaN where nothing is said.
        physical: variable -> values in its unit.
        anomaly, flag: how unusual every sample is, and whether that is above the threshold; None for a denoiser.
    """

    standard: np.ndarray
    physical: Mapping[str, np.ndarray]
    anomaly: np.ndarray | None = None
    flag: np.ndarray | None = None


def restored_record(model: Model, record: Record, table: Encoded, view: Corrupted) -> Restored:
    """A prepared record given back by the networks of a model file; the view is that of `Model.examples`."""
    index = np.arange(len(view.origins))
    names = model.reconstructs
    standard = np.full((len(record), len(names)), np.nan)
    if len(index):
        given = restored(model.members, view, {record.name: table}, index, None)
        standard = np.asarray(view.stitch(index, given)[record.name], np.float64)
    standard[~table.usable] = np.nan
    physical = {n: model.normaliser.decode_input(record, n, standard[:, k]) for k, n in enumerate(names)}
    about = model.bundle.provenance.get("usual")
    if about is None:
        return Restored(standard, physical)
    usual = Usual.from_json(about)
    measured = model.normaliser.encode(record, fill=False).inputs[:, list(columns_of(model.normaliser, names))]
    score = usual.score(standard - measured)
    return Restored(standard, physical, score, usual.flags(score))


def rescaled(model: Model, view: View) -> Corrupted:
    """The view with the scale that each example gets, and no noise."""
    own = columns_of(model.normaliser, model.reconstructs)
    rescale = bool(model.bundle.provenance.get("rescale", False))
    return Corrupted(view, columns_read(view, own, model.normaliser.in_channels), None, rescale)


def codes(model: Model, record: Record) -> np.ndarray:
    """The codes of all examples of a prepared record, (example, *place, number)."""
    network = _coded(model)
    view, tables = model.examples(record)
    return look.code(network, jnp.asarray(view.gather(tables, np.arange(len(view.origins))).inputs))


def decode(model: Model, codes: np.ndarray) -> dict[str, np.ndarray]:
    """What codes (example, *place, number) stand for, by variable."""
    network, normaliser = _coded(model), model.normaliser
    given = np.asarray(jax.jit(jax.vmap(lambda z: network.decode(z)))(jnp.asarray(codes, jnp.float32)), np.float64)
    found = {}
    for k, name in enumerate(model.reconstructs):
        variable = next(v for v in model.inputs if v.name == name)
        values = given[..., k]
        if variable.scope == "training" and not model.bundle.provenance.get("rescale"):
            scale = normaliser.statistics[name]
            values = variable.plain_transform.inverse(values * scale.spread + scale.centre)
        found[name] = values
    return found


def sample(model: Model, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """`count` examples decoded from codes drawn from N(0, 1).

    Raises:
        ConfigError: the codes of this network have no such distribution.
    """
    network = _coded(model)
    code = jax.eval_shape(network.encode, jax.ShapeDtypeStruct(input_shape(model.bundle), jnp.float32))
    if not isinstance(code, tuple):
        what = f"The codes of the family {model.bundle.family!r} follow no known distribution."
        raise ConfigError(message(what, where=model.bundle.source, fix='family = "vae", "vae1d" or "vae2d"'))
    drawn = jax.random.normal(jax.random.key(seed), (count, *code[0].shape))
    return decode(model, np.asarray(drawn))


def _coded(model: Model) -> Any:
    """The first network, which must have a code.

    Raises:
        ConfigError: it has none, or gives nothing back.
    """
    network = model.members[0]
    if not hasattr(network, "encode") or not model.reconstructs:
        what = f"A network of the family {model.bundle.family!r} for {model.target.name!r} has no codes to be decoded."
        fix = 'target.NAME.reconstruct = ["GR"], and family = "autoencoder" or "autoencoder1d"'
        raise ConfigError(message(what, where=model.bundle.source, fix=fix))
    return network
