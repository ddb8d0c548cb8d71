"""The table of metrics that compare two ensembles, generated and real: name, formula, source, better-is, where it fits.

Holds import strings only, as `table` does. A metric is a reduction of every realisation to a row and a comparison of
two sets of rows, so that the same metric between hundreds of subsets (the floor, `evaluate.floor`) costs little more
than one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from outcrop.errors import ConfigError, DataError, did_you_mean, message

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class EnsembleMetric:
    """One row of the table.

    Attributes:
        name: key.
        words: how a sentence names it.
        formula: in plain notation.
        source: where the definition comes from.
        better: "lower" (a distance) or "one" (a ratio).
        kinds: "facies", "number" or both.
        places: numbers of dimensions of place it is defined for.
        reduce: `module:function`, `(fields, reference) -> rows`, one row per realisation.
        compare: `module:function`, `(rows of samples, rows of real) -> float`.
        needs: "train" where training realisations are compared with, "variables" where there must be two or more.
    """

    name: str
    words: str
    formula: str
    source: str
    better: str
    kinds: tuple[str, ...]
    places: tuple[int, ...]
    reduce: str
    compare: str
    needs: str = ""

    def load(self, part: str) -> Callable[..., Any]:
        """The callable behind `reduce` or `compare`."""
        module, name = getattr(self, part).split(":")
        return getattr(import_module(f"outcrop.metric.{module}"), name)


_ALL, _FIELDS, _MAPS = (0, 1, 2, 3), (1, 2, 3), (2, 3)
_FACIES, _NUMBER, _BOTH = ("facies",), ("number",), ("facies", "number")
_SZEKELY = "Szekely and Rizzo (2013), doi:10.1016/j.jspi.2013.03.018"
_MEEHAN = "Meehan, Chaudhuri and Dasgupta (2020), arXiv:2004.05675"
_MATHERON = "Matheron (1963), Economic Geology 58, 1246-1266"
_DEUTSCH = "Deutsch and Journel (1998), GSLIB, 2nd edition: the checks of a simulation"

ENSEMBLE_METRICS: dict[str, EnsembleMetric] = {
    row.name: row
    for row in (
        EnsembleMetric(
            "mean_shift", "shift of the mean", "|mean x - mean y| / sd y", _DEUTSCH, "lower", _NUMBER, _ALL,
            "reduced:moments", "compare:mean_shift",
        ),
        EnsembleMetric(
            "spread_error", "error of the spread", "|ln(sd x / sd y)|", _DEUTSCH, "lower", _NUMBER, _ALL,
            "reduced:moments", "compare:spread_error",
        ),
        EnsembleMetric(
            "wasserstein_1", "Wasserstein-1 distance of the values", "integral of |F - G|, in sd of real",
            "Vallender (1974), doi:10.1137/1118101", "lower", _NUMBER, _ALL,
            "reduced:marginals", "compare:cell_wasserstein",
        ),
        EnsembleMetric(
            "kolmogorov_smirnov", "Kolmogorov-Smirnov distance of the values", "max |F - G|",
            "Smirnov (1948), doi:10.1214/aoms/1177730256", "lower", _NUMBER, _ALL,
            "reduced:marginals", "compare:cell_ks",
        ),
        EnsembleMetric(
            "cross_plot", "sliced Wasserstein-2 distance of the cross-plot", "sqrt(mean over u of W2^2(u.x, u.y))",
            "Bonneel et al. (2015), doi:10.1007/s10851-014-0506-3", "lower", _NUMBER, _FIELDS,
            "reduced:cells", "compare:cell_sliced", "variables",
        ),
        EnsembleMetric(
            "energy", "energy distance of realisations", "sqrt(2 E|X - Y| - E|X - X'| - E|Y - Y'|)", _SZEKELY, "lower",
            _BOTH, _ALL, "reduced:whole", "compare:whole_energy",
        ),
        EnsembleMetric(
            "mmd", "squared maximum mean discrepancy of realisations", "mean k(x, x') + mean k(y, y') - 2 mean k(x, y)",
            "Gretton et al. (2012), JMLR 13, 723-773", "lower", _BOTH, _ALL, "reduced:whole", "compare:whole_mmd",
        ),
        EnsembleMetric(
            "sliced_wasserstein_2", "sliced Wasserstein-2 distance of realisations",
            "sqrt(mean over u of W2^2(u.x, u.y))", "Bonneel et al. (2015), doi:10.1007/s10851-014-0506-3", "lower",
            _NUMBER, _ALL, "reduced:whole", "compare:whole_sliced",
        ),
        EnsembleMetric(
            "proportions", "error of the facies proportions", "sum of |p - q| / 2, mean proportions", _DEUTSCH, "lower",
            _FACIES, _ALL, "reduced:proportions", "spatial:total_variation",
        ),
        EnsembleMetric(
            "proportions_spread", "Wasserstein-1 distance of the proportions of realisations",
            "W1 of the share per realisation, mean over classes", _DEUTSCH, "lower", _FACIES, _FIELDS,
            "reduced:proportions", "compare:row_wasserstein",
        ),
        EnsembleMetric(
            "run_lengths", "distance of the run lengths in cells", "W1 of lengths, mean over classes and axes",
            "Boisvert, Pyrcz and Deutsch (2007), doi:10.1007/s11053-008-9058-9", "lower", _FACIES, _FIELDS,
            "reduced:run_lengths", "spatial:run_length_distance",
        ),
        EnsembleMetric(
            "variogram", "relative distance of the variograms", "sum over lags of |g - h| / sum of h", _MATHERON,
            "lower", _BOTH, _FIELDS, "reduced:variogram", "spatial:relative_distance",
        ),
        EnsembleMetric(
            "connectivity", "distance of the connectivity functions", "mean over lags of |P(connected) - Q(connected)|",
            "Pardo-Iguzquiza and Dowd (2003), doi:10.1016/S0098-3004(03)00028-1", "lower", _FACIES, _FIELDS,
            "reduced:connected_pairs", "spatial:connectivity_distance",
        ),
        EnsembleMetric(
            "euler_number", "Wasserstein-1 distance of the Euler numbers", "W1 of bodies - holes, mean over classes",
            "Serra (1982), Image Analysis and Mathematical Morphology, chapter VI", "lower", _FACIES, _MAPS,
            "reduced:euler_number", "compare:row_wasserstein",
        ),
        EnsembleMetric(
            "spectrum", "distance of the radial spectra in dB", "rms over rings of 10 log10(P / Q)",
            "Gray and Markel (1976), doi:10.1109/TASSP.1976.1162849", "lower", _NUMBER, _FIELDS,
            "reduced:radial_spectrum", "spatial:spectral_distance",
        ),
        EnsembleMetric(
            "diversity", "mean pairwise distance over that of real ones", "E|X - X'| / E|Y - Y'|", _SZEKELY, "one",
            _BOTH, _FIELDS, "reduced:whole", "copies:diversity",
        ),
        EnsembleMetric(
            "nearest_other", "distance to the nearest other realisation over that of real ones",
            "median min |x - x'| / median min |y - y'|", "Arora and Zhang (2017), arXiv:1706.08224", "one",
            _BOTH, _ALL, "reduced:whole", "copies:nearest_other",
        ),
        EnsembleMetric(
            "missing_modes", "number of modes that are missing", "modes with q > 0 and p < q / 10",
            "Srivastava et al. (2017), arXiv:1705.07761", "lower", _BOTH, _ALL,
            "reduced:modes", "copies:missing_modes",
        ),
        EnsembleMetric(
            "modes", "error of the shares of modes", "sum of |p - q| / 2 over k-means clusters",
            "Richardson and Weiss (2018), arXiv:1805.12462", "lower", _BOTH, _ALL,
            "reduced:modes", "spatial:total_variation",
        ),
        EnsembleMetric(
            "share_near", "share of samples nearer to training than 95 % of held-out ones",
            "share of d < 5 % quantile of d of real, d = nearest / mean of 50 nearest", _MEEHAN, "lower", _BOTH, _ALL,
            "reduced:nearness", "copies:share_near", "train",
        ),
        EnsembleMetric(
            "nearer_than_real", "probability of being nearer to training than a held-out one", "P(d of x < d of y)",
            _MEEHAN, "lower", _BOTH, _ALL, "reduced:nearness", "copies:nearer_than_real", "train",
        ),
    )
}  # fmt: skip


def find_ensemble(name: str) -> EnsembleMetric:
    """The row of one metric, or a ConfigError with the likely spelling."""
    if name not in ENSEMBLE_METRICS:
        what = f"Unknown metric of ensembles {name!r}{did_you_mean(name, ENSEMBLE_METRICS)}."
        fix = f"use one of {', '.join(ENSEMBLE_METRICS)}."
        raise ConfigError(message(what, where="metric.ensembles", fix=fix))
    return ENSEMBLE_METRICS[name]


def fitting(kind: str, places: int, *, variables: int = 1, train: bool = False) -> tuple[str, ...]:
    """Names of the metrics that fit a kind of field, in the table's order; of single facies, proportions say it all.

    >>> fitting("facies", 0)
    ('proportions',)
    >>> fitting("facies", 1)[:4]
    ('energy', 'mmd', 'proportions', 'proportions_spread')
    """
    return tuple(
        row.name
        for row in ENSEMBLE_METRICS.values()
        if kind in row.kinds
        and places in row.places
        and (kind == "number" or places or row.name == "proportions")
        and (train or row.needs != "train")
        and (variables > 1 or row.needs != "variables")
    )


def compare(
    name: str, *, samples: np.ndarray, real: np.ndarray, train: np.ndarray | None = None, classes: int | None = None
) -> float:
    """One metric between two ensembles `(realisation, *place, variable)`.

    Args:
        name: of the metric.
        samples: generated realisations; integers are facies.
        real: real ones, held out from training.
        train: those learned from, for `share_near` and `nearer_than_real`.
        classes: number of facies; by default one more than the largest code.

    Raises:
        ConfigError: no such metric, or it does not fit.
        DataError: ensembles of two kinds or shapes, or with missing values.
    """
    row = find_ensemble(name)
    reference = checked(samples, real, train, classes)
    kind = "facies" if reference.classes else "number"
    names = fitting(kind, real.ndim - 2, variables=real.shape[-1], train=train is not None)
    if row.name not in names:
        what = f"{row.name!r} does not fit {kind} of {real.ndim - 2} dimensions and {real.shape[-1]} variables."
        raise ConfigError(message(what, where="metric.ensembles", fix=f"use one of {', '.join(names)}."))
    reduce = row.load("reduce")
    return row.load("compare")(reduce(samples, reference), reduce(real, reference))


def checked(samples: np.ndarray, real: np.ndarray, train: np.ndarray | None, classes: int | None) -> Any:
    """The `reduced.Reference` of ensembles that fit one another.

    Raises:
        DataError: ensembles of two kinds or shapes, or with missing values.
    """
    import numpy as np

    from outcrop.metric.reduced import Reference

    given = {"samples": samples, "real": real} | ({} if train is None else {"train": train})
    facies = np.issubdtype(real.dtype, np.integer)
    for name, fields in given.items():
        fault = ""
        if fields.ndim < 2 or fields.shape[1:] != real.shape[1:]:
            fault = f"has shape {fields.shape}, real has {real.shape}: (realisation, *place, variable)"
        elif np.issubdtype(fields.dtype, np.integer) != facies:
            fault = f"holds {fields.dtype}, real holds {real.dtype}: integers are facies, floats are not"
        elif not np.isfinite(fields).all():
            lost = int((~np.isfinite(fields)).reshape(len(fields), -1).any(axis=1).sum())
            fault = f"is not finite in {lost} of {len(fields)} realisations"
        elif facies and classes and fields.max() >= classes:
            fault = f"holds code {fields.max()} of {classes} classes, which are numbered from 0"
        elif facies and (fields.min() < 0 or fields.shape[-1] != 1):
            fault = f"holds {fields.shape[-1]} variables from {fields.min()}: facies are one variable from 0 on"
        if fault:
            raise DataError(message(f"{name} {fault}.", where="ensembles", fix="give all in one form, without gaps."))
    if not facies:
        return Reference(real, train)
    return Reference(real, train, classes or 1 + max(int(fields.max()) for fields in given.values()))
