"""`tagger query`: the stored tags."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from os.path import abspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from db.read.filters import FileFilter

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


def _end(_context: click.Context, _option: click.Parameter, until: datetime | None) -> datetime | None:
    """The first moment that no longer counts: a day counts whole, a moment with its second."""
    if until is None:
        return None
    is_day = (until.hour, until.minute, until.second) == (0, 0, 0)
    try:
        return until + (timedelta(days=1) if is_day else timedelta(seconds=1))
    except OverflowError as error:
        raise click.BadParameter("no later day exists; leave the option out.") from error


def _utc(spelled: str, wall: datetime | None, zone: tzinfo | None) -> datetime | None:
    """The moment at which the clock of a zone, else of the machine, shows a time."""
    try:
        return wall and (wall.replace(tzinfo=zone) if zone else wall.astimezone()).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("no such moment exists everywhere on earth.", param_hint=spelled) from error


@click.command()
@click.argument("landmark", required=False)
@click.option("--none", "only_nones", is_flag=True, help="Photos without a known landmark.")
@click.option("--failed", "only_failed", is_flag=True, help="Files that could not be read, with the reason.")
@click.option("--country", help="Only landmarks of this country.")
@click.option("--min-score", type=click.FloatRange(0, 1), help="Only tags with at least this score.")
@click.option("--under", type=click.Path(), metavar="FOLDER", help="Only files below this folder.")
@click.option("--since", "taken_since", type=DAY, help="Taken on this day or later (EXIF, else the file's date).")
@click.option("--until", "taken_until", type=DAY, callback=_end, help="Taken on this day or earlier.")
@click.option("--tagged-since", "answered_since", type=DAY, help="Tagged on this day or later, in the set time zone.")
@click.option("--tagged-until", "answered_until", type=DAY, callback=_end, help="Tagged on this day or earlier.")
@click.option("--run", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="Only what this run wrote.")
@click.option("--model", help="This model's answers (its name or id) instead of the newest ones.")
@click.option("--unique", is_flag=True, help="Of photos that look the same only one, and how many it stands for.")
@click.option("--gone", "include_gone", is_flag=True, help="Also files that are no longer there.")
@click.option("--limit", type=click.IntRange(1), help="At most this many lines.")
@options.JSON
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@options.DB
@options.CONFIG
def query(
    only_nones: bool,
    only_failed: bool,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    db_url: str | None,
    config: Path | None,
    **asked: Any,
) -> None:
    """List the stored tags, of one LANDMARK (id, name or alias) or of all.

    People's decisions outrank the machine's suggestions in every listing.
    """
    from itertools import islice

    from db.read import listings

    if only_nones and only_failed:
        raise click.UsageError("--none and --failed are two different listings. Ask for one of them.")
    if asked["under"] is not None:
        asked["under"] = abspath(asked["under"])
    settings = options.settings_from(config, db_url=db_url)
    for name in ("answered_since", "answered_until"):
        asked[name] = _utc(_spelled(name), asked[name], settings.zone())
    find, wanted, hit = _listing(only_nones, only_failed, asked)
    with options.store_from(settings, must_exist=True) as store, store.read() as connection:
        filters = islice(listings.every(find, connection, wanted), limit)
        if as_json:
            print_json(filters)
        elif as_csv:
            print_csv(filters, hit)
        else:
            print_lines(filters, settings.zone())


def _listing(only_nones: bool, only_failed: bool, asked: dict[str, Any]) -> tuple[Any, FileFilter, type[Any]]:
    """Which query, with which filter, and what it finds."""
    from db.read import filters, listings

    given = {name: value for name, value in asked.items() if value is not None and value is not False}
    if only_failed:
        return listings.failures, _filter("--failed", filters.FileFilter, given), filters.FailureHit
    if only_nones:
        return listings.nones, _filter("--none", filters.PhotoFilter, given), filters.NoneHit
    return listings.tags, filters.TagFilter(**given), filters.TagHit


def _filter(listing: str, filter_type: type[FileFilter], given: dict[str, Any]) -> FileFilter:
    strange = sorted(set(given) - set(filter_type.__dataclass_fields__))
    if strange:
        raise click.UsageError(f"{listing} does not go together with {', '.join(map(_spelled, strange))}.")
    return filter_type(**given)


def _spelled(name: str) -> str:
    spelling = {
        "landmark": "a landmark",
        "taken_since": "--since",
        "taken_until": "--until",
        "answered_since": "--tagged-since",
        "answered_until": "--tagged-until",
    }
    return spelling.get(name, f"--{name.replace('_', '-')}")
