"""Rename a folder in the store, after its files were moved on the disk.

The one rule: photos are not touched, so tags and decisions stay with their content.
"""

from __future__ import annotations

import os

from sqlalchemy import Connection, text

from db.read.folders import require_files

MARK = b"moving:"  # no path begins with it, so that even a folder within itself is renamed without a clash

BELOW = "path = :old OR (path > :first AND path < :beyond)"  # as `db.read.files.below`
NEW_PATH = "CAST(:new || substr(path, :rest) AS BLOB)"
MARK_FILES = text(f"UPDATE file SET path = CAST(:mark || {NEW_PATH} AS BLOB) WHERE {BELOW}")
MARKED = "path >= :mark AND path < :after_mark"
UNMARKED = "CAST(substr(path, :mark_rest) AS BLOB)"
DROP_MISSING = f"""
    SELECT there.id FROM file AS there WHERE there.gone_at IS NOT NULL AND there.path IN
    (SELECT {UNMARKED} FROM file WHERE {MARKED})
    """
DROP_DOUBLES = f"SELECT id FROM file WHERE {MARKED} AND {UNMARKED} IN (SELECT path FROM file)"
UNMARK_FILES = text(f"UPDATE file SET path = {UNMARKED} WHERE {MARKED}")
MOVE_LEASES = text(f"UPDATE OR REPLACE lease SET path = {NEW_PATH} WHERE {BELOW}")
MOVE_SIDECARS = [  # and the photos that they belong to, in two steps as files are
    text(statement.replace("path", column))
    for table, column in (("sidecar", "path"), ("sidecar", "photo_path"), ("sidecar_request", "photo_path"))
    for statement in (
        f"UPDATE {table} SET path = CAST(:mark || {NEW_PATH} AS BLOB) WHERE {BELOW}",
        f"UPDATE OR REPLACE {table} SET path = {UNMARKED} WHERE {MARKED}",
    )
]


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
    before, after = os.fsencode(old.rstrip("/")), os.fsencode(new.rstrip("/"))
    paths = {"old": before, "first": before + b"/", "beyond": before + b"0", "new": after, "rest": len(before) + 1}
    marks = {"mark": MARK, "after_mark": MARK[:-1] + b";", "mark_rest": len(MARK) + 1}
    connection.execute(MARK_FILES, paths | {"mark": MARK})
    for doubles in (DROP_MISSING, DROP_DOUBLES):
        connection.execute(text(f"DELETE FROM failure WHERE file_id IN ({doubles})"), marks)
        connection.execute(text(f"DELETE FROM file WHERE id IN ({doubles})"), marks)
    for statement in (MOVE_LEASES, *MOVE_SIDECARS):
        connection.execute(statement, paths | marks)
    return connection.execute(UNMARK_FILES, marks).rowcount
