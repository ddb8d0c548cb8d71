"""The well a wellbore belongs to: sidetracks and re-drills of one well share rock and must share a group."""

from __future__ import annotations

import re

QUADRANT = re.compile(r"^(?:NO[ _]+)?(\d+/\d+[a-z]?-(?:[A-Z]{1,2}-)?\d+)(?![\d/])", re.IGNORECASE)
"""Norwegian, British and Danish names: quadrant/block-well, with a platform letter or without."""
SUFFIX = re.compile(r"[ _-]+(?:ST ?\d*|BT ?\d*|LAT ?\d*|ML ?\d*|T\d+|S\d*|SR|R|Z|[A-E]T?\d?)$", re.IGNORECASE)


def well_root(name: str) -> str:
    """Name without sidetrack suffix and field name.

    >>> [well_root(name) for name in ("31/5-4 S", "16/2-11 A Johan Sverdrup Appr", "34_10-A-12 T2", "F03-02-S1")]
    ['31/5-4', '16/2-11', '34/10-A-12', 'F03-02']
    """
    name = " ".join(name.split())
    slashed = re.sub(r"^(NO[ _]+)?(\d+)_(\d+)", r"\1\2/\3", name)
    if match := QUADRANT.match(slashed):
        return match[1]
    while (shorter := SUFFIX.sub("", name)) != name and any(character.isdigit() for character in shorter):
        name = shorter
    return name
