"""Read and replace files so that no program ever sees half of one."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import zlib
from contextlib import suppress
from pathlib import Path

from db.location import sync_folder
from db.rows import Written
from tagger.core.errors import SidecarError
from tagger.export.xmp.packet import MAX_BYTES

WINDOW = 1 << 15  # of zlib; a longer dictionary has no effect


def read(path: str) -> bytes | None:
    """The content of a file; None if there is none.

    Raises:
        SidecarError: it is not a file, or it is too large.
        OSError: it cannot be read.
    """
    if not os.path.lexists(path):
        os.stat(os.path.dirname(path))  # a drive that is off is an error
        return None
    if os.path.exists(path) and not os.path.isfile(path):
        raise SidecarError("it is not a file")
    if os.path.getsize(path) > MAX_BYTES:
        raise SidecarError(f"it is larger than {MAX_BYTES >> 20} MB")
    return Path(path).read_bytes()


def replace(path: str, content: bytes | None, *, expected: bytes | None, like: str) -> None:
    """Replace a file's content, completely or not at all; a link stays a link.

    Args:
        path: the file.
        content: None removes it.
        expected: what the file contains now.
        like: a new file gets the owner and mode of this one.

    Raises:
        SidecarError: another program has changed it.
        OSError: it cannot be written.
    """
    if read(path) != expected:
        raise SidecarError("another program has just changed it")
    target = os.path.realpath(path)
    if content is None:
        os.unlink(target)
    else:
        _write(target, content, like if expected is None else target)
    sync(target)


def _write(target: str, content: bytes, like: str) -> None:
    path = temporary(target, content, like=like)
    try:
        os.replace(path, target)
    except OSError:
        remove(path)
        raise


def temporary(target: str, content: bytes, *, like: str) -> str:
    """Write a complete file beside one that it is to replace, and return its path.

    Args:
        target: the file to replace; not a link.
        content: of the new one.
        like: whose owner and mode it gets.

    Raises:
        OSError: it cannot be written.
    """
    if os.path.exists(target) and not os.access(target, os.W_OK):  # a new file could take its place all the same
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    folder, name = os.path.split(target)
    # Always the same name, so that the next write takes the place of one that was killed.
    path = os.path.join(folder, f".tagger-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.tmp")
    try:
        with open(path, "wb") as file:
            _be_like(path, like, is_same=like == target)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        remove(path)
        raise
    return path


def remove(path: str) -> None:
    """Remove a temporary file, if it can be."""
    with suppress(OSError):
        os.unlink(path)


def sync(path: str) -> None:
    """Let a new name of a file survive a power cut."""
    with suppress(OSError):  # some network drives cannot
        sync_folder(Path(path).parent)


def _be_like(path: str, like: str, *, is_same: bool) -> None:
    """Give a new file the owner and mode of another one, and all its attributes if it is to replace that."""
    status = os.stat(like)
    with suppress(OSError):  # some file systems cannot
        if is_same:
            shutil.copystat(like, path)
    with suppress(PermissionError):  # only root may give files away
        os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, status.st_mode & (0o7777 if is_same else 0o666))


def written(content: bytes, before: bytes | None) -> Written:
    """How to recognise a content, and how to restore the one before it."""
    return Written(digest(content), None if before is None else _difference(content, before))


def earlier(write: Written, content: bytes) -> bytes | None:
    """The content before a write.

    Args:
        write: made of `content`.
        content: as it was written.
    """
    if write.before is None:
        return None
    return zlib.decompressobj(zdict=content[-WINDOW:]).decompress(write.before)


def digest(content: bytes) -> str:
    """The SHA-256 of a content."""
    return hashlib.sha256(content).hexdigest()


def _difference(content: bytes, before: bytes) -> bytes:
    """The part of a content that another one lacks."""
    packer = zlib.compressobj(9, zdict=content[-WINDOW:])
    return packer.compress(before) + packer.flush()
