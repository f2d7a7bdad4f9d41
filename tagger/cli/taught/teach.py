"""`tagger teach` and `tagger taught`: places of one's own, by a few photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.group import pass_options_down

if TYPE_CHECKING:
    from db.taught.places import TaughtRow
    from tagger.core.types import Position

LAT, LON = 90.0, 180.0
EXISTING = click.Path(exists=True, dir_okay=False)


def _position(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Position | None:  # noqa: ARG001
    from tagger.core.types import Position

    if value is None:
        return None
    try:
        lat, lon = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value!r} is not LAT,LON, such as 48.1,11.5.") from None
    if not (abs(lat) <= LAT and abs(lon) <= LON):
        raise click.BadParameter(f"{value!r} is not on the globe.")
    return Position(lat, lon)


@click.command()
@click.argument("name")
@click.argument("photos", nargs=-1, required=True, type=EXISTING, metavar="PHOTO...")
@click.option("--near", callback=_position, metavar="LAT,LON", help="Where it is; by default where its photos are.")
@click.option("--country", metavar="NAME", help="The country where it is.")
@context.model_options
@context.DB
@context.CONFIG
def teach(
    name: str,
    photos: tuple[str, ...],
    near: Position | None,
    country: str | None,
    config: Path | None,
    **options: Any,
) -> None:
    """Teach a place of your own, NAME, by 3 to 50 photos of it.

    It is a landmark from then on: in suggestions, tags, queries, maps and sidecars. Teaching it again adds photos.
    """
    import shlex

    from tagger.core.text import counted, printable
    from tagger.evidence.gps import FAR_KM
    from tagger.library.taught.teach import teach

    settings = context.open_settings(config, **options)
    tagger = context.open_model(settings)
    with context.open_store(settings) as store:
        done = teach(store, tagger, name, photos, near=near, country=country, min_score=settings.min_score)
    known = f"{printable(done.landmark.name)} ({done.landmark.id})"
    click.echo(f"Taught {known}; a tag needs {done.threshold:.2f}.", err=True)
    if done.overlap:
        again = f"tagger taught remove {shlex.quote(printable(done.landmark.name))}"
        click.echo(f"{done.overlap} If that is right, forget the new place: {again}", err=True)
    if done.far and done.landmark.position is None:
        click.echo("Its photos were taken far apart. Say where it is: --near LAT,LON", err=True)
    elif done.far:
        far = "1 photo was" if done.far == 1 else f"{done.far} photos were"
        click.echo(f"{far} taken more than {FAR_KM:g} km from it. Do they show it?", err=True)
    _print_weak(done.scores, done.threshold)
    if done.asked:
        click.echo(f"The next run looks again at {counted(done.asked, 'photo')}: tagger tag", err=True)


@click.group(invoke_without_command=True)
@context.BUNDLE
@context.DB
@context.JSON
@context.CONFIG
@click.pass_context
def taught(ctx: click.Context, /, as_json: bool, config: Path | None, **options: Any) -> None:
    """List the places that were taught."""
    if ctx.invoked_subcommand:
        pass_options_down(ctx)
        return
    from tagger.cli.table import print_json, print_lines
    from tagger.library.taught.teach import taught
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, **options)
    with context.open_store(settings) as store:
        places = taught(store, open_bundle(settings.bundle))
    rows = [
        {
            "landmark": place.landmark.id,
            "name": place.landmark.name,
            "photos": place.photos,
            "seen": len(place.examples),
            "threshold": place.threshold,
            "lat": place.landmark.lat,
            "lon": place.landmark.lon,
            "radius_km": place.radius_km,
        }
        for place in places
    ]
    if as_json:
        print_json(rows)
    else:
        print_lines(_line(place) for place in places)


def _line(place: TaughtRow) -> str:
    from tagger.core.text import counted

    seen = f", of which this model has seen {len(place.examples)}" if place.lacking else ""
    return f"{place.landmark.name} ({place.landmark.id}), {counted(place.photos, 'photo')}{seen}"


@taught.command("remove")
@click.argument("name")
@context.BUNDLE
@context.DB
@context.CONFIG
def remove_command(name: str, config: Path | None, **options: Any) -> None:
    """Forget a taught place, and remove its suggestions. Decisions stay."""
    from tagger.core.text import printable
    from tagger.library.taught.teach import remove
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, **options)
    with context.open_store(settings, must_exist=True) as store:
        landmark = remove(store, open_bundle(settings.bundle), name, min_score=settings.min_score)
    click.echo(f"Removed {printable(landmark.name)}.", err=True)


@taught.command("test")
@click.argument("name")
@context.BUNDLE
@context.DB
@context.CONFIG
def test_command(name: str, config: Path | None, **options: Any) -> None:
    """Print what each photo of a place scores when only the others teach it."""
    from tagger.library.taught.teach import example_scores
    from tagger.model.bundle import open_bundle

    settings = context.open_settings(config, **options)
    with context.open_store(settings, must_exist=True) as store:
        scores = example_scores(store, open_bundle(settings.bundle), name)
    for score in sorted(scores, reverse=True):
        click.echo(f"{score:.4f}")


def _print_weak(scores: tuple[float, ...], threshold: float) -> None:
    weak = sum(score < threshold for score in scores)
    if weak:
        click.echo(f"{weak} of its {len(scores)} photos would not be tagged by the others: more photos help.", err=True)
