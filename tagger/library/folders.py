"""Record what a person did with whole folders: rename one, or remove it from the library."""

from __future__ import annotations

import os

from db.engine import Store
from db.read.folders import missing_files
from db.write.files import mark_present
from db.write.forget import forget_files
from db.write.move import move_files
from db.write.prune import Pruned
from tagger.library.locks.run import run_lock
from tagger.library.roots import stored_name


def move_folder(store: Store, old: str, new: str) -> int:
    """Rename a folder, or a file, in the store; files that were gone and exist under the new name are back.

    Args:
        store: without a run in progress.
        old: absolute, like `new`.
        new: where it is now.

    Returns:
        The number of files that were renamed.

    Raises:
        UnknownFolder: the store has no file there.
        RunInProgress: a run uses the store.
    """
    with run_lock(store), store.write() as connection:
        moved = move_files(connection, stored_name(connection, old), new)
        mark_present(connection, filter(os.path.exists, missing_files(connection, new)))
    return moved


def forget_folder(store: Store, folder: str) -> Pruned:
    """Remove a folder, or a file, from the store; decisions stay with their content.

    Args:
        store: without a run in progress.
        folder: absolute.

    Raises:
        UnknownFolder: the store has no file there.
        RunInProgress: a run uses the store.
    """
    with run_lock(store):
        with store.read() as connection:
            name = stored_name(connection, folder)
        return forget_files(store, name)
