"""`tagger decide`: say what photos show. It outranks every suggestion, for ever."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context
from tagger.cli.parameters import completion

if TYPE_CHECKING:
    from db.engine import Connection

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
    from tagger.library.decisions.contents import contents_of

    if sum(map(bool, (shows, refused, is_none, undo))) != 1:
        raise click.UsageError("Choose one of --shows LANDMARK, --not LANDMARK, --none and --undo.")
    settings, person = context.open_settings(config, db_url=db_url), who or login_name()
    with context.open_store(settings, must_exist=True) as store:
        with store.read() as connection:
            contents = contents_of(connection, photos, max_bytes=settings.max_file_bytes)
        with store.write() as connection:
            revoked = [_decide(connection, sha256, shows, refused, is_none, person) for sha256 in contents]
    if undo:
        click.echo(f"Took back {counted(sum(revoked), 'decision')} by {person}.", err=True)
    else:
        click.echo(f"Decided about {counted(len(contents), 'photo')}, as {person}.", err=True)


def login_name() -> str:
    """The name of the user who runs the command."""
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError):  # in a container whose user has no name
        return "someone"


def _decide(
    connection: Connection, sha256: str, shows: tuple[str, ...], refused: tuple[str, ...], is_none: bool, who: str
) -> int:
    """Store a decision about one photo, and return how many were taken back, if that is what is asked."""
    from db.write.decisions import record_decision, revoke_decisions, show_only

    if shows:
        show_only(connection, sha256, shows, who=who, source=SOURCE)
    for landmark in refused:
        record_decision(connection, sha256, verdict="not", landmark=landmark, who=who, source=SOURCE)
    if is_none:
        record_decision(connection, sha256, verdict="none", landmark=None, who=who, source=SOURCE)
    return 0 if shows or refused or is_none else revoke_decisions(connection, sha256, who=who)
