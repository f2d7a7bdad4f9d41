"""Keeps the bot's token out of logs.

The one rule: nothing that leaves the process in a log line, a traceback or a warning contains the token. HTTP clients
mention the URLs that they request, and a Bot API URL contains the token; so every text is redacted just before it is
written.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import quote

HIDDEN = "<token>"
LEAKING_LOGGER = "telegram.request.BaseRequest"  # it logs responses that are no JSON, which may contain messages
NOISY_LOGGERS = ("httpx", "httpcore", "telegram", "tornado.access")  # they log every request


def redact(secrets: Iterable[str]) -> None:
    """Remove secrets from all log lines, tracebacks and warnings of this process from now on."""
    redactor = _Redactor(secrets)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_RedactingFormatter(redactor, handler.formatter))
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(LEAKING_LOGGER).setLevel(logging.CRITICAL)
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
