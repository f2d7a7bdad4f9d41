"""One folder under several names: a folder that is reached through a link keeps the name under which it is stored."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from db.engine import Connection, Store
from db.read.folders import has_files, tagged_roots
from db.write.move import move_files
from tagger.core.text import printable
from tagger.library.scan import is_below
from tagger.library.selection import Globs, would_find

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredRoots:
    """The folders that have files in the store, by their real paths."""

    names: dict[str, str]

    def name_of(self, folder: str) -> str | None:
        """The stored name of a real path; None if it is in no stored folder."""
        for real, name in self.names.items():
            if folder == real:
                return name
            if is_below(folder, real):
                return os.path.join(name, os.path.relpath(folder, real))
        return None


def stored_roots(connection: Connection) -> StoredRoots:
    """The folders of earlier runs that still have files in the store; the newest run's first."""
    names: dict[str, str] = {}
    for root in tagged_roots(connection):
        if has_files(connection, root):
            names.setdefault(os.path.realpath(root), root)
    return StoredRoots(names)


def stored_name(connection: Connection, folder: str) -> str:
    """The name under which the store has a folder: its own if there are files, else that of the same folder."""
    if has_files(connection, folder):
        return folder
    name = stored_roots(connection).name_of(os.path.realpath(folder))
    return folder if name is None or not has_files(connection, name) else name


def names_in_store(store: Store, roots: Sequence[str]) -> list[str]:
    """The names of folders and files in the store, each once.

    Args:
        store: of earlier runs.
        roots: absolute; only folders change their names.
    """
    if not any(map(os.path.isdir, roots)):
        return list(roots)
    with store.read() as connection:
        known = stored_roots(connection)
        named = {root: _name_in_store(connection, root, known) for root in roots}
    for root, name in named.items():
        if name != root:
            log.info("%s is the folder stored as %s", printable(root), printable(name))
    return list(dict.fromkeys(named.values()))


def use_stored_names(store: Store, roots: Sequence[str], globs: Globs) -> list[str]:
    """The names of a run's roots in the store.

    Folders that the store has under the name of a link, and that are now in a root, get their names in that root.

    Args:
        store: has no run in progress.
        roots: absolute; only folders change their names.
        globs: of the run.
    """
    unique = names_in_store(store, roots)
    if not any(map(os.path.isdir, roots)):
        return unique
    with store.read() as connection:
        known = stored_roots(connection)
    for linked, inner in _linked_into(known, unique, globs):
        with store.write() as connection:
            move_files(connection, linked, inner)
        log.info("The photos in %s are now stored as those in %s", printable(linked), printable(inner))
    return unique


def _name_in_store(connection: Connection, root: str, known: StoredRoots) -> str:
    if not os.path.isdir(root) or has_files(connection, root):
        return root
    return known.name_of(os.path.realpath(root)) or root


def _linked_into(known: StoredRoots, roots: Sequence[str], globs: Globs) -> Iterator[tuple[str, str]]:
    """The stored names of links into a root, each with the name in that root."""
    for root in filter(os.path.isdir, roots):
        real_root = os.path.realpath(root)
        for real, name in known.names.items():
            if name not in roots and is_below(real, real_root) and not is_below(name, root):
                inner = os.path.join(root, os.path.relpath(real, real_root))
                if would_find(root, os.path.join(inner, "photo.jpg"), globs):
                    yield name, inner
