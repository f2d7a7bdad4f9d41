"""Read a photo's file: whole, or piece by piece while it is decoded, if it is a large TIFF without compression."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.image.codecs import raw
from tagger.image.limits import memory_limit

LARGE_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A photo's file.

    Args:
        content: its bytes, or the open file if it is a large TIFF.
    """

    sha256: str
    content: bytes | BufferedReader


@contextmanager
def open_source(path: str, limits: Limits) -> Iterator[Source]:
    """Open a photo's file for as long as the context lasts.

    Raises:
        PhotoError: see `read`; also io_error at the end, if a large file has changed meanwhile.
    """
    with _TranslatedErrors(path):
        file, before = _open(path, limits.max_file_bytes)
        try:
            source = _source(file, before.st_size, limits)
        except BaseException:
            file.close()
            raise
    if isinstance(source.content, bytes):
        file.close()
        yield source
        return
    with file:
        yield source
        after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise PhotoError("io_error", "the file changed while it was read")


def _source(file: BufferedReader, size: int, limits: Limits) -> Source:
    if size <= LARGE_BYTES or not raw.is_uncompressed_tiff(file):
        data = _read(file, size, min(limits.max_file_bytes, memory_limit(limits.max_pixels)))
        return Source(hashlib.sha256(data).hexdigest(), data)
    digest = hashlib.file_digest(file, "sha256")
    file.seek(0)
    return Source(digest.hexdigest(), file)


def read(path: str, max_bytes: int) -> bytes:
    """Read a whole file.

    Raises:
        PhotoError: kinds not_found, permission, not_a_file, empty, too_large, io_error.
    """
    with _TranslatedErrors(path):
        file, status = _open(path, max_bytes)
        with file:
            return _read(file, status.st_size, max_bytes)


def _open(path: str, max_bytes: int) -> tuple[BufferedReader, os.stat_result]:
    file = open(path, "rb", opener=_without_blocking)  # noqa: SIM115
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("not_a_file", "it is a device or a pipe, not a file")
        if status.st_size > max_bytes:
            raise PhotoError("too_large", f"it has {status.st_size:,} bytes; the limit max_file_bytes is {max_bytes:,}")
    except BaseException:
        file.close()
        raise
    return file, status


def _read(file: BufferedReader, size: int, max_bytes: int) -> bytes:
    if size > max_bytes:
        raise PhotoError("too_large", f"it has {size:,} bytes; a photo may take {max_bytes:,} bytes of memory")
    data = file.read()
    if not data:
        raise PhotoError("empty", "the file is empty")
    return data


class _TranslatedErrors:  # a generator would be slower, and each photo enters it
    """Translate the errors of opening and reading a file."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, OSError):
            raise _photo_error(self._path, error) from error


def _photo_error(path: str, error: OSError) -> PhotoError:
    if isinstance(error, FileNotFoundError):
        return PhotoError("not_found", "there is no such file")
    if isinstance(error, PermissionError):
        return PhotoError("permission", "no permission to read it")
    if isinstance(error, IsADirectoryError):
        return _of_folder(path)
    return PhotoError("io_error", f"reading failed: {error.strerror or error}")


def _of_folder(path: str) -> PhotoError:
    """The error for a folder: a scan yields folders that it could not list."""
    try:
        os.scandir(path).close()
    except OSError as error:
        return PhotoError("io_error", f"the folder cannot be listed: {error.strerror or error}")
    return PhotoError("not_a_file", "it is a folder with an image's name")


def _without_blocking(path: str, flags: int) -> int:
    """Open a named pipe without waiting for its other end."""
    return os.open(path, flags | os.O_NONBLOCK)
