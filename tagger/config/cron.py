"""When a job is due: parse times of day and crontab lines, and find the next moment.

The one rule: each local time occurs once. If the clocks skip it when they go forward, it occurs that much later; if
they show it twice when they go back, only the first counts. In a new time zone, future local times stay.

A time is ``02:00``, or the five fields of a crontab line: minute, hour, day of the month, month, day of the week.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo

OFF = "off"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")  # a crontab's Sunday is 0 and 7
MAX_GAP_DAYS = 8 * 366  # between two 29 Februaries, across 1900 or 2100
MAX_JUMP = timedelta(days=1)  # by which clocks ever went forward: Samoa skipped a day in 2011

TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)")
PART = re.compile(r"(\*|\w+(?:-\w+)?)(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class Times:
    """Times of day, to the minute, as a crontab line describes them.

    Args:
        weekdays: 0 is Sunday.
        any_day: either kind of day suffices, as when a crontab line limits both.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool

    def after(self, wall: datetime) -> Iterator[datetime]:
        """The times after a given one, in order; all are naive."""
        for number in range(MAX_GAP_DAYS):
            day = wall.date() + timedelta(days=number)
            if day.month in self.months and self._has(day.day, day.isoweekday() % 7):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        time = datetime(day.year, day.month, day.day, hour, minute)
                        if time > wall:
                            yield time

    def _has(self, day: int, weekday: int) -> bool:
        matches = (day in self.days, weekday in self.weekdays)
        return any(matches) if self.any_day else all(matches)


def parse(text: str) -> Times | None:
    """Read a time as settings write it; None for "off".

    Raises:
        ValueError: the text is not a time; the message shows the format.
    """
    text = text.strip().lower()
    if text == OFF:
        return None
    if time := TIME_OF_DAY.fullmatch(text):
        text = f"{int(time[2])} {int(time[1])} * * *"
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is not a time. Write a time of day as 02:00, five cron fields, or off")
    minutes, hours, days, months = (
        _field(fields[0], 0, 59),
        _field(fields[1], 0, 23),
        _field(fields[2], 1, 31),
        _field(fields[3], 1, 12, MONTHS, first_name=1),
    )
    weekdays = frozenset(day % 7 for day in _field(fields[4], 0, 7, WEEKDAYS))
    any_day = not fields[2].startswith("*") and not fields[4].startswith("*")
    times = Times(minutes, hours, days, months, weekdays, any_day)
    if next(times.after(datetime(2000, 1, 1)), None) is None:
        raise ValueError(f"{text!r} never occurs")
    return times


def next_time(text: str, zone: tzinfo | None, *, now: datetime) -> datetime | None:
    """The next moment of a time as written in the settings; None for "off". See `next_moment`."""
    times = parse(text)
    return next_moment(times, zone, now=now) if times else None


def next_moment(times: Times, zone: tzinfo | None, *, now: datetime) -> datetime:
    """The first moment after now at one of the times.

    Args:
        times: of day.
        zone: of the times; None for the machine's current one.
        now: aware.
    """
    return _first(times, zone, wall=wall_time(now, zone), after=now)


def following(times: Times, zone: tzinfo | None, *, last: datetime) -> datetime:
    """The moment of the next time after the last one.

    Args:
        times: of day.
        zone: as in `next_moment`.
        last: the last moment; its UTC offset gives its time of day.
    """
    return _first(times, zone, wall=last.replace(tzinfo=None), after=last)


def wall_time(moment: datetime, zone: tzinfo | None) -> datetime:
    """The naive wall time of a moment in a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def local(moment: datetime, zone: tzinfo | None) -> str:
    """Format a moment, to the minute."""
    return wall_time(moment, zone).strftime("%Y-%m-%d %H:%M")


def moment_of(wall: datetime, zone: tzinfo | None) -> datetime:
    """The first moment of a wall time; a skipped one is later by as much as the clocks jump.

    Returns:
        An aware datetime with a fixed offset, since Python compares two datetimes of one zone by their wall times.
    """
    local_time = wall.replace(tzinfo=zone) if zone else wall.astimezone()
    moment = datetime.fromtimestamp(local_time.timestamp(), UTC).astimezone(zone)
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()), fold=0)


def _first(times: Times, zone: tzinfo | None, *, wall: datetime, after: datetime) -> datetime:
    """The first moment after another one at a time that is later than `wall`, or that the clocks skipped before it."""
    skipped: list[datetime] = []
    for time in times.after(max(wall, datetime.min + MAX_JUMP) - MAX_JUMP):
        moment = moment_of(time, zone)
        if moment <= after:  # also a time within the repeated hour
            continue
        if moment.replace(tzinfo=None) != time:
            skipped.append(moment)
        elif time > wall:
            return min([*skipped, moment])
    raise ValueError("these times never occur")


def _field(text: str, low: int, high: int, names: Sequence[str] = (), *, first_name: int = 0) -> frozenset[int]:
    numbers: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is not part of a time")
        if match[1] == "*":
            first, last = low, high
        else:
            begin, _, end = match[1].partition("-")
            first = _number(begin, low, high, names, first_name)
            last = _number(end, first, high, names, first_name) if end else high if match[2] else first
        step = int(match[2] or 1)
        if step < 1:
            raise ValueError(f"{part!r} is not part of a time: a step is 1 or more")
        numbers.update(range(first, last + 1, step))
    return frozenset(numbers)


def _number(text: str, low: int, high: int, names: Sequence[str], first_name: int) -> int:
    number = names.index(text) + first_name if text in names else int(text) if text.isdecimal() else -1
    if text == "sun" and low > 0 and number < low:
        number = high  # fri-sun
    if not low <= number <= high:
        raise ValueError(f"{text!r} is not between {low} and {high}")
    return number
