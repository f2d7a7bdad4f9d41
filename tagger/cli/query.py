"""`tagger query`: the stored tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from sqlalchemy import Connection

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("landmark", required=False)
@click.option("--none", "kind", flag_value="none", help="Photos without a known landmark.")
@click.option("--failed", "kind", flag_value="failed", help="Files that could not be read, with the reason.")
@click.option("--country", help="Only landmarks of this country.")
@click.option("--min-score", type=click.FloatRange(0, 1), help="Only tags with at least this score.")
@click.option("--under", type=click.Path(), metavar="FOLDER", help="Only files below this folder.")
@click.option("--since", "taken_since", type=DAY, help="Taken on this day or later (EXIF, else the file's date).")
@click.option("--until", "taken_until", type=DAY, help="Taken on this day or earlier.")
@click.option("--tagged-since", "answered_since", type=DAY, help="Tagged on this day or later, in local time.")
@click.option("--tagged-until", "answered_until", type=DAY, help="Tagged on this day or earlier, in local time.")
@click.option("--run", type=int, metavar="ID", help="Only what this run wrote.")
@click.option("--model", help="This model's answers (its name or id) instead of the newest ones.")
@click.option("--gone", "include_gone", is_flag=True, help="Also files that are no longer there.")
@click.option("--limit", type=click.IntRange(1), help="At most this many lines.")
@options.JSON
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@options.DB
@options.CONFIG
def query(
    kind: str | None,
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

    printer = print_json if as_json else print_csv if as_csv else print_lines
    listing = _listing(kind, _normalised(asked))
    settings = options.settings_from(config, db_url=db_url)
    with options.store_from(settings, must_exist=True) as store, store.read() as connection:
        printer(islice(listing(connection), limit))


def _normalised(asked: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, in the store's terms; what was not is left out."""
    from os.path import abspath

    for name in ("taken_until", "answered_until"):
        if asked[name] is not None:
            asked[name] = _after(asked[name])
    for name in ("answered_since", "answered_until"):
        if asked[name] is not None:
            asked[name] = asked[name].astimezone(UTC)
    if asked["under"] is not None:
        asked["under"] = abspath(asked["under"])
    return {name: value for name, value in asked.items() if value not in (None, False)}


def _after(until: datetime) -> datetime:
    """The first moment that no longer counts: a day counts whole, a moment with its second."""
    is_day = (until.hour, until.minute, until.second) == (0, 0, 0)
    return until + (timedelta(days=1) if is_day else timedelta(seconds=1))


def _listing(kind: str | None, asked: dict[str, Any]) -> Callable[[Connection], Iterator[Any]]:
    from db import queries
    from db.hits import FileFilter, PhotoFilter, TagFilter

    def of(listing: Any, filter_type: Any) -> Callable[[Connection], Iterator[Any]]:
        strange = sorted(set(asked) - set(filter_type.__dataclass_fields__))
        if strange:
            raise click.UsageError(f"--{kind} does not go together with {', '.join(map(_spelled, strange))}.")
        return lambda connection: queries.every(listing, connection, filter_type(**asked))

    if kind == "failed":
        return of(queries.failures, FileFilter)
    if kind == "none":
        return of(queries.nones, PhotoFilter)
    return of(queries.tags, TagFilter)


def _spelled(name: str) -> str:
    spelling = {"landmark": "a landmark", "taken_since": "--since", "taken_until": "--until"}
    return spelling.get(name, f"--{name.replace('_', '-')}")
