"""`tagger decisions`: export and import what people decided."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context
from tagger.cli.decisions.decide import WHO

if TYPE_CHECKING:
    from tagger.config.settings import Settings

CSV = click.Path(path_type=Path, dir_okay=False)


@click.group()
def decisions() -> None:
    """Export people's decisions to a CSV, and import them from one."""


@decisions.command("export")
@click.argument("file", type=CSV)
@context.DB
@context.CONFIG
def export(file: Path, db_url: str | None, config: Path | None) -> None:
    """Write all decisions into FILE (- is stdout): also votes, and those that were taken back.

    Another database imports them without loss, and 'tagger train prepare --decisions' reads those that count.
    """
    from db.read.decisions import all_decisions
    from tagger.core.text import counted
    from tagger.library.decisions.csv_file import write_csv, write_rows

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, for_reading=True) as store, store.read() as connection:
        rows = all_decisions(connection)
        if str(file) == "-":
            write_rows(sys.stdout, rows)
        else:
            click.echo(f"Wrote {counted(write_csv(file, rows), 'row')} to {file}.", err=True)


@decisions.command("import")
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@click.option(
    "--from-keywords",
    is_flag=True,
    help="Instead of a file: the keywords that people wrote into photos and sidecars, below a folder or everywhere.",
)
@WHO
@context.DB
@context.CONFIG
def import_(file: Path | None, from_keywords: bool, who: str | None, db_url: str | None, config: Path | None) -> None:
    """Add the decisions in FILE, each to the photo with its content or its picture.

    Nothing is lost or overruled: the latest word counts, wherever it was said. Importing a file again changes nothing.
    With --from-keywords, FILE is a folder.
    """
    from tagger.library.decisions.decide import login_name

    settings, person = context.open_settings(config, db_url=db_url), who or login_name()
    if from_keywords:
        _import_keywords(settings, file, person)
    elif file is None:
        raise click.UsageError("Name a FILE, or use --from-keywords.")
    else:
        _import_file(settings, file, person)


def _import_keywords(settings: Settings, folder: Path | None, who: str) -> None:
    from tagger.core.errors import require_extra
    from tagger.core.text import counted, printable

    require_extra("Reading XMP", "xmp", "lxml")
    from tagger.export.xmp.keywords import import_keywords

    with context.open_store(settings, must_exist=True) as store:
        done = import_keywords(store, str(folder.absolute()) if folder else None, who=who, limits=settings.limits())
    for item in done.unread:
        click.echo(f"{printable(item.path)}: {item.message}", err=True)
    click.echo(f"Keywords that name landmarks: {done.named}, of which {counted(done.added, 'new decision')}.", err=True)
    sys.exit(context.SOME_FAILED if done.unread else 0)


def _import_file(settings: Settings, file: Path, who: str) -> None:
    from db.write.imports import import_decisions
    from tagger.core.text import counted
    from tagger.library.decisions.csv_file import read_csv

    rows = list(read_csv(file, who))
    with context.open_store(settings, must_exist=True) as store, store.write() as connection:
        done = import_decisions(connection, rows)
    click.echo(f"Decisions: {done.added} added, {done.taken_back} taken back, {done.known} there already.", err=True)
    if done.unknown_photos:
        photos = counted(done.unknown_photos, "decision")
        click.echo(f"{photos} left out: their photos are not in the database. Tag them, then import again.", err=True)
    for landmark, count in done.unknown_landmarks.items():
        click.echo(f"{counted(count, 'decision')} left out: no model here knows {landmark!r}.", err=True)
    sys.exit(context.SOME_FAILED if done.unknown_photos or done.unknown_landmarks else 0)
