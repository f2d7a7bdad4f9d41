"""Years, months, days and moments as people write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

WRITTEN = r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?)?)?"
RELATIVE = {"today": timedelta(), "yesterday": timedelta(days=1)}
ADVICE = "Write a year, a month, a day or a moment: 2024, 2024-07, 2024-07-31, 2024-07-31T18:30, today or yesterday."


def parse(text: str, today: date) -> tuple[datetime, datetime]:
    """The first moment of a period, and the first one after it; both naive.

    Raises:
        ValueError: the text names no period.
        OverflowError: the period has no later moment.
    """
    text = text.strip().lower()
    if text in RELATIVE:
        start = datetime.combine(today - RELATIVE[text], time())
        return start, start + timedelta(days=1)
    match = re.fullmatch(WRITTEN, text.upper())
    if match is None:
        raise ValueError(text)
    numbers = [int(number) for number in match.groups() if number]
    year, month, day, hour, minute, second = (*numbers, *(0, 1, 1, 0, 0, 0)[len(numbers) :])
    start = datetime(year, month, day, hour, minute, second)
    steps = {3: timedelta(days=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}
    if len(numbers) in steps:
        return start, start + steps[len(numbers)]
    months = 12 * year + month - 1 + (12 if len(numbers) == 1 else 1)
    if months // 12 > datetime.max.year:
        raise OverflowError(text)
    return start, datetime(months // 12, months % 12 + 1, 1)


def in_utc(wall: datetime, zone: tzinfo | None) -> datetime:
    """Convert a wall time of a zone, else of this machine, to UTC.

    Raises:
        ValueError: the moment is outside the range of dates; on some systems OverflowError.
    """
    return (wall.replace(tzinfo=zone) if zone else wall.astimezone()).astimezone(UTC)
