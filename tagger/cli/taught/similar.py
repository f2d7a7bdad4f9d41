"""`tagger similar` and `tagger unknown`: what looks like a photo, and what nobody has named yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tagger.cli import context

SHOWN = 5  # paths of a place


@click.command()
@click.argument("photo", type=click.Path(exists=True, dir_okay=False))
@click.option("-n", "limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many photos.")
@context.JSON
@context.model_options
@context.DB
@context.CONFIG
def similar(photo: str, limit: int, as_json: bool, config: Path | None, **options: Any) -> None:
    """List the photos of the library that look most like PHOTO."""
    import os

    from tagger.cli.table import print_json
    from tagger.core.text import printable
    from tagger.library.taught.similar import similar

    settings = context.open_settings(config, **options)
    with context.open_store(settings, must_exist=True) as store:
        found = similar(store, context.open_model(settings), os.path.abspath(photo), limit=limit)
    if as_json:
        print_json(found)
        return
    for hit in found:
        click.echo(f"{hit.similarity:6.3f}  {printable(hit.path)}")


@click.command()
@context.JSON
@context.BUNDLE
@context.DB
@context.CONFIG
def unknown(as_json: bool, config: Path | None, **options: Any) -> None:
    """List groups of untagged photos that show one place, the largest first. Those decided to show none are left out.

    Name one, and it is taught: tagger teach NAME with some of its photos.
    """
    from tagger.cli.table import print_json
    from tagger.core.text import counted, printable
    from tagger.library.taught.similar import model_with_embeddings
    from tagger.library.taught.unknown import unknown_places
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, **options)
    bundle = open_bundle(settings.bundle)
    with context.open_store(settings, must_exist=True) as store:
        model_with_embeddings(store, bundle)
        places = unknown_places(store, bundle)
    if as_json:
        print_json(places)
        return
    for number, place in enumerate(places, start=1):
        near = f", near {place.near.lat}, {place.near.lon}" if place.near else ""
        click.echo(f"{number}. {counted(len(place.paths), 'photo')}{near}")
        for path in place.paths[:SHOWN]:
            click.echo(f"   {printable(path)}")
    if places:
        click.echo("Name one, and it is taught: tagger teach NAME with some of its photos", err=True)
    else:
        click.echo("No place shows on several photos without a tag.", err=True)
