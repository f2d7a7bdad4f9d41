"""`tagger labels`: the landmarks that the model knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.table import print_json, print_lines

if TYPE_CHECKING:
    from db.read.rows import LabelRow


@click.command()
@context.JSON
@context.DB
@context.BUNDLE
@context.CONFIG
def labels(as_json: bool, db_url: str | None, bundle: Path | None, config: Path | None) -> None:
    """List the landmarks that the model knows, and how many of your photos show each."""
    from db.location import store_exists
    from db.read import catalog
    from db.read.rows import LabelRow
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, db_url=db_url, bundle=bundle)
    photos: dict[str, int] = {}
    if store_exists(settings.db_url):
        with context.open_store(settings, for_reading=True) as store, store.read() as connection:
            photos = {row.landmark.id: row.photos for row in catalog.labels(connection)}
    landmarks = [known.landmark() for known in open_bundle(settings.bundle, verify=False).card.classes]
    rows = [LabelRow(landmark, photos.get(landmark.id, 0)) for landmark in landmarks]
    if as_json:
        print_json(map(_json, rows))
    else:
        print_lines(map(_line, rows))


def _json(row: LabelRow) -> dict[str, Any]:
    """A row as JSON, in which a landmark's id is called "key"."""
    from dataclasses import asdict

    landmark = asdict(row.landmark)
    return {"landmark": {"key": landmark.pop("id"), **landmark}, "photos": row.photos}


def _line(row: LabelRow) -> str:
    from tagger.core.text import printable

    return f"{row.photos:>6}  {printable(row.landmark.id):<28}  {printable(row.landmark.full_name)}"
