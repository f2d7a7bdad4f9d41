"""The base of all tables: how constraints are named, and which Python type becomes which column.

The one rule: a constraint's name comes from here, never from SQLite, so that a migration can name it again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, Float, MetaData
from sqlalchemy.orm import DeclarativeBase

from db.schema.columns import UtcDateTime

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


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        float: Float,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


def one_of(column: str, *values: str) -> CheckConstraint:
    """Check that a text column holds one of a few words."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)
