"""Where the files of the store are on this machine: the same folder may have another path on each machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from db.read.rows import FileState
from tagger.library.scan import ScannedFolder, is_below


@dataclass(frozen=True, slots=True)
class PathMap:
    """Folders of this machine, each with the path that the store has for it. Without any, all paths are the same."""

    folders: Mapping[str, str] = field(default_factory=dict)

    def here(self, path: str) -> str:
        """The path on this machine of a file of the store."""
        return _moved(path, ((stored, here) for here, stored in self.folders.items())) if self.folders else path

    def stored(self, path: str) -> str:
        """The path in the store of a file of this machine."""
        return _moved(path, self.folders.items()) if self.folders else path

    def stored_roots(self, folder: str) -> list[str]:
        """The paths in the store of a folder of this machine, and of those in it, here or there, that have others."""
        root = self.stored(folder)
        inner = ((here, stored) for here, stored in self.folders.items() if os.path.exists(here))
        return [root, *(stored for here, stored in inner if is_below(here, folder) or is_below(stored, root))]

    def shows(self, path: str) -> bool:
        """Whether a file of the store can be on this machine: not behind a folder that has another path here."""
        return not self.folders or self.stored(self.here(path)) == path

    def visible(self, states: Iterable[FileState]) -> Iterator[FileState]:
        """The files of the store that this machine can have; not those in its folders that do not exist."""
        missing = [here for here in self.folders if not os.path.exists(here)]
        for state in states:
            path = os.fsdecode(state.path)
            place = self.here(path)
            if self.shows(path) and not any(is_below(place, folder) for folder in missing):
                yield state

    def stored_folders(self, scanned: Iterable[ScannedFolder]) -> Iterator[ScannedFolder]:
        """Scanned folders under their paths in the store; without those that are behind another one there."""
        for folder in scanned:
            path = os.fsdecode(folder.path)
            stored = self.stored(path)
            if self.here(stored) == path:
                yield folder._replace(path=os.fsencode(stored))


SAME_PATHS = PathMap()


def _moved(path: str, moves: Iterable[tuple[str, str]]) -> str:
    """A path after the move of the innermost of these folders that holds it."""
    matching = [(old, new) for old, new in moves if path == old or is_below(path, old)]
    if not matching:
        return path
    old, new = max(matching, key=lambda move: len(move[0]))
    return os.path.join(new, os.path.relpath(path, old)) if path != old else new
