"""`tagger move` and `tagger forget`: tell the database what became of a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context
from tagger.cli.parameters.folders import AbsoluteFolder

if TYPE_CHECKING:
    from tagger.config.settings import Settings


@click.command()
@click.argument("old", type=AbsoluteFolder())
@click.argument("new", type=AbsoluteFolder())
@context.DB
@context.CONFIG
def move(old: str, new: str, db_url: str | None, config: Path | None) -> None:
    """Tell the database that the folder OLD is now called NEW. No file is moved or read.

    Tags and decisions stay.
    """
    from tagger.core.text import counted, printable
    from tagger.library.folders import move_folder

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, must_exist=True) as store:
        count = move_folder(store, old, new)
    click.echo(f"Moved {counted(count, 'file')} in the database to {printable(new)}", err=True)
    if not os.path.lexists(new):
        click.echo(f"{printable(new)} does not exist yet: the next run will mark its files as gone.", err=True)
    _mention_settings(settings, old)


@click.command()
@click.argument("folder", type=AbsoluteFolder())
@context.DB
@context.CONFIG
def forget(folder: str, db_url: str | None, config: Path | None) -> None:
    """Remove the files in FOLDER from the database, with the machine's answers to them. No photo is touched.

    Decisions stay with their content: they apply again if it is tagged again.
    """
    from tagger.core.text import counted
    from tagger.library.folders import forget_folder

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, must_exist=True) as store:
        forgotten = forget_folder(store, folder)
    removed = f"{counted(forgotten.files, 'file')} and {counted(forgotten.photos, 'photo')}"
    click.echo(f"Removed {removed} from the database.", err=True)
    _mention_settings(settings, folder)


def _mention_settings(settings: Settings, folder: str) -> None:
    """Warn if the settings still name the folder."""
    if folder in (os.path.abspath(name) for name in settings.folders):
        click.echo("The setting folders still names it: change it there too.", err=True)
