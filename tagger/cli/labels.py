"""`tagger labels`: the landmarks that the model knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.parameters.languages import HASHTAGS, LANG, in_language
from tagger.cli.table import print_json, print_lines

if TYPE_CHECKING:
    from db.read.rows import LabelRow
    from tagger.core.types import Landmark


@click.command()
@LANG
@HASHTAGS
@context.JSON
@context.DB
@context.BUNDLE
@context.CONFIG
def labels(
    lang: str | None, with_hashtags: bool, as_json: bool, db_url: str | None, bundle: Path | None, config: Path | None
) -> None:
    """List the landmarks that the model knows, and how many of your photos show each."""
    from db.engine import store_exists
    from db.read import catalog
    from db.read.rows import LabelRow
    from db.taught.places import taught_landmarks
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, db_url=db_url, bundle=bundle)
    photos: dict[str, int] = {}
    taught: list[Landmark] = []
    if store_exists(settings.db_url):
        with context.open_store(settings, for_reading=True) as store, store.read() as connection:
            photos = {row.landmark.id: row.photos for row in catalog.labels(connection)}
            taught = taught_landmarks(connection)
    landmarks = [entry.landmark() for entry in open_bundle(settings.bundle, verify=False).card.classes]
    known = {landmark.id for landmark in landmarks}
    landmarks += [landmark for landmark in taught if landmark.id not in known]
    rows = [LabelRow(landmark, photos.get(landmark.id, 0)) for landmark in in_language(landmarks, lang)]
    if as_json:
        print_json(_json(row, with_hashtags=with_hashtags) for row in rows)
    else:
        print_lines(_line(row, with_hashtags=with_hashtags) for row in rows)


def _json(row: LabelRow, *, with_hashtags: bool) -> dict[str, Any]:
    """A row as JSON, in which a landmark's id is called "key"."""
    from dataclasses import asdict

    from tagger.core.hashtags import hashtags

    landmark = asdict(row.landmark)
    values = {"landmark": {"key": landmark.pop("id"), **landmark}, "photos": row.photos}
    return values | {"hashtags": hashtags(row.landmark)} if with_hashtags else values


def _line(row: LabelRow, *, with_hashtags: bool) -> str:
    from tagger.core.hashtags import hashtags
    from tagger.core.text import printable

    line = f"{row.photos:>6}  {printable(row.landmark.id):<28}  {printable(row.landmark.full_name)}"
    return "  ".join([line, *hashtags(row.landmark)]) if with_hashtags else line
