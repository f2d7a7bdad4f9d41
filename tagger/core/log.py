"""The log on stderr: lines for people, or one JSON object a line. Data never goes this way."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

FORMAT = "%(levelname)s %(message)s"


class JsonLines(logging.Formatter):
    """Formats a record as a JSON object: time (UTC), level, logger, message, and error with a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up(level: str, log_format: str = "text") -> None:
    """Send the log of this process to stderr. Only a surface does that, once.

    Args:
        level: debug, info, warning or error.
        log_format: text or json.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(FORMAT))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("PIL", "alembic", "apscheduler", "matplotlib", "watchdog"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
