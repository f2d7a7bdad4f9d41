"""When a job is due: wall-clock times as people write them, and the moments that they mean.

The one rule: a time is met once, by the clock on the wall. A time that the clock skips in spring is met as much later
as the clock jumps, one that it shows twice in autumn only the first time; in a new time zone a time that is still to
come stays the time on the wall.

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
LONGEST_GAP_DAYS = 8 * 366  # 29 February, over a year that is none

TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d)")
STEP = re.compile(r"(\*|\w+(?:-\w+)?)(?:/(\d+))?")


@dataclass(frozen=True, slots=True)
class Times:
    """Minutes on the wall.

    Args:
        weekdays: 0 is Sunday.
        any_day: where a crontab line limits both kinds of days, either is enough.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool

    def after(self, wall: datetime) -> Iterator[datetime]:
        """The times after one on the wall, in order; naive, like it."""
        for number in range(LONGEST_GAP_DAYS):
            day = wall.date() + timedelta(days=number)
            if day.month in self.months and self._has(day.day, day.isoweekday() % 7):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        time = datetime(day.year, day.month, day.day, hour, minute)
                        if time > wall:
                            yield time

    def _has(self, day: int, weekday: int) -> bool:
        found = (day in self.days, weekday in self.weekdays)
        return any(found) if self.any_day else all(found)


def parse(text: str) -> Times | None:
    """What a setting means; None for "off".

    Raises:
        ValueError: it is no time; the message says how one is written.
    """
    text = text.strip().lower()
    if text == OFF:
        return None
    if time := TIME_OF_DAY.fullmatch(text):
        text = f"{int(time[2])} {int(time[1])} * * *"
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} is no time. Write a time of day as 02:00, five cron fields, or off")
    minutes, hours, days, months = (
        _field(fields[0], 0, 59),
        _field(fields[1], 0, 23),
        _field(fields[2], 1, 31),
        _field(fields[3], 1, 12, MONTHS, first_name=1),
    )
    weekdays = frozenset(day % 7 for day in _field(fields[4], 0, 7, WEEKDAYS))
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    times = Times(minutes, hours, days, months, weekdays, either)
    if next(times.after(datetime(2000, 1, 1)), None) is None:
        raise ValueError(f"{text!r} never comes")
    return times


def next_moment(times: Times, zone: tzinfo | None, *, now: datetime) -> datetime:
    """The first moment after another at which the wall shows one of some times.

    Args:
        zone: where the wall is; None for the machine's own zone, as it is at present.
        now: aware.
    """
    for wall in times.after(on_the_wall(now, zone)):
        if (moment := moment_of(wall, zone)) > now:  # not so within the hour that the clock shows again
            return moment
    raise ValueError("these times never come")


def following(times: Times, zone: tzinfo | None, *, last: datetime) -> datetime:
    """The moment after one that was met, as the wall counts: by the clock that `last` carries, wherever it was met."""
    for wall in times.after(last.replace(tzinfo=None)):
        if (moment := moment_of(wall, zone)) > last:
            return moment
    raise ValueError("these times never come")


def on_the_wall(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def local(moment: datetime, zone: tzinfo | None) -> str:
    """A moment for people, to the minute."""
    return on_the_wall(moment, zone).strftime("%Y-%m-%d %H:%M")


def moment_of(wall: datetime, zone: tzinfo | None) -> datetime:
    """The first moment at which the wall shows a time; past a gap, the time as much later as the clock jumped.

    Returns:
        With a plain offset: two moments of one zone Python would compare by their walls.
    """
    meant = wall.replace(tzinfo=zone) if zone else wall.astimezone()
    moment = datetime.fromtimestamp(meant.timestamp(), UTC).astimezone(zone)
    return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta()), fold=0)


def _field(text: str, low: int, high: int, names: Sequence[str] = (), *, first_name: int = 0) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        step = STEP.fullmatch(part)
        if step is None:
            raise ValueError(f"{part!r} is no part of a time")
        if step[1] == "*":
            first, last = low, high
        else:
            begin, _, end = step[1].partition("-")
            first = _number(begin, low, high, names, first_name)
            last = _number(end, first, high, names, first_name) if end else high if step[2] else first
        every = int(step[2] or 1)
        if every < 1:
            raise ValueError(f"{part!r} is no part of a time: steps begin at 1")
        found.update(range(first, last + 1, every))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: Sequence[str], first_name: int) -> int:
    number = names.index(text) + first_name if text in names else int(text) if text.isdecimal() else -1
    if text == "sun" and low > 0 and number < low:
        number = high  # fri-sun
    if not low <= number <= high:
        raise ValueError(f"{text!r} is not between {low} and {high}")
    return number
