"""`tagger xmp`: write landmarks into XMP sidecars, preview the changes, and undo them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.filters import resolve, tag_filters, with_moments
from tagger.cli.parameters.languages import LANG, language_named

if TYPE_CHECKING:
    from db.engine import Store
    from db.read.filters import TagFilter
    from tagger.config.settings import Settings
    from tagger.export.xmp.changes import Change
    from tagger.export.xmp.sidecars import Outcome, WriteOptions

NAMING = click.option(
    "--naming",
    type=click.Choice(["appended", "replaced", "both"]),
    help="photo.jpg.xmp (the default, unless only photo.xmp is there), photo.xmp, or both.",
)
CONFIRMED = click.option("--confirmed", is_flag=True, help="Only landmarks that a person has confirmed.")
GPS = click.option("--gps", is_flag=True, help="Give photos without a position that of the landmark, as a guess.")
EMBED = click.option(
    "--embed",
    is_flag=True,
    help="Write into the photos themselves: JPEG, PNG, WebP, HEIC and AVIF. Needs the extra embed, or exiftool.",
)


@click.group()
def xmp() -> None:
    """Write landmarks into XMP, for digiKam, darktable, Lightroom, Immich and others; see docs/XMP.md."""


@xmp.command()
@tag_filters
@CONFIRMED
@NAMING
@GPS
@EMBED
@LANG
@context.DB
@context.CONFIG
def write(confirmed: bool, naming: str | None, gps: bool, embed: bool, lang: str | None, **options: Any) -> None:
    """Write the stored tags of each LANDMARK, or of all, into sidecars. Without --embed no photo is changed.

    Existing values stay; 'tagger xmp undo' removes what this adds.
    """
    sidecars = _sidecars()
    write_options = _options(confirmed, naming, gps, embed)
    with _store_and_filters(options) as (store, filters, settings):
        write_options = replace(write_options, language=_language(store, lang or settings.xmp_lang))
        _report(sidecars.write(store, filters, write_options), "written")


@xmp.command()
@tag_filters
@CONFIRMED
@NAMING
@GPS
@EMBED
@LANG
@context.DB
@context.CONFIG
def preview(confirmed: bool, naming: str | None, gps: bool, embed: bool, lang: str | None, **options: Any) -> None:
    """Show as a diff what 'tagger xmp write' would change. Nothing is written."""
    sidecars = _sidecars()
    from tagger.core.text import printable
    from tagger.export.xmp.changes import Problem

    changes = failures = 0
    write_options = _options(confirmed, naming, gps, embed)
    with _store_and_filters(options, for_reading=True) as (store, filters, settings):
        write_options = replace(write_options, language=_language(store, lang or settings.xmp_lang))
        for item in sidecars.preview(store, filters, write_options):
            if isinstance(item, Problem):
                failures += 1
                click.echo(f"{printable(item.sidecar)}: {item.message}", err=True)
                continue
            changes += 1
            if item.note:
                click.echo(f"{printable(item.sidecar)}: {item.note}", err=True)
            click.echo("".join(_diff(item)), nl=False)
    kind = "Photos" if embed else "Sidecars"
    click.echo(f"{kind}: {changes} would be changed, {failures} cannot be changed. Nothing was written.", err=True)
    sys.exit(context.SOME_FAILED if failures else 0)


@xmp.command()
@tag_filters
@context.DB
@context.CONFIG
def undo(**options: Any) -> None:
    """Remove what was written for the photos that the query finds, or for all photos without a query.

    What other programs have written since stays.
    """
    sidecars = _sidecars()
    with _store_and_filters(options) as (store, filters, _):
        _report(sidecars.undo(store, filters), "restored")


def _sidecars() -> ModuleType:
    """The module that writes them, which needs lxml."""
    from tagger.core.errors import require_extra

    require_extra("Writing XMP", "xmp", "lxml")
    from tagger.export.xmp import sidecars

    return sidecars


@contextmanager
def _store_and_filters(
    options: dict[str, Any], *, for_reading: bool = False
) -> Iterator[tuple[Store, TagFilter, Settings]]:
    """The store, the query of a command, and the settings."""
    from db.read.filters import TagFilter

    settings = context.open_settings(options.pop("config"), db_url=options.pop("db_url"))
    options = with_moments(options, settings.zone())
    with context.open_store(settings, must_exist=True, for_reading=for_reading) as store:
        with store.read() as connection:
            filters = TagFilter(**resolve(connection, options))
        yield store, filters, settings


def _options(confirmed: bool, naming: Any, gps: bool, embed: bool) -> WriteOptions:
    from tagger.export.xmp.embedding import require_tool
    from tagger.export.xmp.sidecars import WriteOptions

    if embed and naming:
        raise click.UsageError("--naming names sidecars, and --embed writes none.")
    if embed:
        require_tool()
    return WriteOptions(confirmed_only=confirmed, naming="embedded" if embed else naming or "appended", with_gps=gps)


def _language(store: Store, lang: str) -> str:
    from db.read import catalog

    with store.read() as connection:
        return language_named(lang, catalog.landmarks(connection).values())


def _report(outcomes: Iterable[Outcome], done: str) -> None:
    """Print what failed and what needs an explanation, then the counts."""
    from tagger.core.text import printable

    counts: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        counts["Photos" if outcome.sidecar == outcome.photo else "Sidecars", outcome.status] += 1
        if outcome.message:
            click.echo(f"{printable(outcome.sidecar)}: {outcome.message}", err=True)
    for kind in sorted({kind for kind, _ in counts}) or ["Sidecars"]:
        removed = f"{counts[kind, 'removed']} removed, " if kind == "Sidecars" else ""
        click.echo(
            f"{kind}: {counts[kind, 'written']} {done}, {removed}{counts[kind, 'unchanged']} unchanged, "
            f"{counts[kind, 'failed']} failed.",
            err=True,
        )
    sys.exit(context.SOME_FAILED if any(status == "failed" for _, status in counts) else 0)


def _diff(change: Change) -> Iterator[str]:
    """The lines of a unified diff."""
    from difflib import unified_diff

    from tagger.core.text import printable

    name = printable(change.sidecar)
    before = "/dev/null" if change.now is None else name
    for line in unified_diff(_lines(change.now), _lines(change.new), before, name):
        yield printable(line.rstrip("\n")) + "\n"


def _lines(content: bytes | None) -> list[str]:
    from tagger.export.xmp.packet import decoded

    return [] if content is None else decoded(content).splitlines(keepends=True)
