"""The keys of the query language, and how the value of each is written.

A reader of values raises `ValueError` with sentences that say how to write the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from db.read.query_language.tree import Circle, Interval, Text, Value
from tagger.core.periods import in_utc, parse
from tagger.core.sentence import Sentence, ask_which
from tagger.core.text import similar

MOST_KM = 20_038.0  # half of the equator, beyond which everything is near
LARGEST_ID = 2**63 - 1
UNITS_KM = {"m": 0.001, "km": 1.0, "mi": 1.609344, "": 1.0}
PLACE = r"([-+]?\d+(?:\.\d*)?),([-+]?\d+(?:\.\d*)?),(\d*\.?\d+)([a-z]*)"
COMPARED = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Clock:
    """What moments mean: the day that is "today", and the zone of wall times; None for this machine's."""

    today: date
    zone: tzinfo | None = None


Reader = Callable[[Text, Clock], Value]


def _text(text: Text, _clock: Clock) -> Text:
    return text


def _verbatim(text: Text, _clock: Clock) -> Text:
    return Text((str(text),))


def _one_of(*names: str) -> Reader:
    def read(text: Text, _clock: Clock) -> Text:
        name = str(text).lower()
        if name not in names:
            raise ValueError(Sentence("Write {names}.", names=names), *ask_which(similar(name, names)))
        return Text((name,))

    return read


def _ratio(text: Text, _clock: Clock) -> Interval:
    advice = Sentence("Write a comparison or a range: >=0.8, <0.5, 0.5..0.8, >=80%")
    interval = _interval(str(text), _number, advice)
    if interval.low == interval.high:
        raise ValueError(Sentence("Hardly any is exactly that."), advice)
    return interval


def _id(text: Text, _clock: Clock) -> Interval:
    return _interval(str(text), _whole, Sentence("Write a number, a comparison or a range: 5, >=5, 3..5"))


def _taken(text: Text, clock: Clock) -> Interval:
    return _period(str(text), lambda written: parse(written, clock.today))


def _tagged(text: Text, clock: Clock) -> Interval:
    def moments(written: str) -> tuple[datetime, datetime]:
        start, end = parse(written, clock.today)
        return in_utc(start, clock.zone), in_utc(end, clock.zone)

    return _period(str(text), moments)


def _near(text: Text, _clock: Clock) -> Circle:
    match = re.fullmatch(PLACE, str(text).lower().replace(" ", ""))
    if match is None or match[4] not in UNITS_KM:
        raise ValueError(Sentence("Write latitude, longitude and radius: 48.86,2.29,5km, or the radius in m or mi."))
    lat, lon, radius = float(match[1]), float(match[2]), float(match[3])
    if abs(lat) > 90 or abs(lon) > 180:
        raise ValueError(Sentence("A latitude is -90 to 90, and a longitude -180 to 180."))
    return Circle(lat, lon, min(radius * UNITS_KM[match[4]], MOST_KM))


READERS: dict[str, Reader] = {
    "landmark": _text,
    "country": _text,
    "city": _text,
    "score": _ratio,
    "margin": _ratio,
    "taken": _taken,
    "tagged": _tagged,
    "folder": _verbatim,
    "file": _text,
    "status": _one_of("tagged", "none", "failed", "withdrawn"),
    "state": _one_of("unreviewed", "confirmed", "rejected", "corrected"),
    "who": _text,
    "model": _verbatim,
    "run": _id,
    "near": _near,
    "has": _one_of("gps"),
    "kind": _text,
}


class _Backwards(ValueError):
    """A range whose end is before its beginning."""


def _interval(written: str, read: Callable[[str], Any], advice: Sentence) -> Interval:
    match = COMPARED.fullmatch(written)
    assert match is not None
    comparison, operand = match.groups()
    try:
        if comparison is None and ".." in operand:
            low, high = (read(bound) if bound.strip() else None for bound in operand.split("..", 1))
            if low is None and high is None:
                raise ValueError
            if low is not None and high is not None and low > high:
                raise _Backwards
            return Interval(low, high)
        value = read(operand)
    except _Backwards as error:
        raise ValueError(Sentence("The range ends before it begins.")) from error
    except ValueError as error:
        raise ValueError(advice) from error
    if comparison in (">", ">="):
        return Interval(low=value, excludes_low=comparison == ">")
    if comparison in ("<", "<="):
        return Interval(high=value, excludes_high=comparison == "<")
    return Interval(value, value)


def _period(written: str, read: Callable[[str], tuple[datetime, datetime]]) -> Interval:
    """Both ends of a range are included: a year lasts until the first moment after it."""
    try:
        advice = Sentence("Write a day, a comparison or a range: 2024, >=2024-07, 2024-07..2024-09")
        interval = _interval(written, read, advice)
    except OverflowError as error:
        raise ValueError(Sentence("There is no later day.")) from error
    low, high = interval.low, interval.high
    start = low and low[interval.excludes_low]  # the first moment, or the first one after it
    end = high and high[not interval.excludes_high]
    return Interval(start, end, excludes_high=True)


def _number(written: str) -> float:
    text = written.strip()
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError(written)
    return value


def _whole(written: str) -> int:
    value = int(written)
    if not 1 <= value <= LARGEST_ID:
        raise ValueError(written)
    return value
