"""`tagger bot`: the Telegram bot."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tagger.cli import options


@click.command()
@options.DB
@options.model_options
@options.CONFIG
def bot(config: Path | None, **given: Any) -> None:
    """Answer photos that people send on Telegram.

    The token comes from TAGGER_BOT_TOKEN or from the file in TAGGER_BOT_TOKEN_FILE. Ctrl-C or SIGTERM finish what is
    in work, and end.
    """
    from tagger.errors import ConfigError, MissingExtra

    if any(find_spec(package) is None for package in ("telegram", "aiohttp", "babel", "aiolimiter", "tornado")):
        raise MissingExtra("The Telegram bot", "bot")
    from tagger.bot.secrets import hide, token_of
    from tagger.bot.serve import serve

    settings = options.settings_from(config, **given)
    token = token_of(settings)
    secret = settings.bot_webhook_secret
    if settings.bot_webhook_url is not None and secret is None:
        raise ConfigError("bot_webhook_url needs bot_webhook_secret, or anybody could send updates. Set both.")
    hide([token, *([secret.get_secret_value()] if secret else [])])
    model = options.tagger_from(settings)
    with options.store_from(settings) as store:
        asyncio.run(serve(settings, token, store, model))
