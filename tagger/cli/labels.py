"""`tagger labels`: the landmarks that the model knows."""

from __future__ import annotations

from pathlib import Path

import click

from tagger.cli import options
from tagger.cli.table import print_json, print_lines


@click.command()
@options.JSON
@options.DB
@click.option("--bundle", type=click.Path(path_type=Path), help="Model folder instead of the shipped one.")
@options.CONFIG
def labels(as_json: bool, db_url: str | None, bundle: Path | None, config: Path | None) -> None:
    """List the landmarks that the model knows, and how many photos of yours show each."""
    from db.engine import store_exists
    from db.read import catalog
    from db.rows import LabelRow
    from tagger.library.answers import landmark_row
    from tagger.model.bundle import open_bundle

    settings = options.settings_from(config, db_url=db_url, bundle=bundle)
    photos: dict[str, int] = {}
    if store_exists(settings.db_url):
        with options.store_from(settings) as store, store.read() as connection:
            photos = {row.landmark.key: row.photos for row in catalog.labels(connection)}
    known = (landmark_row(c.landmark()) for c in open_bundle(settings.bundle, verify=False).card.classes)
    rows = [LabelRow(landmark, photos.get(landmark.key, 0)) for landmark in known]
    (print_json if as_json else print_lines)(rows)
