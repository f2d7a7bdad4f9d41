"""Read the dates that cameras and programs write, in all their spellings.

The one rule: a date is the local time as written. Its time zone is dropped, since most photos have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from tagger.core.types import DATE_SOURCES, DateSource, TakenDate

# 2014:06:07 08:09:10.5+02:00, also with slashes, dashes or a T, padded with spaces, without seconds or a time, and
# compact as in IPTC. A month or day that is blank or 00 is unknown.
SPELLING = re.compile(
    r"\s*(?P<year>[0-9]{4})"
    r"(?:(?P<separator>[:/.\- ])(?P<month>[0-9 ]?[0-9 ])(?:(?P=separator)(?P<day>[0-9 ]?[0-9 ]))?"
    r"|(?P<compact_month>[0-9]{2})(?P<compact_day>[0-9]{2}))?"
    r"(?:[T\s:,]+(?P<hour>[0-9 ]?[0-9])[:.](?P<minute>[0-9 ]?[0-9])(?:[:.](?P<second>[0-9 ]?[0-9]))?"
    r"|[T\s]?(?P<compact_time>[0-9]{6}))?"
    r"(?![0-9:])\s*(?P<half>[AP]M\b)?",
    re.ASCII | re.IGNORECASE,
)

FIRST_PHOTO = 1826
ZONES = timedelta(days=1)  # it may be tomorrow elsewhere
CLOCK_RESETS = frozenset(  # the days at which a camera's clock restarts after its battery ran out
    date(*day)
    for day in (
        (1904, 1, 1),  # the Macintosh's zero
        (1969, 12, 31),  # Unix's zero, west of Greenwich
        (1970, 1, 1),  # Unix's zero
        (1980, 1, 1),  # FAT's zero
        (1980, 1, 6),  # the zero of GPS
        (2000, 1, 1),
        (2002, 12, 8),  # of many phones
    )
)


def parse_date(text: object) -> datetime | None:
    """Read a date as EXIF, XMP or IPTC spell it.

    Returns:
        Naive. A date without a time is midnight; of an incomplete one the first day. The hour 24 is the next day's 0.
        None if it is not a date: empty, all zeros, or with an impossible part.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    found = SPELLING.match(str(text).partition("\0")[0])
    if found is None:
        return None
    month, day = found["month"] or found["compact_month"], found["day"] or found["compact_day"]
    if found["compact_time"]:
        hour, minute, second = re.findall("..", found["compact_time"])
    else:
        hour, minute, second = found.group("hour", "minute", "second")
    try:
        first = datetime(_number(found["year"]), _number(month) or 1, _number(day) or 1)
        return first + time_of_day(_number(hour), _number(minute), _number(second), found["half"])
    except (ValueError, OverflowError):
        return None


def time_of_day(hour: int, minute: int, second: int, half: str | None = None) -> timedelta:
    """The time since midnight.

    Args:
        hour: 24 is allowed.
        minute: below 60.
        second: 60 is a leap second.
        half: AM or PM, of a clock with twelve hours.

    Raises:
        ValueError: there is no such time.
    """
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError("no time of day")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def local_moment(utc: datetime) -> datetime | None:
    """A moment in UTC (naive) on this machine's clock, as the times of files are; None if it is out of range."""
    try:
        return utc.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def dated(taken_at: datetime | None, source: DateSource) -> TakenDate | None:
    """A date with its source, which is "reset" if the clock cannot have been set."""
    if taken_at is None:
        return None
    is_reset = taken_at.year < FIRST_PHOTO or taken_at.date() in CLOCK_RESETS
    is_future = taken_at > datetime.now() + ZONES
    return TakenDate(taken_at, "reset" if is_reset or is_future else source)


def best_date(dates: Iterable[TakenDate | None]) -> TakenDate | None:
    """The date from the best source; the first of equally good ones."""
    present = [found for found in dates if found is not None]
    return min(present, key=lambda found: DATE_SOURCES.index(found.taken_from), default=None)


def _number(text: str | None) -> int:
    """0 if it is missing or blank."""
    return int((text or "").strip() or 0)
