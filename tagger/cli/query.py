"""`tagger query`: list the stored tags."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters import completion
from tagger.cli.parameters.choices import ID, LIMIT
from tagger.cli.parameters.folders import AbsoluteFolder
from tagger.cli.parameters.periods import since, to_utc, until
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from db.engine import Connection
    from db.read.filters import FileFilter
    from db.read.rows import FailureHit, NoneHit, TagHit, VoteHit
    from db.read.summary import By, SummaryRow

Line = Callable[[Any, tzinfo | None], str]

BY = click.Choice(["year", "country", "landmark"])
OPTIONS = {  # of filters that have another name
    "landmarks": "a landmark",
    "countries": "--country",
    "taken_since": "--since",
    "taken_until": "--until",
    "answered_since": "--tagged-since",
    "answered_until": "--tagged-until",
}


@click.command()
@click.argument("landmarks", nargs=-1, metavar="[LANDMARK]...", shell_complete=completion.landmarks)
@click.option("--none", "only_nones", is_flag=True, help="Photos without a known landmark.")
@click.option("--failed", "only_failed", is_flag=True, help="Files that could not be read, with the reason.")
@click.option("--votes", "only_votes", is_flag=True, help="What people in the bot say who are not in bot_trust.")
@click.option("--summary", "by", type=BY, help="Count the photos by year, country or landmark instead of listing them.")
@click.option(
    "--country",
    "countries",
    multiple=True,
    shell_complete=completion.countries,
    help="Only landmarks of this country, in any language; may be repeated.",
)
@click.option("--min-score", type=click.FloatRange(0, 1), help="Only tags with at least this score.")
@click.option("--under", type=AbsoluteFolder(), metavar="FOLDER", help="Only files below this folder.")
@click.option(
    "--since",
    "taken_since",
    metavar="DAY",
    callback=since,
    help="Taken then or later: 2024, 2024-07, 2024-07-31, yesterday.",
)
@click.option(
    "--until", "taken_until", metavar="DAY", callback=until, help="Taken then or earlier; 2024 includes all of it."
)
@click.option(
    "--tagged-since",
    "answered_since",
    metavar="DAY",
    callback=since,
    help="Tagged then or later, in the set time zone.",
)
@click.option("--tagged-until", "answered_until", metavar="DAY", callback=until, help="Tagged then or earlier.")
@click.option("--run", type=ID, metavar="ID", help="Only answers of this run.")
@click.option("--model", help="The answers of this model (name or id) instead of the last one's.")
@click.option("--unique", is_flag=True, help="Only one of photos that look the same, with the number of others.")
@click.option("--gone", "include_gone", is_flag=True, help="Also files that no longer exist.")
@click.option("--limit", metavar="N", type=LIMIT, help="At most this many lines.")
@context.JSON
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@context.DB
@context.CONFIG
def query(
    only_nones: bool,
    only_failed: bool,
    only_votes: bool,
    by: By | None,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    db_url: str | None,
    config: Path | None,
    **filters: Any,
) -> None:
    """List the stored tags, of each LANDMARK (id, name or alias) or of all.

    People's decisions outrank the machine's suggestions in every listing.
    """
    from itertools import islice

    from db.read import listings
    from db.read.summary import SummaryRow, summarize

    chosen = _chosen({"--none": only_nones, "--failed": only_failed, "--votes": only_votes})
    _check(chosen, by=by, as_json=as_json, as_csv=as_csv)
    settings = context.open_settings(config, db_url=db_url)
    zone = settings.zone()
    for name in ("answered_since", "answered_until"):
        filters[name] = to_utc(_option(name), filters[name], zone)
    with context.open_store(settings, for_reading=True) as store, store.read() as connection:
        if filters["under"] is not None:
            filters["under"] = _stored_folder(connection, filters["under"], include_gone=filters["include_gone"])
        filters["countries"] = _stored_countries(connection, filters["countries"])
        find, file_filter, row_type, line = _listing(chosen, filters)
        rows: Any = listings.all_hits(find, connection, file_filter)
        if by is not None:
            rows, row_type, line = summarize(rows, by), SummaryRow, _summary_line
        rows = islice(rows, limit)
        if as_json:
            print_json(rows)
        elif as_csv:
            print_csv(rows, row_type)
        else:
            print_lines(line(row, zone) for row in rows)


def _chosen(options: dict[str, bool]) -> str | None:
    """The option of the listing that is asked for; None for tags."""
    chosen = [option for option, is_set in options.items() if is_set]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} are different listings. Ask for one of them.")
    return next(iter(chosen), None)


def _check(listing: str | None, *, by: str | None, as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are two different formats. Ask for one of them.")
    if by is not None and listing in ("--failed", "--votes"):
        raise click.UsageError(f"{listing} does not go together with --summary.")
    if by not in (None, "year") and listing == "--none":
        raise click.UsageError("Photos without a landmark can only be counted by year: --none --summary year")


def _stored_folder(connection: Connection, folder: str, *, include_gone: bool) -> str:
    """The folder by its name in the store."""
    from db.read.folders import require_files
    from tagger.library.roots import stored_name

    name = stored_name(connection, folder)
    require_files(connection, name, include_gone=include_gone)
    return name


def _stored_countries(connection: Connection, names: tuple[str, ...]) -> tuple[str, ...]:
    """The countries as the store spells them; an unknown one stays, for the error that names the nearest."""
    from db.read import catalog
    from tagger.library.countries import same_country

    stored = catalog.countries(connection) if names else []
    return tuple(found for name in names for found in same_country(name, stored) or [name])


def _listing(listing: str | None, filters: dict[str, Any]) -> tuple[Any, FileFilter, type[Any], Line]:
    """The listing, its filter, its type of hits, and the function that formats a hit."""
    from db.read import filters as types
    from db.read import listings
    from db.read.rows import FailureHit, NoneHit, TagHit, VoteHit
    from db.read.votes import votes

    given = {name: value for name, value in filters.items() if value is not None and value is not False and value != ()}
    if listing == "--failed":
        return listings.failures, _filter(listing, types.FileFilter, given), FailureHit, _failure_line
    if listing == "--votes":
        return votes, _filter(listing, types.FileFilter, given, without={"run"}), VoteHit, _vote_line
    if listing == "--none":
        return listings.nones, _filter(listing, types.PhotoFilter, given), NoneHit, _none_line
    return listings.tags, types.TagFilter(**given), TagHit, _tag_line


def _filter(
    listing: str, filter_type: type[FileFilter], given: dict[str, Any], *, without: Collection[str] = ()
) -> FileFilter:
    unknown = sorted(set(given) - set(filter_type.__dataclass_fields__) | set(given) & set(without))
    if unknown:
        raise click.UsageError(f"{listing} does not go together with {', '.join(map(_option, unknown))}.")
    return filter_type(**given)


def _option(name: str) -> str:
    """A filter's command-line option."""
    return OPTIONS.get(name, f"--{name.replace('_', '-')}")


def _tag_line(hit: TagHit, _zone: tzinfo | None) -> str:
    from tagger.core.evidence import describe
    from tagger.core.text import printable

    score = f"{hit.score:6.1%}" if hit.score is not None else "person"
    evidence = describe(hit.reason)
    place = f"{printable(', '.join(filter(None, (hit.name, hit.country)))):<42.42}"
    line = f"{score}  {place}  {_photo_line(hit)}"
    return f"{line}  ({evidence})" if evidence else line


def _none_line(hit: NoneHit, _zone: tzinfo | None) -> str:
    return _photo_line(hit)


def _photo_line(hit: TagHit | NoneHit) -> str:
    from tagger.core.text import printable

    others = f"  (+{hit.others})" if hit.others else ""
    return f"{hit.taken_at.date()}  {printable(hit.path)}{others}"


def _vote_line(hit: VoteHit, _zone: tzinfo | None) -> str:
    from tagger.core.text import printable

    return f"{hit.people:>6}  {printable(hit.name or 'none'):<42.42}  {hit.last_at.date()}  {printable(hit.path)}"


def _failure_line(hit: FailureHit, zone: tzinfo | None) -> str:
    from tagger.config.cron import local
    from tagger.core.text import printable

    attempts = f"attempt {hit.attempts}, {local(hit.last_at, zone)}"
    if hit.quarantined_at:
        attempts += ", in quarantine"
    elif hit.next_at:
        attempts += f", again after {local(hit.next_at, zone)}"
    return f"{hit.kind:<15}  {printable(hit.path)}: {hit.message} ({attempts})"


def _summary_line(row: SummaryRow, _zone: tzinfo | None) -> str:
    from tagger.core.text import printable

    key = "no country" if row.key is None else printable(row.key)
    return f"{row.photos:>6}  {key:<28}  {printable(row.name)}" if row.name else f"{row.photos:>6}  {key}"
