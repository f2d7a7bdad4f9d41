"""Whether a worker sees what another one has scanned: a drive may be mounted on one machine and not on another."""

from __future__ import annotations

import os
from collections.abc import Collection
from enum import IntEnum

from tagger.core.text import printable
from tagger.core.types import PASSING_KINDS, Failed
from tagger.library.path_map import PathMap
from tagger.library.scan import is_below


class Sight(IntEnum):
    """How a failure looks from here."""

    CLEAR = 0  # it is the file's, such as one that was deleted
    DOUBTFUL = 1  # its folder has become empty, or its drive cannot be read
    BLIND = 2  # its folder cannot be listed here, or all of the library is missing


def sight_of(path: str, failure: Failed, roots: Collection[str], paths: PathMap) -> Sight:
    """Judge why a file failed that was in a scan.

    Args:
        path: in the store, like the roots.
        failure: of the file.
        roots: of the scan.
        paths: where they are on this machine.
    """
    if failure.kind not in PASSING_KINDS:
        return Sight.CLEAR
    folder = path
    while any(is_below(printable(folder), root) for root in roots):
        folder = os.path.dirname(folder)
        try:
            with os.scandir(paths.here(folder)) as entries:
                is_empty = next(entries, None) is None
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return Sight.BLIND
        if is_empty and printable(folder) in roots:
            return Sight.BLIND
        return Sight.DOUBTFUL if is_empty or failure.kind == "io_error" else Sight.CLEAR
    return Sight.CLEAR if printable(path) in roots else Sight.BLIND
