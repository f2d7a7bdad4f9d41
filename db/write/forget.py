"""Remove everything that the store has about a folder, except decisions, which stay with their content."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from db.engine import Store
from db.read.files import below
from db.read.folders import require_files
from db.schema.models import File, Lease
from db.write.prune import FILES_PER_TRANSACTION, Pruned, remove_files


def forget_files(store: Store, folder: str) -> Pruned:
    """Remove the files at a path and below it, and photos without another file.

    Args:
        store: must have no run in progress.
        folder: absolute, without a slash at its end.

    Raises:
        UnknownFolder: the store has no file there.
    """
    with store.write() as connection:
        require_files(connection, folder)
        connection.execute(delete(Lease).where(or_(Lease.path == folder, below(folder, column=Lease.path))))
    files = select(File.id, File.photo_id).where(or_(File.path == folder, below(folder)))
    forgotten = Pruned(0, 0)
    while True:
        with store.write() as connection:
            rows = [(row.id, row.photo_id) for row in connection.execute(files.limit(FILES_PER_TRANSACTION))]
            if not rows:
                return forgotten
            forgotten += remove_files(connection, rows)
