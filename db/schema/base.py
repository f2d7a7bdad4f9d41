"""The base of all tables: how constraints are named, and which Python type becomes which column.

The one rule: a constraint's name comes from here, never from the database, so that a migration can name it again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, Float, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

from db.dialect import CleanText, WholeNumber

if TYPE_CHECKING:
    from sqlalchemy import Select

    AnySelect = Select[*tuple[Any, ...]]

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
FS_ENCODING, FS_ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


class PathBytes(TypeDecorator[str]):
    """A path as the bytes in the file system.

    Text would lose names that are not UTF-8. Bytes are also compared one by one, so that a folder is a range of the
    index: everything between ``folder/`` and ``folder0``, which is the byte after the slash.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else os.fsencode(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], str | None]:  # noqa: ARG002
        """Makes one call per row instead of three: a scan asks for 200,000 paths."""
        return _decoded


def _decoded(value: bytes | None) -> str | None:
    """What `os.fsdecode` does, without its checks."""
    return None if value is None else value.decode(FS_ENCODING, FS_ERRORS)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database, where it has no zone."""

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


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        int: WholeNumber,
        str: CleanText,
        float: Float,
        dict[str, Any]: JSON,
        dict[str, str]: JSON,
        list[str]: JSON,
    }
