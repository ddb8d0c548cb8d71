"""Baselines that pick arrivals on seismograms: the same place in every record, STA/LTA, AR-AIC.

Each function is `(train, validation, task, seed) -> predict`, where `predict(test)` gives probabilities (row, class)
that are 1 at a pick. What a method leaves open (bands, windows, trigger level, a constant delay) is chosen on the
training records, so that the network is compared with the method at its best. ObsPy does the work (Beyreuther et al.
2010, doi:10.1785/gssrl.81.3.530).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from outcrop.errors import DataError, message, missing_extra
from outcrop.evaluate.picks import WIDE, Picking, true_picks
from outcrop.metric.picks import paired

if TYPE_CHECKING:
    from outcrop.evaluate.baselines import Table, Task

Predict = Callable[["Table"], np.ndarray]
Picks = Sequence[np.ndarray]
"""For every record, samples that were picked."""
BANDS_HZ, SHORT_S, LONG_S = ((1.0, 10.0), (2.0, 20.0)), (0.2, 0.5), (5.0, 10.0)
LEVELS = (2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 20.0)
"""Settings of STA/LTA that are tried: pass bands, short and long windows, and trigger levels."""


@dataclass(frozen=True)
class Waves:
    """The seismograms that some rows are samples of.

    Attributes:
        series: by number of the record, its components (sample, component), without gaps.
        components: names, of which the last letter is Z on the vertical one.
        rate_hz: samples per second.
        record, sample: where every row lies.
    """

    series: Mapping[int, Float[np.ndarray, "sample component"]]
    components: tuple[str, ...]
    rate_hz: float
    record: Int[np.ndarray, " row"]
    sample: Int[np.ndarray, " row"]

    def where(self, rows: np.ndarray) -> Waves:
        """Of some of the rows."""
        return replace(self, record=self.record[rows], sample=self.sample[rows])

    @cached_property
    def rows(self) -> dict[int, Int[np.ndarray, " row"]]:
        """Numbers of the records that the rows lie in, ascending, and the rows in each, in their order."""
        order = np.argsort(self.record, kind="stable")
        numbers, first = np.unique(self.record[order], return_index=True)
        return dict(zip(numbers.tolist(), np.split(order, first[1:]), strict=True))

    @property
    def records(self) -> list[int]:
        """Numbers of the records that the rows lie in."""
        return list(self.rows)

    def component(self, record: int, vertical: bool) -> Float[np.ndarray, "sample component"]:
        """The vertical component, or the others; all of them where these hold nothing."""
        mine = [k for k, name in enumerate(self.components) if name.upper().endswith("Z") == vertical]
        chosen = self.series[record][:, mine]
        return chosen if chosen.size and np.ptp(chosen, axis=0).any() else self.series[record]


def _waves(table: Table) -> Waves:
    if table.waves is None:
        what = "A picker needs the seismograms of its rows: records in time, with a target of picks."
        raise DataError(message(what, where="[evaluate] baselines", fix='baselines = ["same_place"]'))
    return table.waves


def _picking(task: Task) -> Picking:
    assert task.picking is not None  # pickers are offered to targets of picks only
    return task.picking


def _known(train: Table, phase: int) -> Picks:
    """For every record of the training rows, the samples of its true picks of a phase."""
    waves = _waves(train)
    first, last, kind = true_picks(np.asarray(train.target), waves.record)
    mine = kind == phase
    at, record = (waves.sample[first] + waves.sample[last])[mine] / 2, waves.record[first][mine]
    order = np.argsort(record, kind="stable")
    bounds = np.searchsorted(record[order], [*waves.records, np.inf])
    return [at[order[a:b]] for a, b in pairwise(bounds.tolist())]


def _marked(test: Table, task: Task, picks: Mapping[int, Picks]) -> np.ndarray:
    """Probabilities (row, class): 1 for a phase at the row nearest to each of its picks, else 1 for the background."""
    waves = _waves(test)
    out = np.zeros((len(test), task.classes or 0))
    for phase, found in picks.items():
        for number, samples in zip(waves.records, found, strict=True):
            rows = waves.rows[number]
            for sample in np.asarray(samples):
                out[rows[np.abs(waves.sample[rows] - sample).argmin()], phase] = 1.0
    background = next(k for k in range(out.shape[1]) if k not in picks)
    taken = out.sum(axis=1)
    out[:, background] = taken == 0
    return out / out.sum(axis=1, keepdims=True)


def same_place(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """The median place of the training picks of each phase, counted from the start of the record."""
    places = {phase: np.concatenate([*_known(train, phase), np.empty(0)]) for phase in _picking(task).phases}
    usual = {phase: np.array([np.median(at)]) if len(at) else np.empty(0) for phase, at in places.items()}
    return lambda test: _marked(test, task, {phase: [at] * len(_waves(test).records) for phase, at in usual.items()})


def _hits(found: Picks, known: Picks, within: float) -> list[float]:
    """Residuals, in samples, of the picks that pair up with true ones."""
    every = []
    for own, true in zip(found, known, strict=True):
        every += [float(own[i] - true[j]) for i, j in paired(own, true, within).tolist()]
    return every


def _fitted(found: Picks, known: Picks, tolerance: float) -> tuple[float, float]:
    """F1 within the tolerance (samples) after the delay of the method is taken off, and that delay."""
    residuals = _hits(found, known, WIDE * tolerance)
    delay = float(np.median(residuals)) if residuals else 0.0
    hits = len(_hits([own - delay for own in found], known, tolerance * (1 + 1e-6)))
    return 2 * hits / max(sum(map(len, found)) + sum(map(len, known)), 1), delay


def _obspy() -> Any:
    try:
        import obspy.signal.filter
        import obspy.signal.trigger
    except ImportError:
        raise missing_extra("obspy", "seismic", "The pickers STA/LTA and AR-AIC") from None
    return obspy.signal


def _ratios(waves: Waves, record: int, vertical: bool, setting: tuple[Any, float, float]) -> np.ndarray:
    """STA/LTA of the energy of the vertical component, or of the others together, in a pass band."""
    signal, rate = _obspy(), waves.rate_hz
    (low, high), short, long = setting
    traces = np.asarray(waves.component(record, vertical), np.float64)
    band = {"df": rate, "freqmin": low, "freqmax": min(high, 0.45 * rate)}
    passed = [signal.filter.bandpass(trace - trace[0], **band) for trace in traces.T]
    energy = np.sqrt(np.square(passed).sum(axis=0))  # squared again by the ratio
    return signal.trigger.recursive_sta_lta(energy, max(1, round(short * rate)), round(long * rate))


def _triggers(ratio: np.ndarray, level: float, strongest: bool) -> np.ndarray:
    """Where the ratio rises above the level, after it had fallen below half of it; all of them, or the strongest."""
    found = np.asarray(_obspy().trigger.trigger_onset(ratio, level, level / 2)).reshape(-1, 2)
    if strongest and len(found) > 1:
        found = found[[int(np.argmax([ratio[a : b + 1].max() for a, b in found.tolist()]))]]
    return found[:, 0].astype(np.float64)


def sta_lta(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """Ratio of short- to long-term energy: P on the vertical, S on the horizontals, each where its trigger goes on.

    Of all settings in the tables above, and of "every trigger" or "the strongest", the one of highest F1 on the
    training records, its median delay taken off. Source: Allen (1978), BSSA 68, 1521-1532; recursive as in Withers et
    al. (1998), BSSA 88, 95-106.
    """
    waves, how = _waves(train), _picking(task)
    tolerance = how.tolerance * waves.rate_hz
    chosen: dict[int, tuple[float, Any]] = {}
    every = {phase: _known(train, phase) for phase in how.phases}
    for phase, setting in product(how.phases, product(BANDS_HZ, SHORT_S, LONG_S)):
        vertical, known = phase == how.phases[0], every[phase]
        ratios = [_ratios(waves, record, vertical, setting) for record in waves.records]
        for level, strongest in product(LEVELS, (False, True)):
            score, delay = _fitted([_triggers(ratio, level, strongest) for ratio in ratios], known, tolerance)
            if phase not in chosen or score > chosen[phase][0]:
                chosen[phase] = score, (setting, level, strongest, delay)

    def predict(test: Table) -> np.ndarray:
        picks, mine = {}, _waves(test)
        for phase, (_, (setting, level, strongest, delay)) in chosen.items():
            ratios = [_ratios(mine, record, phase == how.phases[0], setting) for record in mine.records]
            picks[phase] = [_triggers(ratio, level, strongest) - delay for ratio in ratios]
        return _marked(test, task, picks)

    return predict


def ar_aic(train: Table, validation: Table | None, task: Task, seed: int) -> Predict:
    """One P and one S per record where an autoregressive model of the signal changes, with ObsPy's own settings.

    Only the median delay of each phase is taken from the training records. Source: Akazawa (2004), 13th World
    Conference on Earthquake Engineering, paper 786; `obspy.signal.trigger.ar_pick`.
    """
    how, waves = _picking(task), _waves(train)
    tolerance = how.tolerance * waves.rate_hz
    found = _ar_picks(waves, how)
    delays = {phase: _fitted(found[phase], _known(train, phase), tolerance)[1] for phase in how.phases}

    def predict(test: Table) -> np.ndarray:
        picks = _ar_picks(_waves(test), how)
        return _marked(test, task, {phase: [own - delays[phase] for own in picks[phase]] for phase in how.phases})

    return predict


def _ar_picks(waves: Waves, how: Picking) -> dict[int, Picks]:
    """Samples of the picks of each phase (the first two) by record; none where the method finds none."""
    found: dict[int, list[np.ndarray]] = {phase: [] for phase in how.phases}
    high = min(20.0, 0.45 * waves.rate_hz)
    for record in waves.records:
        vertical, other = (np.asarray(waves.component(record, up), np.float64) for up in (True, False))
        traces = vertical[:, 0], other[:, 0], other[:, -1]
        traces = tuple(trace - trace.mean() for trace in traces)
        # band, windows (s) of the long and short averages of P and S, orders and windows of the models
        settings = (1.0, high, 1.0, 0.1, 4.0, 1.0, 2, 8, 0.1, 0.2)
        times = _obspy().trigger.ar_pick(*traces, waves.rate_hz, *settings)
        for phase, time in zip(how.phases, times, strict=False):
            found[phase].append(np.array([time * waves.rate_hz] if time > 0 else []))
        for phase in how.phases[2:]:
            found[phase].append(np.empty(0))
    return dict(found)
