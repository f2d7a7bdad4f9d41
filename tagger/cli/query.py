"""`tagger query`: list the stored tags."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from os.path import abspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from db.read.filters import FileFilter
    from db.read.rows import FailureHit, NoneHit, TagHit

Line = Callable[[Any, tzinfo | None], str]

DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


def _end(_context: click.Context, _option: click.Parameter, until: datetime | None) -> datetime | None:
    """The exclusive end of a period: the next day, or the next second."""
    if until is None:
        return None
    is_day = (until.hour, until.minute, until.second) == (0, 0, 0)
    try:
        return until + (timedelta(days=1) if is_day else timedelta(seconds=1))
    except OverflowError as error:
        raise click.BadParameter("there is no later day; omit the option.") from error


def _utc(option: str, wall: datetime | None, zone: tzinfo | None) -> datetime | None:
    """Convert a wall time of a zone, else of this machine, to UTC."""
    try:
        return wall and (wall.replace(tzinfo=zone) if zone else wall.astimezone()).astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("this moment does not exist in every time zone.", param_hint=option) from error


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
@click.option("--run", type=click.IntRange(1, 2**63 - 1), metavar="ID", help="Only answers of this run.")
@click.option("--model", help="The answers of this model (name or id) instead of the last one's.")
@click.option("--unique", is_flag=True, help="Only one of photos that look the same, with the number of others.")
@click.option("--gone", "include_gone", is_flag=True, help="Also files that no longer exist.")
@click.option("--limit", type=click.IntRange(1), help="At most this many lines.")
@context.JSON
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@context.DB
@context.CONFIG
def query(
    only_nones: bool,
    only_failed: bool,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    db_url: str | None,
    config: Path | None,
    **filters: Any,
) -> None:
    """List the stored tags, of one LANDMARK (id, name or alias) or of all.

    People's decisions outrank the machine's suggestions in every listing.
    """
    from itertools import islice

    from db.read import listings

    if only_nones and only_failed:
        raise click.UsageError("--none and --failed are two different listings. Ask for one of them.")
    if filters["under"] is not None:
        filters["under"] = abspath(filters["under"])
    settings = context.open_settings(config, db_url=db_url)
    zone = settings.zone()
    for name in ("answered_since", "answered_until"):
        filters[name] = _utc(_option(name), filters[name], zone)
    find, file_filter, hit_type, line = _listing(only_nones, only_failed, filters)
    with context.open_store(settings, must_exist=True) as store, store.read() as connection:
        hits = islice(listings.all_hits(find, connection, file_filter), limit)
        if as_json:
            print_json(hits)
        elif as_csv:
            print_csv(hits, hit_type)
        else:
            print_lines(line(hit, zone) for hit in hits)


def _listing(only_nones: bool, only_failed: bool, filters: dict[str, Any]) -> tuple[Any, FileFilter, type[Any], Line]:
    """The listing, its filter, its type of hits, and the function that formats a hit."""
    from db.read import filters as types
    from db.read import listings
    from db.read.rows import FailureHit, NoneHit, TagHit

    given = {name: value for name, value in filters.items() if value is not None and value is not False}
    if only_failed:
        return listings.failures, _filter("--failed", types.FileFilter, given), FailureHit, _failure_line
    if only_nones:
        return listings.nones, _filter("--none", types.PhotoFilter, given), NoneHit, _none_line
    return listings.tags, types.TagFilter(**given), TagHit, _tag_line


def _filter(listing: str, filter_type: type[FileFilter], given: dict[str, Any]) -> FileFilter:
    unknown = sorted(set(given) - set(filter_type.__dataclass_fields__))
    if unknown:
        raise click.UsageError(f"{listing} does not go together with {', '.join(map(_option, unknown))}.")
    return filter_type(**given)


def _option(name: str) -> str:
    """A filter's command-line option."""
    options = {
        "landmark": "a landmark",
        "taken_since": "--since",
        "taken_until": "--until",
        "answered_since": "--tagged-since",
        "answered_until": "--tagged-until",
    }
    return options.get(name, f"--{name.replace('_', '-')}")


def _tag_line(hit: TagHit, _zone: tzinfo | None) -> str:
    from tagger.core.evidence import describe

    score = f"{hit.score:6.1%}" if hit.score is not None else "person"
    evidence = describe(hit.reason)
    place = f"{', '.join(filter(None, (hit.name, hit.country))):<42.42}"
    line = f"{score}  {place}  {_photo_line(hit)}"
    return f"{line}  ({evidence})" if evidence else line


def _none_line(hit: NoneHit, _zone: tzinfo | None) -> str:
    return _photo_line(hit)


def _photo_line(hit: TagHit | NoneHit) -> str:
    from tagger.core.text import printable

    others = f"  (+{hit.others})" if hit.others else ""
    return f"{hit.taken_at:%Y-%m-%d}  {printable(hit.path)}{others}"


def _failure_line(hit: FailureHit, zone: tzinfo | None) -> str:
    from tagger.config.cron import local
    from tagger.core.text import printable

    attempts = f"attempt {hit.attempts}, {local(hit.last_at, zone)}"
    if hit.quarantined_at:
        attempts += ", in quarantine"
    elif hit.next_at:
        attempts += f", again after {local(hit.next_at, zone)}"
    return f"{hit.kind:<15}  {printable(hit.path)}: {hit.message} ({attempts})"
