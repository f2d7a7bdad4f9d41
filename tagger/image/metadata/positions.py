"""Positions as cameras and programs write them.

The one rule: a position that does not say on which half of the globe it is counts as none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from tagger.core.types import Position

NOWHERE_KM = 1.0  # around 0/0, where a receiver without a fix puts itself
DEGREE_KM = 111.2
NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+", re.ASCII)


class Axis(NamedTuple):
    """The first letters of its two directions, and its largest value in degrees."""

    positive: str
    negative: str
    limit: float


LATITUDE = Axis("N", "S", 90)
LONGITUDE = Axis("E", "W", 180)


def coordinate(parts: Sequence[float], direction: object, axis: Axis) -> float | None:
    """A coordinate in degrees.

    Args:
        parts: degrees, minutes and seconds; the last ones may be missing. Some programs write them negative in the
            south and west, beside the direction.
        direction: a letter or a word, in either case.
        axis: which coordinate it is.

    Returns:
        None if it is impossible or ambiguous.
    """
    if isinstance(direction, bytes):
        direction = direction.decode("latin-1")
    letter = str(direction or "").strip(" \0").upper()[:1]
    if not 1 <= len(parts) <= 3 or letter not in (axis.positive, axis.negative):
        return None
    is_negative = any(part < 0 for part in parts)
    if is_negative and (letter == axis.positive or any(part > 0 for part in parts)):
        return None
    degrees, minutes, seconds = (*map(abs, parts), 0.0, 0.0)[:3]
    if not (minutes < 60 and seconds <= 60):  # also NaN; 60 seconds are a matter of rounding
        return None
    value = degrees + minutes / 60 + seconds / 3600
    return (-value if letter == axis.negative else value) if value <= axis.limit else None


def parse_coordinate(text: str, direction: object, axis: Axis) -> float | None:
    """Read a coordinate from text: 48,51.5N, 48,51,30N, 48.8583 N, N 48° 51' 30", or signed decimal degrees.

    Args:
        text: of any form.
        direction: where the text has none.
        axis: which coordinate it is.
    """
    text = text.strip()
    letters = re.sub("[^A-Z]", "", text.upper().replace("DEG", ""))
    numbers = [float(number) for number in NUMBERS.findall(text)]
    if letters or direction:
        is_signed = text.startswith("-")
        return coordinate([-number for number in numbers] if is_signed else numbers, letters or direction, axis)
    if len(numbers) != 1:
        return None
    return coordinate(numbers, axis.negative if text.startswith("-") else axis.positive, axis)


def position(lat: float | None, lon: float | None) -> Position | None:
    """A position, unless a coordinate is missing, impossible, or both are about zero."""
    if lat is None or lon is None or not (abs(lat) <= LATITUDE.limit and abs(lon) <= LONGITUDE.limit):
        return None
    return None if math.hypot(lat, lon) * DEGREE_KM <= NOWHERE_KM else Position(lat, lon)
