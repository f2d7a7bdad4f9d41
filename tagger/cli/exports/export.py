"""`tagger export`: write what a query finds into a file for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.choices import EXPORT_FORMAT
from tagger.cli.parameters.filters import photo_filters, resolve, tag_filters, with_moments
from tagger.cli.parameters.languages import LANG, language_named
from tagger.cli.process import interrupt_on_signals

if TYPE_CHECKING:
    from tagger.export.tags import Exported


@click.command()
@click.option("--as", "format", type=EXPORT_FORMAT, required=True, help="The format.")
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    default="-",
    help="Replaced once the new one is complete; - is stdout, the default.",
)
@click.option(
    "--keep-formulas", is_flag=True, help="CSV: no apostrophe before texts that a spreadsheet takes for formulas."
)
@tag_filters
@photo_filters
@LANG
@context.DB
@context.CONFIG
def export(
    format: str,
    output: str,
    keep_formulas: bool,
    lang: str | None,
    db_url: str | None,
    config: Path | None,
    **filters: Any,
) -> None:
    """Write what QUERY finds, or all tags, for spreadsheets, programs and maps; see docs/EXPORT.md and docs/QUERY.md.

    A photo's own position comes before that of its landmark. Formats of places leave out photos without either.
    """
    from db.read.filters import TagFilter
    from tagger.export import tags
    from tagger.library.query.languages import in_language, known_landmarks

    if format == "parquet" and output == "-" and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal. Name a file with --output.")
    settings = context.open_settings(config, db_url=db_url)
    filters = with_moments(filters, settings.zone())
    file = sys.stdout.buffer if output == "-" else output
    interrupt_on_signals()
    try:
        with context.open_store(settings, must_exist=True, for_reading=True) as store:
            with store.read() as connection:
                tag_filter = TagFilter(**resolve(connection, filters))
                named = None
                if lang is not None:
                    landmarks = known_landmarks(connection, settings.bundle)
                    named = in_language(landmarks, language_named(lang, landmarks.values()))
            exported = tags.export(store, tag_filter, file, format=format, keep_formulas=keep_formulas, landmarks=named)
    except KeyboardInterrupt:
        click.echo("Stopped." if output == "-" else "Stopped. Nothing was written.", err=True)
        sys.exit(context.STOPPED)
    click.echo(_closing_line(exported, None if output == "-" else output), err=True)


def _closing_line(exported: Exported, output: str | None) -> str:
    from tagger.core.text import counted, printable

    line = f"Exported {counted(exported.rows, 'row')} of {counted(exported.photos, 'photo')}"
    line += f" to {printable(output)}." if output else "."
    if exported.without_position:
        line += f" Left out for lack of a position: {counted(exported.without_position, 'photo')}."
    return line
