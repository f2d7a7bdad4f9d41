"""Years, months, days and moments as options name them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import click

WRITTEN = r"(\d{4})(?:-(\d\d?)(?:-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d))?)?)?)?"
RELATIVE = {"today": timedelta(), "yesterday": timedelta(days=1)}
ADVICE = "Write a year, a month, a day or a moment: 2024, 2024-07, 2024-07-31, 2024-07-31T18:30, today or yesterday."


def since(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The first moment of a period."""
    period = _period(ctx, param, value)
    return period and period[0]


def until(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The first moment after a period."""
    period = _period(ctx, param, value)
    return period and period[1]


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


def to_utc(option: str, wall: datetime | None, zone: tzinfo | None) -> datetime | None:
    """Convert a wall time of a zone, else of this machine, to UTC.

    Raises:
        click.BadParameter: the moment is outside the range of dates.
    """
    try:
        return wall and (wall.replace(tzinfo=zone) if zone else wall.astimezone()).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("this moment is too early or too late.", param_hint=option) from error


def _period(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[datetime, datetime] | None:
    try:
        return parse(value, datetime.now().date()) if value is not None else None
    except OverflowError as error:
        raise click.BadParameter("there is no later day. Omit the option.", ctx, param) from error
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a day. {ADVICE}", ctx, param) from error
