"""`tagger bot`: the Telegram bot."""

from __future__ import annotations

import asyncio
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import options

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.model.predictor import Tagger


@click.command()
@options.DB
@options.model_options
@options.CONFIG
def bot(config: Path | None, **given: Any) -> None:
    """Answer photos that people send on Telegram.

    The token comes from TAGGER_BOT_TOKEN or from the file in TAGGER_BOT_TOKEN_FILE. Ctrl-C or SIGTERM finish what is
    in work, and end.
    """
    need_bot()
    settings = options.settings_from(config, **given)
    token = prepared(settings)
    stop = threading.Event()
    options.stop_on_signals(stop)
    model = options.tagger_from(settings, in_log=True)
    with options.store_from(settings) as store:
        answer(settings, token, store, model, stop)


def need_bot() -> None:
    """Raises:
    MissingExtra: what the bot is built on is not installed.
    """
    from tagger.core.errors import MissingExtra

    if any(find_spec(package) is None for package in ("telegram", "aiohttp", "babel", "aiolimiter", "tornado")):
        raise MissingExtra("The Telegram bot", "bot")


def prepared(settings: Settings) -> str:
    """The bot's token, which from here on is in nothing that is said.

    Raises:
        ConfigError: there is none, or a setting that it needs is missing.
    """
    from tagger.bot.redaction import hide, token_of
    from tagger.core.errors import ConfigError

    token, secret = token_of(settings), settings.bot_webhook_secret
    if settings.bot_webhook_url is not None and secret is None:
        raise ConfigError("bot_webhook_url needs bot_webhook_secret, or anybody could send updates. Set both.")
    hide([token, *([secret.get_secret_value()] if secret else [])])
    return token


def answer(settings: Settings, token: str, store: Store, model: Tagger, stop: threading.Event) -> None:
    """Answer until a stop is asked for."""
    from tagger.bot.app import serve

    asyncio.run(serve(settings, token, store, model, stop))
