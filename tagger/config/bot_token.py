"""The bot's token, from the settings or from the file that they name."""

from __future__ import annotations

import re
from pathlib import Path

from tagger.config.settings import Settings
from tagger.core.errors import ConfigError

TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")  # the bot's number and its secret


def read_token(settings: Settings) -> str:
    """The bot's token from the settings.

    Raises:
        ConfigError: there is none, there are two, the file cannot be read, or the token is malformed.
    """
    if settings.bot_token is not None and settings.bot_token_file is not None:
        raise ConfigError("Both bot_token and bot_token_file are set. Omit one.")
    if settings.bot_token is not None:
        token = settings.bot_token.get_secret_value().strip()
    elif settings.bot_token_file is not None:
        token = _read(settings.bot_token_file)
    else:
        raise ConfigError(
            "The bot has no token. Ask @BotFather on Telegram for one, "
            "and set TAGGER_BOT_TOKEN or TAGGER_BOT_TOKEN_FILE."
        )
    if not TOKEN.fullmatch(token):
        problem = "malformed" if token else "empty"
        raise ConfigError(f"The bot's token is {problem}. It looks like 123456:ABC…; copy it as @BotFather wrote it.")
    return token


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"{file}, which should contain the bot's token, cannot be read: {reason}.") from error
