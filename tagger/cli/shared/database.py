"""`tagger db`: check the database, or copy it into another one, such as from a file to a server."""

from __future__ import annotations

from pathlib import Path

import click

from tagger.cli import context


@click.group("db")
def database() -> None:
    """Check the database, or copy it into another one."""


@database.command()
@context.DB
@context.CONFIG
def check(config: Path | None, db_url: str | None) -> None:
    """Read the whole database, and say whether it is sound."""
    from db.errors import NotAStore
    from db.write.backup import newest_copy

    settings = context.open_settings(config, db_url=db_url)
    with context.open_store(settings, must_exist=True, for_reading=True) as store:
        if damage := store.find_damage(thorough=True):
            raise NotAStore(store.name, f"it is damaged ({damage})", newest_copy(store.file, store.backup_folder))
        click.echo(f"{store.name} is sound.")


@database.command()
@click.argument("from_url", metavar="FROM_URL")
@click.argument("to_url", metavar="TO_URL")
def copy(from_url: str, to_url: str) -> None:
    """Copy a database into a new one: a file's path, sqlite:///… or postgresql://….

    At the end the rows of both are compared. If it is interrupted, the same command goes on where it stopped. Runs
    on either have to wait meanwhile; stop the bot and the gallery.
    """
    from tqdm import tqdm

    from db.copying import copy_store, count_rows
    from db.engine import open_store, store_exists
    from db.errors import StoreUnreachable
    from db.location import store_name
    from tagger.library.locks.run import run_lock

    if not store_exists(from_url):
        raise click.ClickException(f"There is no database at {store_name(from_url)}. Check FROM_URL.")
    with open_store(from_url) as source, open_store(to_url) as target:
        if source.file == target.file:
            raise click.UsageError("FROM_URL and TO_URL are the same database.")
        with run_lock(source), run_lock(target), source.read() as connection:
            total = count_rows(connection)
            with tqdm(total=total, unit=" rows", disable=None, leave=False) as bar:
                try:
                    copied = copy_store(source, target, progress=bar.update)
                except StoreUnreachable:
                    click.echo("What was copied is stored; run the same command again to continue.", err=True)
                    raise
    rows, new = sum(table.rows for table in copied), sum(table.new for table in copied)
    click.echo(f"{target.name} has the same {rows:,} rows as {source.name}; {new:,} of them are new.")
