"""Periods as values of options."""

from __future__ import annotations

from datetime import datetime, tzinfo

import click

from tagger.core.periods import ADVICE, in_utc, parse


def since(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The first moment of a period."""
    period = _period(ctx, param, value)
    return period and period[0]


def until(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """The first moment after a period."""
    period = _period(ctx, param, value)
    return period and period[1]


def to_utc(option: str, wall: datetime | None, zone: tzinfo | None) -> datetime | None:
    """Convert a wall time of a zone, else of this machine, to UTC.

    Raises:
        click.BadParameter: the moment is outside the range of dates.
    """
    try:
        return wall and in_utc(wall, zone)
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("this moment is too early or too late.", param_hint=option) from error


def _period(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[datetime, datetime] | None:
    try:
        return parse(value, datetime.now().date()) if value is not None else None
    except OverflowError as error:
        raise click.BadParameter("there is no later day. Omit the option.", ctx, param) from error
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a day. {ADVICE}", ctx, param) from error
