"""`tagger bot`: the Telegram bot."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tagger.cli import context
from tagger.cli.process import stop_on_signals

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.serving.model_thread import ModelThread


@click.command()
@context.DB
@context.STRICT
@context.model_options
@context.CONFIG
def bot(config: Path | None, **options: Any) -> None:
    """Answer photos that people send on Telegram.

    The token comes from TAGGER_BOT_TOKEN or from the file in TAGGER_BOT_TOKEN_FILE. After Ctrl-C or SIGTERM the bot
    answers the photos in progress and exits.
    """
    require_bot()
    settings = context.open_settings(config, **options)
    token = hidden_token(settings)
    stop = threading.Event()
    stop_on_signals(stop)
    model = context.open_model(settings, in_log=True)
    with (
        context.open_store(settings) as store,
        locked_for_bot(settings, token, store, stop),
        context.model_thread(settings, model) as model_thread,
    ):
        run_bot(settings, token, store, model_thread, stop)


def require_bot() -> None:
    """Raise MissingExtra if a package that the bot needs is not installed."""
    from tagger.core.errors import require_extra

    require_extra("The Telegram bot", "bot", "telegram", "aiohttp", "babel", "aiolimiter", "tornado")


def hidden_token(settings: Settings) -> str:
    """The bot's token, hidden in the log from here on.

    Raises:
        ConfigError: there is no token, or a setting that the bot needs is missing.
    """
    from tagger.bot.redaction import redact
    from tagger.config.bot_token import read_token
    from tagger.core.errors import ConfigError

    token, secret = read_token(settings), settings.bot_webhook_secret
    if settings.bot_webhook_url is not None and secret is None:
        raise ConfigError("bot_webhook_url needs bot_webhook_secret, or anybody could send updates. Set both.")
    redact([token, *([secret.get_secret_value()] if secret else [])])
    return token


def locked_for_bot(settings: Settings, token: str, store: Store, stop: threading.Event) -> AbstractContextManager[None]:
    """Keep a second bot away from the token and the database. If one has taken the database, set `stop`.

    Raises:
        BotInProgress: this is the second one, or has become it.
    """
    from tagger.library.locks.bot import bot_lock

    return bot_lock(store, server=settings.bot_api_url, token=token, on_loss=stop.set)


def run_bot(settings: Settings, token: str, store: Store, model: ModelThread, stop: threading.Event) -> None:
    """Run the bot until `stop` is set. The caller holds `locked_for_bot`."""
    import asyncio

    from tagger.bot.app import serve

    asyncio.run(serve(settings, token, store, model, stop))
