"""What the store has of a folder, and which folders were tagged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Text, cast, func, or_, select

from db.errors import UnknownFolder
from db.read.files import below
from db.schema.models import File, Run

if TYPE_CHECKING:
    from db.schema.base import AnySelect

ROOT_JOBS = ("tag", "nightly", "retag", "worker")  # those that scan whole folders; a watch tags single files


def count_files(connection: Connection, folder: str, *, seen_before: datetime) -> int:
    """The number of present files in a folder that were stored before a moment."""
    present = select(func.count()).where(below(folder), File.gone_at.is_(None), File.first_seen_at < seen_before)
    return connection.execute(present).scalar_one()


def has_files(connection: Connection, folder: str) -> bool:
    """Whether the store has a file at a path or below it, even if it is gone."""
    return connection.execute(_ids(folder).limit(1)).first() is not None


def has_present_files(connection: Connection, folder: str) -> bool:
    """Whether the store has a file at a path or below it that is not gone."""
    return connection.execute(_ids(folder).where(File.gone_at.is_(None)).limit(1)).first() is not None


def require_files(connection: Connection, folder: str, *, include_gone: bool = True) -> None:
    """Check that the store has files below a folder, or that one.

    Raises:
        UnknownFolder: it has none, or all are gone.
    """
    if not has_files(connection, folder):
        raise UnknownFolder(folder)
    if not include_gone and not has_present_files(connection, folder):
        raise UnknownFolder(folder, is_gone=True)


def tagged_roots(connection: Connection) -> list[str]:
    """The folders that runs were asked to scan, without repetition; the newest run's first."""
    newest = select(func.max(Run.id)).where(Run.job.in_(ROOT_JOBS)).group_by(cast(Run.roots, Text))
    rows = select(Run.roots).where(Run.id.in_(newest)).order_by(Run.id.desc())
    return list(dict.fromkeys(root for roots in connection.execute(rows).scalars() for root in roots))


def last_scan_ended(connection: Connection, is_scanned: Callable[[str], bool]) -> datetime | None:
    """When the last run ended that scanned a folder to its end; None if there was none.

    Args:
        is_scanned: whether a run with this root scanned it.
    """
    runs = select(Run.roots, Run.finished_at).where(Run.job.in_(ROOT_JOBS), Run.status == "done")
    for roots, finished_at in connection.execute(runs.order_by(Run.id.desc())):
        if any(map(is_scanned, roots)):
            return finished_at
    return None


def present_files(connection: Connection, path: str) -> list[str]:
    """The present files that the store has at a path and below it."""
    present = select(File.path).where(or_(File.path == path, below(path)), File.gone_at.is_(None))
    return list(connection.execute(present).scalars())


def missing_files(connection: Connection, path: str) -> list[str]:
    """The gone files that the store has at a path and below it."""
    missing = select(File.path).where(or_(File.path == path, below(path)), File.gone_at.is_not(None))
    return list(connection.execute(missing).scalars())


def _ids(path: str) -> AnySelect:
    return select(File.id).where(or_(File.path == path, below(path)))
