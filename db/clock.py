"""The database's clock: those of several machines differ."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from db.dialect import utc_now


def database_time(connection: Connection) -> datetime:
    """The present moment, aware."""
    now: datetime = connection.execute(select(utc_now())).scalar_one()
    return now.replace(tzinfo=UTC)
