"""The bot's token: where it comes from, and how it stays out of everything that is said.

The one rule: nothing that leaves the process by its log, by a traceback or by a warning holds the token. HTTP clients
name each URL they ask, and a Bot API URL holds the token; so what is said is searched for it at the last moment.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from tagger.config.settings import Settings
from tagger.core.errors import ConfigError

HIDDEN = "<token>"
CHATTY = ("httpx", "httpcore", "telegram", "tornado.access")  # each of their requests would be a line


def token_of(settings: Settings) -> str:
    """Raises:
    ConfigError: there is none, there are two, or the file cannot be read.
    """
    if settings.bot_token is not None and settings.bot_token_file is not None:
        raise ConfigError("Both bot_token and bot_token_file are set. Leave one out.")
    if settings.bot_token is not None:
        token = settings.bot_token.get_secret_value().strip()
    elif settings.bot_token_file is not None:
        token = _read(settings.bot_token_file)
    else:
        raise ConfigError(
            "The bot has no token. Ask @BotFather on Telegram for one, "
            "and set TAGGER_BOT_TOKEN or TAGGER_BOT_TOKEN_FILE."
        )
    if not token or any(letter.isspace() for letter in token):
        raise ConfigError(
            "The bot's token is empty or holds blanks. It looks like 123456:ABC…, as @BotFather wrote it."
        )
    return token


def hide(secrets: Iterable[str]) -> None:
    """From here on no log line, traceback or warning of this process shows one of these."""
    redacting = _Redacting(secrets)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Formatter(redacting, handler.formatter))
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)

    def tell(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        sys.stderr.write(redacting.clean("".join(traceback.format_exception(kind, error, at))))

    sys.excepthook = tell


class _Redacting:
    """Knows a secret as it stands, as a URL writes it, and a token's second half alone."""

    def __init__(self, secrets: Iterable[str]) -> None:
        halves = (part for secret in secrets for part in (secret, secret.partition(":")[2]))
        parts = {form for part in halves if len(part) > 4 for form in (part, quote(part, safe=""))}
        self._parts = sorted(parts, key=len, reverse=True)

    def clean(self, text: str) -> str:
        for part in self._parts:
            text = text.replace(part, HIDDEN)
        return text


class _Formatter(logging.Formatter):
    """Another formatter's text, tracebacks included, without the secrets."""

    def __init__(self, redacting: _Redacting, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._redacting = redacting
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return self._redacting.clean(self._inner.format(record))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(f"{file}, which should hold the bot's token, cannot be read: {reason}.") from error
