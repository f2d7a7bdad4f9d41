"""`tagger web password` and `tagger web token`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.web.security.credentials import Credentials


def _credentials(settings: Settings) -> Credentials:
    from tagger.web.security.credentials import Credentials

    return Credentials(settings.web_folder)


@click.command()
@click.pass_obj
def password(settings: Settings) -> None:
    """Set the password of the gallery; all sessions end."""
    from tagger.web.security.passwords import LEAST_LENGTH

    text = click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    if len(text) < LEAST_LENGTH:
        raise click.ClickException(f"A password has at least {LEAST_LENGTH} characters.")
    _credentials(settings).set_password(text)
    click.echo("The password is set.", err=True)


@click.group()
def token() -> None:
    """Tokens for programs that use the API."""


@token.command()
@click.argument("name")
@click.pass_obj
def add(settings: Settings, name: str) -> None:
    """Print a new token, which replaces an earlier one of that NAME. It cannot be printed again."""
    click.echo(_credentials(settings).add_token(name))


@token.command(name="list")
@click.pass_obj
def list_tokens(settings: Settings) -> None:
    """List the names of the tokens."""
    for name in _credentials(settings).tokens:
        click.echo(name)


@token.command()
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Remove a token; programs that use it are refused from now on."""
    if not _credentials(settings).remove_token(name):
        raise click.ClickException(f"There is no token {name!r}. List them: tagger web token list")
