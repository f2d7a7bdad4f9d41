"""Column types whose Python side is stricter than their SQL side."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

FS_ENCODING, FS_ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


class PathBytes(TypeDecorator[str]):
    """A path as the bytes that the file system holds.

    Text would lose names that are not UTF-8. Bytes are also compared one by one, so that a folder is a range of the
    index: everything between ``folder/`` and ``folder0``, which is the byte after the slash.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else os.fsencode(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:  # noqa: ARG002
        """Makes one call a row instead of three: a scan asks for 200,000 paths."""
        return _decoded


def _decoded(value: bytes | None) -> str | None:
    """What `os.fsdecode` does, without its checks."""
    return None if value is None else value.decode(FS_ENCODING, FS_ERRORS)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the file. SQLite itself knows no zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)
