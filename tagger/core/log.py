"""What is said on stderr while working: lines for people, or a JSON object a line. Data never goes this way."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

FORMAT = "%(levelname)s %(message)s"


class JsonLines(logging.Formatter):
    """One object a line, whatever a message holds: time (UTC), level, logger, message, and a traceback as error."""

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
    """Send the log to stderr; called once by a surface.

    Args:
        level: debug, info, warning or error.
        log_format: text or json.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter(FORMAT))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for chatty in ("PIL", "alembic", "apscheduler", "matplotlib", "watchdog"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
