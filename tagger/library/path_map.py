"""Where the files of the store are on this machine: the same folder may have another path on each machine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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

    def stored_folder(self, folder: ScannedFolder) -> ScannedFolder:
        """A scanned folder under its path in the store."""
        if not self.folders:
            return folder
        return folder._replace(path=os.fsencode(self.stored(os.fsdecode(folder.path))))


SAME_PATHS = PathMap()


def _moved(path: str, moves: Iterable[tuple[str, str]]) -> str:
    """A path after the move of the innermost of these folders that holds it."""
    matching = [(old, new) for old, new in moves if path == old or is_below(path, old)]
    if not matching:
        return path
    old, new = max(matching, key=lambda move: len(move[0]))
    return os.path.join(new, os.path.relpath(path, old)) if path != old else new
