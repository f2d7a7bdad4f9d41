"""What is said on stderr while working. Data never goes this way."""

from __future__ import annotations

import logging
import sys

FORMAT = "%(levelname)s %(message)s"


def set_up(level: str) -> None:
    """Send the log to stderr; called once by a surface.

    Args:
        level: debug, info, warning or error.
    """
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format=FORMAT, force=True)
    for chatty in ("PIL", "alembic", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
