"""Rename a folder in the store, after its files were moved on the disk.

The one rule: photos are not touched, so tags and decisions stay with their content.
"""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.batching import in_batches
from db.read.files import below
from db.read.folders import require_files
from db.schema.models import Failure, File, Lease
from db.schema.sidecars import Sidecar, SidecarRequest

MARK = b"moving:"  # no path begins with it, so that even a folder within itself is renamed without a clash
OTHER_PATHS = (Lease.path, Sidecar.path, Sidecar.photo_path, SidecarRequest.photo_path)


def move_files(connection: Connection, old: str, new: str) -> int:
    """Rename a folder, with everything below it, or a file.

    A file that the store already has at its new path stays as it is, unless it is gone.

    Args:
        old: absolute, without a slash at its end, like `new`.
        new: the current name.

    Returns:
        The number of files that were renamed.

    Raises:
        UnknownFolder: the store has no file there.
    """
    require_files(connection, old)
    if old == new:
        return 0
    for path in (File.path, *OTHER_PATHS):
        _mark(connection, path, old, new)
    there = aliased(File)
    arriving = select(_unmarked(there.path)).where(_is_marked(there.path))
    _drop(connection, File.gone_at.is_not(None), File.path.in_(arriving))
    _drop(connection, _is_marked(File.path), _unmarked(File.path).in_(select(there.path)))
    for path in OTHER_PATHS:
        _replace(connection, path)
    return _unmark(connection, File.path)


def _mark(connection: Connection, path: InstrumentedAttribute[str], old: str, new: str) -> None:
    """Give the paths below a folder their new name, with a mark before it."""
    before, after = os.fsencode(old.rstrip("/")), os.fsencode(new.rstrip("/"))
    rest = func.substr(_raw(path), len(before) + 1)
    renamed = cast(literal(MARK + after, LargeBinary).op("||")(rest), LargeBinary)
    connection.execute(update(path.class_).where(or_(path == old, below(old, column=path))).values({path: renamed}))


def _drop(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    """Delete some files, and their failures."""
    files = list(connection.execute(select(File.id).where(*conditions)).scalars())
    for batch in in_batches(files):
        connection.execute(delete(Failure).where(Failure.file_id.in_(batch)))
        connection.execute(delete(File).where(File.id.in_(batch)))


def _replace(connection: Connection, path: InstrumentedAttribute[str]) -> None:
    """Remove the marks of rows; where there can be one row for a path, it replaces the earlier one."""
    if path is not Sidecar.photo_path:
        moved = aliased(path.class_)
        its_path = getattr(moved, path.key)
        arriving = select(_unmarked(its_path)).where(_is_marked(its_path))
        connection.execute(delete(path.class_).where(path.in_(arriving)))
    _unmark(connection, path)


def _unmark(connection: Connection, path: InstrumentedAttribute[str]) -> int:
    """Remove the marks of rows, and return their number."""
    unmarked = update(path.class_).where(_is_marked(path)).values({path: _unmarked(path)})
    return connection.execute(unmarked).rowcount


def _raw(path: Any) -> ColumnElement[bytes]:
    return type_coerce(path, LargeBinary)


def _is_marked(path: Any) -> ColumnElement[bool]:
    return (_raw(path) >= MARK) & (_raw(path) < MARK[:-1] + b";")


def _unmarked(path: Any) -> ColumnElement[bytes]:
    return cast(func.substr(_raw(path), len(MARK) + 1), LargeBinary)
