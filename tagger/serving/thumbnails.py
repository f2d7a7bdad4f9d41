"""Thumbnails and previews of the library's photos, made when they are first looked at and kept in the cache folder.

The one rule: a copy is named by its photo's content, so it is never out of date, and its file is complete as soon as
it has its name. Photos are decoded in separate processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, Self

from tagger.image.loader import Content, LoadedPhoto, Part, PhotoLoader
from tagger.image.thumbnail import copy_file, keep_copy

SHARE_KEPT = 0.8  # of the most bytes, when old copies are evicted
WRITES_PER_CHECK = 200  # of the folder's size


class HasFiles(Protocol):
    """Where a photo lies."""

    @property
    def contents(self) -> Collection[str]: ...  # the SHA-256 digests of its contents
    @property
    def paths(self) -> Sequence[str]: ...


class Thumbnails:
    """The copies in a folder. They have threads of their own, so that nothing else waits for photos being decoded.

    Args:
        folder: created if it does not exist.
        max_bytes: when it holds more, those that were made first are deleted.
        loader: reads and decodes the photos.
        threads: how many are made at a time.
    """

    def __init__(self, folder: Path, max_bytes: int, loader: PhotoLoader, *, threads: int = 2) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._loader = loader
        self._writes = 0
        self._lock = threading.Lock()
        self._in_progress: dict[Path, threading.Lock] = {}
        self._threads = ThreadPoolExecutor(threads, "thumbnails")

    def find(self, sha256: str, part: Part) -> Path | None:
        """The file of a copy, if it was made before."""
        file = self._file(sha256, part)
        return file if file.exists() else None

    async def make(self, sha256: str, part: Part, files: Callable[[], HasFiles]) -> Path | None:
        """Make a copy if it does not exist.

        Args:
            sha256: identifies the photo.
            part: thumbnail or screen.
            files: where the photo lies; called in a thread. The first that still has its content is used.

        Returns:
            Its file; None if no file has the photo any more, or if it cannot be read.
        """
        return await asyncio.wrap_future(self._threads.submit(self._make, self._file(sha256, part), part, files))

    async def load(self, files: HasFiles) -> LoadedPhoto | None:
        """Read and decode a photo as the model sees it; None if no file has it any more, or if it cannot be read."""

        def load() -> LoadedPhoto | None:
            return self._load(files, "pixels")

        return await asyncio.wrap_future(self._threads.submit(load))

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self, file: Path, part: Part, files: Callable[[], HasFiles]) -> Path | None:
        with self._one_at_a_time(file):
            if not file.exists():
                photo = self._load(files(), part)
                if photo is None or photo.copy is None:
                    return None
                self._write(file, photo.copy)
        return file

    def _load(self, files: HasFiles, part: Part) -> LoadedPhoto | None:
        for path in files.paths:
            photo = self._loader.load(path, lambda content: _part(content, part, files.contents))
            if photo.copy is not None or photo.pixels is not None:
                return photo
        return None

    def _file(self, sha256: str, part: Part) -> Path:
        return copy_file(self._folder, part, sha256)

    @contextlib.contextmanager
    def _one_at_a_time(self, file: Path) -> Iterator[None]:
        with self._lock:
            lock = self._in_progress.setdefault(file, threading.Lock())
        try:
            with lock:
                yield
        finally:
            with self._lock:
                self._in_progress.pop(file, None)

    def _write(self, file: Path, copy: bytes) -> None:
        keep_copy(file, copy)
        self._writes += 1
        if self._writes % WRITES_PER_CHECK == 1:
            self._evict()

    def _evict(self) -> None:
        """Delete the copies that were made first, if there are too many bytes."""
        found = [(entry.stat(), entry) for entry in self._folder.rglob("*.webp*")]
        size = sum(status.st_size for status, _ in found)
        if size <= self._max_bytes:
            return
        for status, file in sorted(found, key=lambda pair: pair[0].st_mtime_ns):
            if size <= self._max_bytes * SHARE_KEPT:
                return
            with contextlib.suppress(OSError):
                os.unlink(file)
            size -= status.st_size


def _part(content: Content, part: Part, contents: Collection[str]) -> Part:
    """Nothing of a file that has changed since it was scanned: it is another photo by now."""
    return part if content.sha256 in contents else "nothing"
