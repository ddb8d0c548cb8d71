"""What the page says of inputs that are given back: the gain against noise, and how often usual samples are flagged."""

from __future__ import annotations

import numpy as np

from outcrop.report import words
from outcrop.report.figures.gain import gain
from outcrop.report.pictures import Picture, picture
from outcrop.report.scores import Promise


def gain_picture(promise: Promise) -> list[Picture]:
    """What network and baselines gain on the noisy input, at every ratio of signal to noise."""
    rows = [row for row in promise.content.get("by_snr_db") or [] if (row.get("gain") or {}).get("model")]
    if len(rows) < 2:
        return []
    ratios = [row["snr_db"] for row in rows]
    keys = ("value", "low", "high")
    own = np.array([[row["gain"]["model"].get(key) for key in keys] for row in rows], float)
    names = [name for name in rows[0]["gain"] if name not in ("model", "mean")]
    others = {words.plain(name): [row["gain"][name]["value"] for row in rows] for name in names}
    told = [
        f"{words.decimals(value, 1)} dB at {words.number(r)} dB" for value, r in zip(own[:, 0], ratios, strict=True)
    ]
    caption = "Gain over the noisy input on held-out samples. Filters are told the ratio, the network is not."
    return [picture(gain(ratios, own, others), f"The network gains {words.series(told)}.", caption)]


def alarms(promise: Promise) -> str:
    """How many held-out samples the threshold of validation flags, against the share that was asked for."""
    found = promise.content.get("anomaly")
    if not isinstance(found, dict) or found.get("flagged") is None:
        return ""
    groups = words.plural(len(found.get("groups") or ()), str(promise.content.get("noun") or "group"))
    return (
        f"The threshold was set to flag {words.percent(found['asked'])} of the samples of validation groups. Of those "
        f"of {groups} held out it flags {words.percent(found['flagged'])} ({words.percent(found['lowest'])} to "
        f"{words.percent(found['highest'])} from one to another)."
    )
