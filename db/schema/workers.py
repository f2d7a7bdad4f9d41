"""The tables of runs that several workers share: who works, what waits to be claimed, and who leads.

A claimed file is a `db.schema.models.Lease` with a worker.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import PathBytes
from db.schema.models import Base as Base

ZERO = text("0")


class Worker(Base):
    """One process that works in a run. "died": others gave its work away, because it did not renew its lease."""

    __tablename__ = "worker"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'stopped', 'failed', 'died')", name="status"),
        {"sqlite_autoincrement": True},  # a worker that was given up must not be taken for its successor
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]  # by the database's clock; it renews this while it lives
    status: Mapped[str]
    memory: Mapped[str]  # how often its machine was short of memory, see `tagger.library.cause_of_death`
    engine: Mapped[str | None]  # until the worker has opened its model
    tagged: Mapped[int] = mapped_column(server_default=ZERO)
    none: Mapped[int] = mapped_column(server_default=ZERO)
    failed: Mapped[int] = mapped_column(server_default=ZERO)
    inherited: Mapped[int] = mapped_column(server_default=ZERO)
    progress: Mapped[dict[str, Any] | None]  # its part of the run's report


class Task(Base):
    """A file that a run has found, and no worker has claimed yet."""

    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)  # in the order of the scan
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    path: Mapped[str] = mapped_column(PathBytes, unique=True)
    size_bytes: Mapped[int | None]  # as scanned
    mtime_ns: Mapped[int | None]
    ctime_ns: Mapped[int | None]


class RunLock(Base):
    """A lock that allows one run, or one bot, at a time, where the store is not a file that the system can lock."""

    __tablename__ = "run_lock"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]  # see `db.write.shared.run_lock`
    expires_at: Mapped[datetime]  # by the database's clock
