"""`tagger web password` and `tagger web token`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tagger.cli import context

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.web.security.credentials import Credentials


def _credentials(settings: Settings, config: Path | None) -> Credentials:
    """The passwords and tokens; a settings file that is named after the subcommand wins."""
    from tagger.web.security.credentials import Credentials

    return Credentials((context.open_settings(config) if config else settings).web_folder)


@click.command()
@context.CONFIG
@click.pass_obj
def password(settings: Settings, config: Path | None) -> None:
    """Set the password of the gallery; all sessions end."""
    from tagger.web.security.passwords import LEAST_LENGTH

    text = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    if len(text) < LEAST_LENGTH:
        raise click.ClickException(f"A password has at least {LEAST_LENGTH} characters.")
    _credentials(settings, config).set_password(text)
    click.echo("The password is set.", err=True)


@click.group()
def token() -> None:
    """Tokens for programs that use the API."""


@token.command()
@click.argument("name")
@context.CONFIG
@click.pass_obj
def add(settings: Settings, name: str, config: Path | None) -> None:
    """Print a new token, which replaces an earlier one of that NAME. It cannot be printed again."""
    click.echo(_credentials(settings, config).add_token(name))


@token.command(name="list")
@context.CONFIG
@click.pass_obj
def list_tokens(settings: Settings, config: Path | None) -> None:
    """List the names of the tokens."""
    for name in _credentials(settings, config).tokens:
        click.echo(name)


@token.command()
@click.argument("name")
@context.CONFIG
@click.pass_obj
def remove(settings: Settings, name: str, config: Path | None) -> None:
    """Remove a token; programs that use it are refused from now on."""
    if not _credentials(settings, config).remove_token(name):
        raise click.ClickException(f"There is no token {name!r}. List them: tagger web token list")
