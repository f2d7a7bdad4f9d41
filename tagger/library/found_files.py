"""The files of a scan, in a quarter of the memory that as many `FoundFile`s take."""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from db.read.rows import FailedState, FileState
from tagger.core.types import FoundFile
from tagger.library.scan import STAMPS, UNKNOWN, ScannedFolder, found_file


class Comparison(IntEnum):
    """How a file compares with the store."""

    NEW = 0
    CHANGED = 1  # in size or time
    UNANSWERED = 2  # as stored, but without enough suggestions by this model; or to be read again
    UNCHANGED = 3
    WITHOUT_CTIME = 4  # unchanged, but an earlier version stored it without a ctime
    SUPERSEDED = 5  # unchanged, but its photo shows another model's answer
    SET_ASIDE = 6  # it failed and is not due yet, or is in quarantine
    LEFT = 7  # new, but the run takes no new files
    LAST = 8  # runs died with it in progress
    REPEATED = 9  # a root inside another root


AS_STORED = (Comparison.UNCHANGED, Comparison.WITHOUT_CTIME, Comparison.SUPERSEDED)
TO_TAG = (Comparison.NEW, Comparison.CHANGED, Comparison.UNANSWERED)


class PackedNames(Sequence[bytes]):
    """Names or paths, in a third of the memory of a list; a search takes ten times as long."""

    def __init__(self, names: Iterable[bytes] = ()) -> None:
        self._joined = bytearray()
        self._ends = array("I")
        for name in names:
            self.append(name)

    def append(self, name: bytes) -> None:
        self._joined += name
        self._ends.append(len(self._joined))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        return bytes(self._joined[self._ends[index - 1] if index else 0 : self._ends[index]])


class _Listing(NamedTuple):
    names: Sequence[bytes]  # sorted
    first: int  # the position of the first among all files


class FoundFiles:
    """The files of a scan, in its order, each with a `Comparison`, which is NEW until it is set.

    Args:
        folders: the scan; it is consumed.
    """

    def __init__(self, folders: Iterable[ScannedFolder]) -> None:
        self._listings: dict[bytes, _Listing] = {}
        self._stamps = array("q")
        self._compared = bytearray()
        for folder in folders:
            if folder.path not in self._listings:
                self._listings[folder.path] = _Listing(folder.names, len(self._compared))
                self._stamps.extend(folder.stamps)
                self._compared.extend(bytes(len(folder.names)))
        for path, listing in self._listings.items():
            if _is_single(listing) and self._in_folder(path) is not None:
                self._compared[listing.first] = Comparison.REPEATED

    def position(self, path: bytes) -> int | None:
        """The position of a path in the scan; None if it was not found."""
        position = self._in_folder(path)
        if position is None and (listing := self._listings.get(path)) and _is_single(listing):
            return listing.first
        return position

    def matches(self, position: int, state: FileState | FailedState) -> bool:
        """Whether a file is as stored, as far as size and times tell; an unknown ctime is any."""
        at = STAMPS * position
        size, ctime_ns = self._stamps[at], self._stamps[at + 2]
        if size == UNKNOWN:
            return state.size_bytes is None
        is_ctime_same = ctime_ns == state.ctime_ns or state.ctime_ns is None or ctime_ns == UNKNOWN
        return is_ctime_same and size == state.size_bytes and self._stamps[at + 1] == state.mtime_ns

    def __getitem__(self, position: int) -> Comparison:
        return Comparison(self._compared[position])

    def __setitem__(self, position: int, compared: Comparison) -> None:
        self._compared[position] = compared

    def count(self, *compared: Comparison) -> int:
        """The number of files with this comparison."""
        return sum(self._compared.count(one) for one in compared)

    def pack(self) -> None:
        """Use less memory from now on; `position` then takes longer."""
        for path, (names, first) in self._listings.items():
            self._listings[path] = _Listing(PackedNames(names), first)

    def replace(self, compared: Comparison, by: Comparison) -> None:
        self._compared = self._compared.replace(bytes([compared]), bytes([by]))

    def items(self, *compared: Comparison) -> Iterator[tuple[FoundFile, Comparison]]:
        """The files that compare in one of these ways, in the order of the scan."""
        passing = bytes(compared)
        for path, (names, first) in self._listings.items():
            for position, name in enumerate(names, first):
                if self._compared[position] in passing:
                    yield self.file(os.path.join(path, name) if name else path, position), self[position]

    def file(self, path: bytes, position: int) -> FoundFile:
        """The file with a path and its position."""
        return found_file(path, self._stamps, position)

    def _in_folder(self, path: bytes) -> int | None:
        folder, slash, name = path.rpartition(b"/")
        listing = self._listings.get(folder or slash)
        if listing is None or not name:
            return None
        index = bisect_left(listing.names, name)
        if index < len(listing.names) and listing.names[index] == name:
            return listing.first + index
        return None


def _is_single(listing: _Listing) -> bool:
    return listing.names[0] == b""
