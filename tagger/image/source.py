"""Read a photo's file: whole, or a large TIFF without compression piece by piece while it is decoded."""

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
    """Open a photo's file, as long as the context lasts.

    Raises:
        PhotoError: see `read`; also io_error at the end, if a large file has changed meanwhile.
    """
    with _translated_errors(path):
        file = _open(path, limits.max_file_bytes)
    with file:
        before = os.fstat(file.fileno())
        with _translated_errors(path):
            is_large = before.st_size > LARGE_BYTES and raw.is_uncompressed_tiff(file)
            if is_large:
                source = Source(hashlib.file_digest(file, "sha256").hexdigest(), file)
                file.seek(0)
            else:
                data = _read(file, min(limits.max_file_bytes, memory_limit(limits.max_pixels)))
                source = Source(hashlib.sha256(data).hexdigest(), data)
                del data
        yield source
        after = os.fstat(file.fileno())
        if is_large and (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise PhotoError("io_error", "the file changed while it was read")


def read(path: str, max_bytes: int) -> bytes:
    """Read a file whole.

    Raises:
        PhotoError: kinds not_found, permission, not_a_file, empty, too_large, io_error.
    """
    with _translated_errors(path), _open(path, max_bytes) as file:
        return _read(file, max_bytes)


def _open(path: str, max_bytes: int) -> BufferedReader:
    file = open(path, "rb", opener=_without_blocking)  # noqa: SIM115
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("not_a_file", "it is a device or a pipe, not a file")
        if status.st_size > max_bytes:
            raise PhotoError("too_large", f"{status.st_size:,} bytes; the limit max_file_bytes is {max_bytes:,}")
    except BaseException:
        file.close()
        raise
    return file


def _read(file: BufferedReader, max_bytes: int) -> bytes:
    if (size := os.fstat(file.fileno()).st_size) > max_bytes:
        raise PhotoError("too_large", f"{size:,} bytes; a photo may take {max_bytes:,} bytes of memory")
    data = file.read()
    if not data:
        raise PhotoError("empty", "the file is empty")
    return data


@contextmanager
def _translated_errors(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise PhotoError("not_found", "the file is no longer there") from error
    except PermissionError as error:
        raise PhotoError("permission", "no permission to read it") from error
    except IsADirectoryError as error:
        raise _of_folder(path) from error
    except OSError as error:
        raise PhotoError("io_error", f"reading failed: {error.strerror or error}") from error


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
