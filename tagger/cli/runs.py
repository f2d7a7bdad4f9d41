"""`tagger runs`: what was done when."""

from __future__ import annotations

from pathlib import Path

import click

from tagger.cli import options
from tagger.cli.table import print_json, print_lines


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most this many, newest first.")
@options.JSON
@options.DB
@options.CONFIG
def runs(limit: int, as_json: bool, db_url: str | None, config: Path | None) -> None:
    """List the runs: when, on what engine, how many photos, how they ended."""
    from db import catalog

    settings = options.settings_from(config, db_url=db_url)
    with options.store_from(settings, must_exist=True) as store, store.read() as connection:
        (print_json if as_json else print_lines)(catalog.runs(connection, limit=limit))
