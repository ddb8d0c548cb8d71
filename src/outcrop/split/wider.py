"""The promise "it must work beyond what was seen": extrapolation in one variable or coordinate."""

from __future__ import annotations

import numpy as np

from outcrop.errors import ConfigError, message
from outcrop.records import Origins
from outcrop.split.colour import NONE, TEST, TRAIN, VALIDATION, Colouring
from outcrop.split.promise import Split
from outcrop.view.cells import Cells


def wider(
    origins: Origins,
    cells: Cells,
    *,
    variable: str,
    above: float | None = None,
    below: float | None = None,
    share: float | None = None,
    margin: float = 0.0,
    validation_share: float = 0.2,
    labelled: np.ndarray | None = None,
    values: np.ndarray | None = None,
) -> list[Split]:
    """One split at a value: beyond it is scored, validation lies next to it on the near side.

    Args:
        variable: what is extrapolated in, a coordinate or an input.
        above, below, share: the test part is above a value, below one, or the highest share of the labelled samples.
        margin: samples this near to the boundary on the near side are left out, in units of the variable.
        validation_share: share of the near side.
        values: the variable per sample; by default the coordinate of that name.

    Raises:
        ConfigError: nothing lies on one of the sides.
    """
    known = np.ones(cells.total, bool) if labelled is None else labelled
    given = np.asarray(cells.coordinate(variable) if values is None else values, float)
    sign = -1.0 if below is not None else 1.0
    along = sign * given
    usable = known & np.isfinite(along)
    if share is not None:
        edge = float(np.quantile(along[usable], 1 - share)) if usable.any() else np.nan
    else:
        edge = sign * float(below if below is not None else above)  # type: ignore[arg-type]
    far, near = along >= edge, along < edge - margin
    if not (far & usable).any() or not (near & usable).any():
        low, high = (np.nanmin(given), np.nanmax(given)) if np.isfinite(given).any() else (np.nan, np.nan)
        what = f"{variable} runs from {low:g} to {high:g}; no labelled sample lies on one side of {sign * edge:g}."
        raise ConfigError(message(what, where="promise.wider", fix=f'wider = {{variable = "{variable}", share = 0.2}}'))
    colours = np.full(cells.total, NONE, np.int8)
    colours[near] = TRAIN
    if validation_share > 0:
        inner = float(np.quantile(along[near & usable], 1 - validation_share))
        colours[near & (along >= inner)] = VALIDATION
        colours[near & (along < inner) & (along >= inner - margin)] = NONE
    colours[far] = TEST
    side = "below" if below is not None else "above"
    sentence = (
        f"Scored where {variable} is {side} {sign * edge:g}, beyond all that training saw: the model must extrapolate."
    )
    one = Colouring(
        colours, sentence, f"wider = {variable} {side} {sign * edge:g}", fix="another boundary, or a smaller margin"
    )
    return [one.split(origins, cells, known)]
