"""Read and replace files so that no program ever sees half of one."""

from __future__ import annotations

import errno
import hashlib
import os
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
    with suppress(OSError):  # some network drives cannot
        sync_folder(Path(target).parent)


def _write(target: str, content: bytes, like: str) -> None:
    if os.path.exists(target) and not os.access(target, os.W_OK):  # a new file could take its place all the same
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    folder, name = os.path.split(target)
    # Always the same name, so that the next write takes the place of one that was killed.
    temporary = os.path.join(folder, f".tagger-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}.tmp")
    try:
        with open(temporary, "wb") as file:
            status = os.stat(like)
            os.fchmod(file.fileno(), status.st_mode & 0o666)
            with suppress(PermissionError):  # only root may give files away
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)
        raise


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
