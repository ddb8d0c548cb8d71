"""Predictions whose state is carried over a whole record: what a recurrent network knows is not cut at windows.

A window begins with a state of zeros and knows only what it reads; with the state carried, an answer rests on all that
its record holds before it. The record runs through the network in chunks, one after the other, so that memory does not
grow with its length. In training the network has seen states no older than its windows are long: what becomes of older
ones is not scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from outcrop.data.normalise import Encoded
from outcrop.errors import ConfigError, message
from outcrop.evaluate.distribution import combined
from outcrop.model.recurrent import Recurrent
from outcrop.records import Record
from outcrop.run.solve import Mixture, where_read
from outcrop.view.sequences import Sequences
from outcrop.view.view import View
from outcrop.view.windows import Windows

CHUNK_SAMPLES = 2**16
"""Samples that run through the network at a time, of all series of a record together."""


def predict_carried(
    mixture: Mixture, view: View, tables: Mapping[str, Encoded], record: Record, *, chunk: int | None = None
) -> np.ndarray:
    """What the networks say, together, of every sample of one record that its windows or sequences are scored on.

    Each place of a grid (each station) is a series with a state of its own.

    Args:
        mixture: trained networks.
        view, tables: the record as examples, encoded.
        record: the only one of the view.
        chunk: steps at a time; by default as many as `CHUNK_SAMPLES` hold. The answer does not depend on it.

    Returns:
        As `predict_records`: probabilities (sample, class), or point and quantiles in SCALED units (sample, 1 + level);
        NaN where nothing is scored (a spin-up) or a required input is missing.

    Raises:
        ConfigError: networks or examples for which there is no state to carry.
    """
    check_carried(mixture, view)
    along = view.along if isinstance(view, Sequences) else record.dim
    place = record.dims.index(along)
    grid = tables[record.name].inputs.reshape(*record.shape, -1)
    series = np.moveaxis(grid, place, -2)  # (*place, step, channel)
    flat = series.reshape(-1, *series.shape[-2:])
    chunk = max(1, min(flat.shape[1], CHUNK_SAMPLES // max(len(flat), 1))) if chunk is None else chunk
    each = [_outputs(member, flat, chunk, classes=mixture.head.kind == "class") for member in mixture.members]
    values = combined(each, mixture.head, mixture.levels)
    values = np.moveaxis(values.reshape(*series.shape[:-1], -1), -2, place).reshape(len(record), -1)
    return np.where(where_read(tables[record.name].usable, view, 0, False)[:, None], values, np.nan)


def check_carried(mixture: Mixture, view: View) -> None:
    """Whether there is a state that can be carried.

    Raises:
        ConfigError: a forecast, examples of several places, another network, or one whose outputs know the future.
    """
    member = mixture.members[0]
    problem = fix = ""
    if not isinstance(member, Recurrent):
        problem = f"{type(member).__name__} has no state that is carried from step to step."
        fix = 'without --carry; or [model] family = "lstm", "gru" or "rnn" without skip_steps'
    elif member.bidirectional or member.pool != "none":
        problem = "A network that knows the future of its window has no state to carry."
        fix = 'without --carry; or train with bidirectional = false and pool = "none"'
    elif isinstance(view, Sequences) and view.span.horizon:
        problem = "A forecast begins anew at every step, so that there is no state to carry."
        fix = "without --carry; or simulate, with horizon = 0"
    elif not isinstance(view, Windows | Sequences) or getattr(view, "size", None):
        problem = "A state is carried along windows of one dimension, or sequences at one place."
        fix = 'without --carry; or view = {kind = "sequences", history = 365, spin_up = 180}'
    elif mixture.draws:
        problem, fix = "A state is carried without dropout.", "without --carry; or train with evaluate.mc_dropout = 0"
    if problem:
        raise ConfigError(message(problem, where="predict --carry", fix=fix))


def _outputs(member: Any, series: np.ndarray, chunk: int, *, classes: bool) -> np.ndarray:
    """The outputs of one network along some series, shape (series, step, out)."""
    carry = jax.tree.map(lambda leaf: jnp.repeat(leaf[None], len(series), axis=0), member.initial_carry())
    run, found = _compiled(), []
    for start in range(0, series.shape[1], chunk):
        piece = series[:, start : start + chunk]
        short = chunk - piece.shape[1]  # the last piece is filled up, so that it needs no program of its own
        y, carry = run(member, np.pad(piece, [(0, 0), (0, short), (0, 0)]), carry)
        found.append(np.asarray(jax.nn.softmax(y) if classes else y)[:, : piece.shape[1]])
    return np.concatenate(found, axis=1)


@lru_cache
def _compiled() -> Callable[..., Any]:
    return eqx.filter_jit(_scan)


def _scan(member: Recurrent, x: Float[Array, "series step channel"], carry: Any) -> tuple[Array, Any]:
    return jax.vmap(member.scan)(x, carry)
