"""Waveforms, miniSEED and SAC, through obspy: one Record per station with one variable per component; and back.

Gaps are missing values. Nothing is resampled unless the run file says to which rate, and then it is noted how.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from outcrop.data.content import content, fingerprint, replacing, stem
from outcrop.data.isolated import call
from outcrop.data.waveform_structure import SAC_UNSET, is_sac
from outcrop.errors import ConfigError, DataError, message, missing_extra
from outcrop.records import Record

SAC_POSITION = {"stla": "latitude", "stlo": "longitude", "stel": "elevation"}
CALENDAR_S = 9e9
"""Seconds before and after 1970 that nanoseconds in 64 bits can count."""
LONGEST_GAP = 10_000_000
"""Missing samples that a record may have, and a hundred times those that it has."""


def read(
    path: str | Path, *, channels: str | None = None, sampling_rate_hz: float | None = None, split: bool = False
) -> list[Record]:
    """Reads waveforms into Records, one per station and location code (and epoch of the sampling rate, with `split`).

    Args:
        path: miniSEED or SAC.
        channels: the first two letters of the channels to take ("HH"), where a station has several instruments.
        sampling_rate_hz: rate to resample to (band-limited, obspy's Lanczos interpolation after a low-pass filter at
            0.4 of the new rate where it is lower).
        split: makes one Record per epoch where the sampling rate changes, instead of an error.

    Raises:
        ConfigError: several instruments and no choice.
        DataError: a damaged file, or sampling rates that differ.
    """
    path = Path(path)
    raw = content(path)
    traces = load(str(path)) if is_sac(raw, path) else call("outcrop.data.waveform:load", path, library="obspy")
    if channels is not None:
        traces = [t for t in traces if t.stats.channel.startswith(channels)]
        if not traces:
            raise ConfigError(message(f"No channel starts with {channels!r}.", where=str(path), fix='channels = "HH"'))
    found = []
    for station in dict.fromkeys(_station(t) for t in traces):
        own = [t for t in traces if _station(t) == station]
        instruments = sorted({t.stats.channel[:2] for t in own})
        if len(instruments) > 1 and all(len(t.stats.channel) == 3 for t in own):
            fix = f'channels = "{instruments[0]}"'
            what = f"{station} has the instruments {', '.join(instruments)}."
            raise ConfigError(message(what, where=str(path), fix=fix))
        rates = sorted({float(t.stats.sampling_rate) for t in own})
        if len(rates) > 1 and sampling_rate_hz is None and not split:
            shown = ", ".join(f"{rate:g}" for rate in rates)
            fix = f"sampling_rate_hz = {rates[0]:g} resamples; split = true makes one record per rate."
            raise DataError(message(f"{station} has the sampling rates {shown} Hz.", where=str(path), fix=fix))
        for rate in rates if split and len(rates) > 1 else [None]:
            part = [t for t in own if rate is None or t.stats.sampling_rate == rate]
            name = station if rate is None else f"{station} {rate:g} Hz"
            found.append(_record(part, name, path, raw, sampling_rate_hz))
    return found


def load(path: str) -> list[Any]:
    """All traces of a file."""
    try:
        import obspy
        from obspy.io.mseed import InternalMSEEDWarning
    except ImportError:
        raise missing_extra("obspy", "seismic", "Reading waveforms") from None
    import warnings

    raw = content(path)
    kind = "SAC" if is_sac(raw, Path(path)) else "MSEED"  # said, since obspy would try every format, pickles too
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", category=InternalMSEEDWarning)  # records that do not add up
            stream = obspy.read(io.BytesIO(raw), format=kind)
    except Exception as error:  # obspy and its C library raise many kinds
        reason = " ".join(str(error).split())[:160].rstrip(".") or type(error).__name__
        raise DataError(
            message(f"The waveforms cannot be read: {reason}.", where=path, fix="copy the file again.")
        ) from None
    traces = [trace for trace in stream if len(trace.data) and trace.data.dtype.kind in "fiu"]  # others hold a log book
    if not traces:
        raise DataError(message("The file holds no samples.", where=path, fix="copy it again, or leave it out."))
    return traces


def _check_span(traces: list[Any], name: str, path: Path) -> None:
    """Times must fit the calendar, and most of the time from the first to the last sample must have samples.

    Raises:
        DataError: a stamp or sampling rate is damaged.
    """
    rates = np.array([t.stats.sampling_rate for t in traces], float)
    starts = np.array([t.stats.starttime.timestamp for t in traces])
    counts = np.array([len(t.data) for t in traces])
    if not (np.isfinite(rates) & (rates > 0)).all():
        what = f"The sampling rate is {rates.min():g} Hz."
        raise DataError(message(what, where=f"{path}, {name}", fix="correct the headers, or leave the file out."))
    start, end = starts.min(), (starts + counts / rates).max()
    if max(-start, end) > CALENDAR_S or (end - start) * rates.max() > LONGEST_GAP + 100 * counts.sum():
        days = f"{(end - start) / 86400:,.1f} days from {start:.4g} s after 1970"
        what = f"{counts.sum():,} samples at {rates.max():g} Hz lie within {days}."
        fix = "cut the file at its gap, or leave it out; or a time stamp is damaged."
        raise DataError(message(what, where=f"{path}, {name}", fix=fix))


def _station(trace: Any) -> str:
    stats = trace.stats
    code = ".".join(part for part in (stats.network, stats.station, stats.location) if part)
    return code or "station"


def _record(traces: list[Any], name: str, path: Path, raw: bytes, rate: float | None) -> Record:
    import xarray as xr

    _check_span(traces, name, path)
    notes = [] if rate is None else _resampled(traces, rate)
    step = 1 / traces[0].stats.sampling_rate
    start = min(t.stats.starttime for t in traces)
    end = max(t.stats.endtime for t in traces)
    count = round((end - start) / step) + 1
    columns, ids = {}, {}
    for component in dict.fromkeys((t.stats.channel or "Z")[-1] for t in traces):
        own = [t for t in traces if (t.stats.channel or "Z")[-1] == component]
        values = np.full(count, np.nan)
        offsets, overlap = [], 0
        for trace in own:
            shift = (trace.stats.starttime - start) / step
            first = round(shift)
            offsets.append(abs(shift - first))
            piece = np.ma.filled(np.ma.asarray(trace.data, float), np.nan)
            target = values[first : first + len(piece)]
            free = np.isnan(target)
            overlap += int((~free & np.isfinite(piece[: len(target)])).sum())
            target[free] = piece[: len(target)][free]
        gaps = int(np.isnan(values).sum())
        notes += [f"{component}: {gaps:,} samples missing in gaps"] if gaps else []
        notes += [f"{component}: {overlap:,} overlapping samples, the first kept"] if overlap else []
        notes += (
            [f"{component}: starts {max(offsets) * step * 1e3:.2g} ms off the common samples"]
            if max(offsets) > 0.01
            else []
        )
        columns[component] = ("time", values, {"units": "count", "long_name": own[0].id})
        ids[component] = own[0].id
    axis = np.datetime64(start.datetime, "ns") + (np.arange(count) * step * 1e9).round().astype("timedelta64[ns]")
    position = _position(traces[0])
    attributes = {"ids": ids, "sampling_rate_hz": 1 / step, "seed_format": traces[0].stats.get("_format", "")}
    data = xr.Dataset(columns, {"time": ("time", axis)}, attributes)
    groups = {"station": ".".join(p for p in (traces[0].stats.network, traces[0].stats.station) if p) or name}
    return Record(data, name, groups, str(path), fingerprint(raw), "waveform", position, tuple(notes), ("time",))


def _position(trace: Any) -> dict[str, float]:
    header = trace.stats.get("sac", {})
    return {new: float(header[old]) for old, new in SAC_POSITION.items() if old in header and header[old] > SAC_UNSET}


def _resampled(traces: Sequence[Any], rate: float) -> list[str]:
    notes = []
    for trace in traces:
        old = float(trace.stats.sampling_rate)
        if abs(old - rate) < 1e-6 * rate:
            continue
        if np.ma.is_masked(trace.data):
            trace.data = np.ma.filled(trace.data, 0)
        trace.data = np.asarray(trace.data, float)
        if rate < old:
            trace.filter("lowpass", freq=0.4 * rate, zerophase=True)
        trace.interpolate(rate, method="lanczos", a=12)
        low = f", low-pass {0.4 * rate:g} Hz before" if rate < old else ""
        notes.append(f"{trace.id}: resampled from {old:g} to {rate:g} Hz (Lanczos{low})")
    return notes


def write(source: str | Path, out: str | Path, curves: Any, *, channels: str | None = None) -> Path | list[Path]:
    """Predictions as further channels: miniSEED gets records after the original ones, SAC one file per quantity.

    Channels of predictions are called by the last three letters or digits of the mnemonic; the original bytes stay.
    """
    import obspy

    source, out = Path(source), Path(out)
    records = read(source, channels=channels)
    many = curves if isinstance(curves, dict) else {records[0].name: curves}
    traces = []
    for record in records:
        first = next(iter(record.data.attrs["ids"].values())).split(".")
        for number, curve in enumerate(many.get(record.name, [])):
            values = np.asarray(curve.values, np.float32)
            header = {"network": first[0], "station": first[1], "location": "OC", "channel": f"P{number:02d}",
                      "starttime": obspy.UTCDateTime(str(record.axis[0])),
                      "sampling_rate": record.data.attrs["sampling_rate_hz"]}  # fmt: skip
            whole = obspy.Trace(np.ma.masked_invalid(values), header)
            traces += [(curve, piece) for piece in whole.split()]
    if content(source)[:6].strip().isdigit():
        place, stream = out / source.name, obspy.Stream([trace for _, trace in traces])
        added = io.BytesIO()
        stream.write(added, format="MSEED", encoding="FLOAT32")
        with replacing(place) as partial:
            partial.write_bytes(content(source) + added.getvalue())
        return place
    written = []
    for curve in {c.mnemonic: c for c, _ in traces}.values():
        place = out / f"{stem(source)}_{curve.mnemonic}.sac"
        original = load(str(source))[0].copy()
        original.data = np.asarray(curve.values, np.float32)
        with replacing(place) as partial:
            original.write(str(partial), format="SAC")
        written.append(place)
    return written
