"""The bot's token: where it comes from, and how it stays out of logs.

The one rule: nothing that leaves the process in a log line, a traceback or a warning contains the token. HTTP clients
mention the URLs that they request, and a Bot API URL contains the token; so every text is redacted just before it is
written.
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
NOISY_LOGGERS = ("httpx", "httpcore", "telegram", "tornado.access")  # they log every request


def read_token(settings: Settings) -> str:
    """The bot's token from the settings.

    Raises:
        ConfigError: there is none, there are two, or the file cannot be read.
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
    if not token or any(character.isspace() for character in token):
        raise ConfigError(
            "The bot's token is empty or contains spaces. It looks like 123456:ABC…, as @BotFather wrote it."
        )
    return token


def redact(secrets: Iterable[str]) -> None:
    """Remove secrets from all log lines, tracebacks and warnings of this process from now on."""
    redactor = _Redactor(secrets)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_RedactingFormatter(redactor, handler.formatter))
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)

    def excepthook(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
        sys.stderr.write(redactor.redact("".join(traceback.format_exception(kind, error, at))))

    sys.excepthook = excepthook


class _Redactor:
    """Knows each secret as it is, URL-encoded, and without the part before the colon."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = (part for secret in secrets for part in (secret, secret.partition(":")[2]))
        forms = {form for part in parts if len(part) > 4 for form in (part, quote(part, safe=""))}
        self._forms = sorted(forms, key=len, reverse=True)

    def redact(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text


class _RedactingFormatter(logging.Formatter):
    """Redacts what another formatter returns, tracebacks included."""

    def __init__(self, redactor: _Redactor, inner: logging.Formatter | None) -> None:
        super().__init__()
        self._redactor = redactor
        self._inner = inner or logging.Formatter()

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(self._inner.format(record))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ConfigError(f"{file}, which should contain the bot's token, cannot be read: {reason}.") from error
