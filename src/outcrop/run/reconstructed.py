"""Inputs that are their own target: what stands in for the target, and which samples count as clean.

A target that is reconstructed or generated has no curve of its own. The first of its inputs stands in for it where
split, audit and counts ask for one target; what the network is trained on are all of them, on the scale of the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from outcrop.config.schema import DataSection, NoiseSection
from outcrop.data.variable import ClassTable, Variable
from outcrop.errors import ConfigError, DataError, did_you_mean, message
from outcrop.records import Record


def stand_in(
    name: str, key: str, names: Sequence[str], inputs: Sequence[Variable], classes: ClassTable | None = None
) -> Variable:
    """The variable that stands for the target: the first of those that are given back, or generated.

    Raises:
        ConfigError: one of them is no input, or no number on one scale.
    """
    known = {variable.name: variable for variable in inputs}
    for each in names:
        where, variable = f"target.{name}.{key}", known.get(each)
        if variable is None:
            what = f"{each!r} is no input{did_you_mean(each, known)}."
            raise ConfigError(message(what, where=where, fix=f"the inputs are {', '.join(known)}."))
        anomaly = variable.calendar and key != "generate"  # what is generated of it is the anomaly
        usual = variable.transform_kind == "climatology"
        if variable.kind != "number" or variable.scope == "both" or anomaly or usual:
            what = f"{each!r} cannot be its own target: it is no number on one scale."
            fix = f'leave it out of {key}; or scope = "training", and no means of training, for variable.{each}'
            raise ConfigError(message(what, where=where, fix=fix))
    first = known[names[0]]
    missing = "mask" if first.missing == "mask" else "impute"
    return replace(first, name=name, role="target", missing=missing, scope="training", clip=None, classes=classes)


def only_clean(records: Sequence[Record], data: DataSection) -> list[Record]:
    """The records, with the stand-in missing where nothing is taken for clean.

    Raises:
        DataError: a span beyond the records, or no clean record.
    """
    name, section = next(iter(data.target.items()))
    if section.reconstruct is None or section.noise is None:
        return list(records)
    found, clean = [], 0
    for record in records:
        values = record.flat(name).astype(float)
        keep = np.ones(len(values), bool)
        if section.noise.clean is not None:
            keep[:] = False
            keep[slice(*_span(section.noise.clean, record, "clean", 1))] = True
        if section.noise.least_snr_db is not None:
            keep &= own_snr_db(record, section.reconstruct, section.noise) >= section.noise.least_snr_db
        clean += keep.any()
        values[~keep] = np.nan
        array = record.data[name].copy(data=values.reshape(record.shape))
        found.append(record.with_data(record.data.assign({name: array})))
    if not clean:
        what = f"No record reaches {section.noise.least_snr_db} dB by itself, so none is taken for clean."
        raise DataError(message(what, where=f"target.{name}.noise.least_snr_db", fix="ask for less."))
    return found


def own_snr_db(record: Record, names: Sequence[str], noise: NoiseSection) -> float:
    """How far a record's clean samples stand above those that hold noise alone: mean squares, in dB, all inputs.

    Both are taken about the mean of the noise, over the inputs that the record has. -inf where it has none.
    """
    signal_span = slice(None) if noise.clean is None else slice(*noise.clean)
    noise_span = slice(*_span(noise.noise_only or (0, len(record)), record, "noise_only", 2))
    power = np.zeros(2)
    for name in names:
        values = record.flat(name).astype(float)
        if not np.isfinite(values[signal_span]).any() or not np.isfinite(values[noise_span]).any():
            continue
        values = values - np.nanmean(values[noise_span])
        power += [np.nanmean(np.square(values[signal_span])), np.nanmean(np.square(values[noise_span]))]
    return float(10 * np.log10(power[0] / power[1])) if (power > 0).all() else float("-inf")


def _span(span: tuple[int, int], record: Record, key: str, least: int) -> tuple[int, int]:
    """A span of samples that lies inside a record."""
    if not 0 <= span[0] <= span[1] - least or span[1] > len(record):
        what = f"{key} = [{span[0]}, {span[1]}] does not lie inside a record of {len(record)} samples."
        fix = f"{key} = [first, last + 1], such as [0, {len(record)}]"
        raise DataError(message(what, where=f"{record.name}, target.noise", fix=fix))
    return span
