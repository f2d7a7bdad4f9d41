"""Compiled networks on disk, so that a later start need not compile again.

The one rule: a file is written under a private name and then renamed, and it is read into memory, never mapped. So no
process sees a half-written network, and a running one is not harmed when a file is replaced.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from blake3 import blake3

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 60.0  # compiling takes a second; on a busy machine many times that
KEPT = 8  # networks; a bundle has up to two, and a change of its version or OpenVINO's leaves them behind
DIGEST_BYTES = blake3().digest_size


class NetworkCache:
    """The compiled networks of one user; a key identifies what they were compiled from and for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        """A stored network; None if there is none, or if its bytes have changed since they were written."""
        try:
            with self._file(key).open("rb") as file:
                digest, network = file.read(DIGEST_BYTES), file.read()
        except OSError:
            return None
        return network if blake3(network).digest() == digest else None

    def write(self, key: str, network: bytes) -> None:
        """Store a network, within `lock`. A full disk only means that the next start compiles again."""
        try:
            self._remove_old()
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".tmp", delete=False) as file:
                file.write(blake3(network).digest())
                file.write(network)
            os.replace(file.name, self._file(key))
        except OSError as error:
            log.warning("The compiled network is not kept, so the next start is slower: %s", error)
            self._remove_unfinished()

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Let one process compile while others wait for its network; the lock ends with its process.

        Yields:
            Whether this process may write: not if the file system cannot lock, or another one compiles for too long.
        """
        from filelock import FileLock, Timeout  # most starts only read

        lock = FileLock(self._folder / ".lock", timeout=LOCK_TIMEOUT_S)
        try:
            lock.acquire()
        except (Timeout, OSError, NotImplementedError) as error:
            log.info("The folder of compiled networks cannot be locked: %s", error)
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def _file(self, key: str) -> Path:
        return self._folder / f"{blake3(key.encode()).hexdigest()}.blob"

    def _remove_old(self) -> None:
        self._remove_unfinished()
        by_age = sorted(self._folder.glob("*.blob"), key=lambda file: file.stat().st_mtime, reverse=True)
        for file in by_age[KEPT - 1 :]:
            file.unlink(missing_ok=True)

    def _remove_unfinished(self) -> None:
        """Remove what this process, or one that died, could not finish; no other process is writing now."""
        with suppress(OSError):
            for file in self._folder.glob("*.tmp"):
                file.unlink(missing_ok=True)
