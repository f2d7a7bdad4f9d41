"""`tagger decide`: say what photos show. It outranks every suggestion, for ever."""

from __future__ import annotations

from pathlib import Path

import click

from tagger.cli import context
from tagger.cli.parameters import completion

SOURCE = "cli"
WHO = click.option("--who", metavar="NAME", help="The person who decides; by default you, by your login name.")


@click.command()
@click.argument("photos", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False), metavar="PHOTO...")
@click.option(
    "--shows",
    multiple=True,
    metavar="LANDMARK",
    shell_complete=completion.landmarks,
    help="It shows this landmark, and no other that is not named; may be repeated.",
)
@click.option(
    "--not",
    "refused",
    multiple=True,
    metavar="LANDMARK",
    shell_complete=completion.landmarks,
    help="It does not show this landmark; may be repeated.",
)
@click.option("--none", "is_none", is_flag=True, help="It shows no landmark.")
@click.option("--undo", is_flag=True, help="Take back what you have decided about it.")
@WHO
@context.DB
@context.CONFIG
def decide(
    photos: tuple[str, ...],
    shows: tuple[str, ...],
    refused: tuple[str, ...],
    is_none: bool,
    undo: bool,
    who: str | None,
    db_url: str | None,
    config: Path | None,
) -> None:
    """Decide what each PHOTO shows. That outranks every suggestion, of later models too.

    A decision belongs to the picture: copies have it too, and edited metadata do not change it.
    """
    from tagger.core.text import counted
    from tagger.library.decisions.decide import decide, login_name, take_back

    if sum(map(bool, (shows, refused, is_none, undo))) != 1:
        raise click.UsageError("Choose one of --shows LANDMARK, --not LANDMARK, --none and --undo.")
    settings, person = context.open_settings(config, db_url=db_url), who or login_name()
    with context.open_store(settings, must_exist=True) as store:
        if undo:
            count = take_back(store, photos, who=person, max_bytes=settings.max_file_bytes)
            click.echo(f"Took back {counted(count, 'decision')} by {person}.", err=True)
            return
        decide(
            store,
            photos,
            shows=shows,
            shows_not=refused,
            shows_none=is_none,
            who=person,
            source=SOURCE,
            max_bytes=settings.max_file_bytes,
        )
    click.echo(f"Decided about {counted(len(photos), 'photo')}, as {person}.", err=True)
