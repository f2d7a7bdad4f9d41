"""`tagger query`: list what the tag store has."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.choices import LIMIT
from tagger.cli.parameters.filters import option_name, photo_filters, resolve, tag_filters, with_moments
from tagger.cli.parameters.languages import HASHTAGS, LANG, language_named
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from db.read.filters import FileFilter, TagFilter
    from db.read.rows import FailureHit, NoneHit, TagHit, VoteHit
    from db.read.summary import By, SummaryRow
    from tagger.library.query.languages import HashtagHit

COLUMN = 42  # of names
BY = click.Choice(["year", "country", "landmark"])


@click.command()
@click.option("--none", "only_nones", is_flag=True, help="Photos without a known landmark.")
@click.option("--failed", "only_failed", is_flag=True, help="Files that could not be read, with the reason.")
@click.option("--votes", "only_votes", is_flag=True, help="The answers of people in the bot who are not in bot_trust.")
@click.option("--summary", "by", type=BY, help="Count the photos by year, country or landmark instead of listing them.")
@tag_filters
@photo_filters
@click.option("--limit", metavar="N", type=LIMIT, help="At most this many lines.")
@LANG
@HASHTAGS
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
    lang: str | None,
    with_hashtags: bool,
    as_json: bool,
    as_csv: bool,
    db_url: str | None,
    config: Path | None,
    **filters: Any,
) -> None:
    """List the photos that QUERY finds (see docs/QUERY.md), or those of landmarks (id, name or alias), or all tags.

    People's decisions outrank the machine's suggestions in every listing.
    """
    from itertools import islice

    from db.read.listings import all_hits
    from db.read.rows import TagHit
    from db.read.summary import SummaryRow, summarize
    from tagger.library.query.languages import HashtagHit, hashtagged, hits_in, known_landmarks

    chosen = _chosen({"--none": only_nones, "--failed": only_failed, "--votes": only_votes})
    _check(chosen, by=by, as_json=as_json, as_csv=as_csv)
    if with_hashtags and (chosen or by):
        raise click.UsageError(f"{chosen or '--summary'} cannot be combined with --hashtags.")
    settings = context.open_settings(config, db_url=db_url)
    zone = settings.zone()
    filters = with_moments(filters, zone)
    with context.open_store(settings, for_reading=True) as store, store.read() as connection:
        listing, file_filter, row_types = _listing(chosen, resolve(connection, filters), by)
        rows: Any = all_hits(listing, connection, file_filter)
        if lang is not None:
            landmarks = known_landmarks(connection, settings.bundle)
            rows = hits_in(rows, landmarks, language_named(lang, landmarks.values()))
        if with_hashtags:
            rows, row_types = hashtagged(rows), [HashtagHit if kind is TagHit else kind for kind in row_types]
        if by is not None:
            rows, row_types = summarize(rows, by), [SummaryRow]
        rows = islice(rows, limit)
        if as_json:
            print_json(rows)
        elif as_csv:
            print_csv(rows, *row_types)
        else:
            print_lines(_line(row, zone, with_status=len(row_types) > 1) for row in rows)


def _chosen(options: dict[str, bool]) -> str | None:
    """The option of the listing that is asked for; None for what the query finds."""
    chosen = [option for option, is_set in options.items() if is_set]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} are different listings. Choose one.")
    return next(iter(chosen), None)


def _check(listing: str | None, *, by: str | None, as_json: bool, as_csv: bool) -> None:
    if as_json and as_csv:
        raise click.UsageError("--json and --csv are different formats. Choose one.")
    if by is not None and listing in ("--failed", "--votes"):
        raise click.UsageError(f"{listing} cannot be combined with --summary.")
    if by not in (None, "year") and listing == "--none":
        raise click.UsageError("Photos without a known landmark can only be counted by year: --none --summary year")


def _listing(listing: str | None, filters: dict[str, Any], by: By | None) -> tuple[Any, FileFilter, list[type[Any]]]:
    """The listing, its filter, and its types of hits."""
    from db.read import filters as types
    from db.read import listings
    from db.read.rows import FailureHit, NoneHit, VoteHit
    from db.read.search import search
    from db.read.votes import votes

    if listing == "--failed":
        return listings.failures, _filter(listing, types.FileFilter, filters), [FailureHit]
    if listing == "--votes":
        return votes, _filter(listing, types.FileFilter, filters, without={"run"}), [VoteHit]
    if listing == "--none":
        return listings.nones, _filter(listing, types.PhotoFilter, filters), [NoneHit]
    tag_filter = types.TagFilter(**filters)
    return search, tag_filter, _types_of_hits(tag_filter, by)


def _types_of_hits(filters: TagFilter, by: By | None) -> list[type[Any]]:
    from db.read.rows import FailureHit, NoneHit, TagHit
    from db.read.search import statuses

    found = statuses(filters.query)
    if by is not None and found not in (["tagged"], ["none"]):
        raise click.UsageError("Only photos of one status, tagged or none, can be counted.")
    if by not in (None, "year") and found == ["none"]:
        raise click.UsageError("Photos without a known landmark can only be counted by year: --summary year")
    of_status = {"tagged": TagHit, "failed": FailureHit}
    return list(dict.fromkeys(of_status.get(status, NoneHit) for status in found))


def _filter(
    listing: str, filter_type: type[FileFilter], given: dict[str, Any], *, without: Collection[str] = ()
) -> FileFilter:
    unknown = sorted(set(given) - set(filter_type.__dataclass_fields__) | set(given) & set(without))
    if unknown:
        raise click.UsageError(f"{listing} cannot be combined with {', '.join(map(option_name, unknown))}.")
    return filter_type(**given)


def _line(row: Any, zone: tzinfo | None, *, with_status: bool) -> str:
    from db.read.rows import FailureHit, NoneHit, TagHit, VoteHit
    from tagger.library.query.languages import HashtagHit

    lines: dict[type[Any], Callable[[Any, tzinfo | None], str]] = {
        TagHit: _tag_line,
        HashtagHit: _hashtag_line,
        NoneHit: _photo_line,
        FailureHit: _failure_line,
        VoteHit: _vote_line,
    }
    line = lines.get(type(row), _summary_line)(row, zone)
    return f"{row.status:<9}  {line}" if with_status else line


def _tag_line(hit: TagHit, zone: tzinfo | None) -> str:
    from tagger.core.evidence import describe

    score = f"{hit.score:6.1%}" if hit.score is not None else "person"
    evidence = describe(hit.reason)
    place = _column(", ".join(filter(None, (hit.name, hit.country))))
    line = f"{score}  {place}  {_photo_line(hit, zone)}"
    return f"{line}  ({evidence})" if evidence else line


def _hashtag_line(hit: HashtagHit, zone: tzinfo | None) -> str:
    return "  ".join([_tag_line(hit, zone), *hit.hashtags])


def _column(name: str) -> str:
    """A name as wide on the screen as all others, whatever its script."""
    from tagger.core.text import display_width, printable

    text = printable(name)
    while display_width(text) > COLUMN:
        text = text[:-1]
    return text + " " * (COLUMN - display_width(text))


def _photo_line(hit: TagHit | NoneHit, _zone: tzinfo | None) -> str:
    from tagger.core.text import printable

    others = f"  (+{hit.others})" if hit.others else ""
    return f"{hit.taken_at.date()}  {printable(hit.path)}{others}"


def _vote_line(hit: VoteHit, _zone: tzinfo | None) -> str:
    from tagger.core.text import printable

    landmark = _column(hit.name or "no known landmark")
    return f"{hit.people:>6}  {landmark}  {hit.last_at.date()}  {printable(hit.path)}"


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
