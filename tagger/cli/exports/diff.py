"""`tagger diff`: what a new model changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context
from tagger.cli.table import print_csv, print_json, print_lines

if TYPE_CHECKING:
    from db.read.exports.model_diff import TagChange


@click.command()
@click.argument("before", metavar="MODEL_A")
@click.argument("after", metavar="MODEL_B")
@context.JSON
@click.option("--csv", "as_csv", is_flag=True, help="CSV with a header.")
@context.DB
@context.CONFIG
def diff(before: str, after: str, as_json: bool, as_csv: bool, db_url: str | None, config: Path | None) -> None:
    """List the photos that MODEL_B tags otherwise than MODEL_A, and count the others.

    A model is its id, its bundle's name and version ("world 2"), or the beginning of one of them if no other model has
    it. Both models must have answered a photo. Decisions do not count; photos that have one are marked.
    """
    from db.read.exports.model_diff import TagChange, answered_by_one, find_model, tag_changes

    if as_json and as_csv:
        raise click.UsageError("--json and --csv are different formats. Choose one.")
    settings = context.open_settings(config, db_url=db_url)
    counts: Counter[str] = Counter()
    with context.open_store(settings, for_reading=True) as store, store.read() as connection:
        first, second = find_model(connection, before), find_model(connection, after)
        if first == second:
            raise click.UsageError(f"{before!r} and {after!r} are the same model: {first}")
        changes = _changed(tag_changes(connection, first.number, second.number), counts)
        if as_json:
            print_json(changes)
        elif as_csv:
            print_csv(changes, TagChange)
        else:
            print_lines(map(_line, changes))
        only_first = answered_by_one(connection, first.number, second.number)
        only_second = answered_by_one(connection, second.number, first.number)
    kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("gained", "lost", "changed", "unchanged"))
    click.echo(f"From {first} to {second}: {kinds}.", err=True)
    if only_first or only_second:
        click.echo(
            f"Not compared: {only_first:,} that only the first answered, {only_second:,} only the second.", err=True
        )


def _changed(changes: Iterable[TagChange], counts: Counter[str]) -> Iterator[TagChange]:
    for change in changes:
        counts[change.change] += 1
        if change.change != "unchanged":
            yield change


def _line(change: TagChange) -> str:
    from tagger.core.text import printable

    before, after = (
        _tags(*tags) for tags in ((change.before, change.score_before), (change.after, change.score_after))
    )
    decided = "  (a person decided)" if change.is_decided else ""
    return f"{change.change:<7}  {printable(f'{before} → {after}'):<56}  {printable(change.path)}{decided}"


def _tags(landmarks: tuple[str, ...], score: float | None) -> str:
    return f"{' '.join(landmarks)} {score:.1%}" if score is not None else "none"
