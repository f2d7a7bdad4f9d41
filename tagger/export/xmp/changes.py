"""What becomes of a file: of a sidecar, or of a photo that holds its XMP itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from db.rows import SidecarRow, Written
from tagger.core.errors import PhotoError
from tagger.core.types import PASSING_KINDS
from tagger.export.xmp.content import Content

NOTHING = Content()
FindRow = Callable[[str], SidecarRow | None]  # by the SHA-256 of a file, which may have been moved


@dataclass(frozen=True, slots=True)
class Change:
    """The XMP in a sidecar or photo now and after a write; None: there is none.

    Args:
        photo: the photo's path.
        sidecar: the sidecar's path, or the photo's for the XMP in itself.
        now: the XMP.
        base: the same without our additions.
        new: what it should be.
        content: what `new` says.
        added: the values in `new` that are not in `base`.
        note: why it is this file, if that is not obvious.
        row: what the store knows about the photo's own XMP.
    """

    photo: str
    sidecar: str
    now: bytes | None
    base: bytes | None
    new: bytes | None
    content: Content = NOTHING
    added: tuple[str, ...] = ()
    note: str | None = None
    row: SidecarRow | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it is the XMP in the photo itself."""
        return self.sidecar == self.photo


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is not written.

    Args:
        photo: the photo's path.
        sidecar: the file's.
        message: a clause about it.
        may_pass: it says nothing about the file, so that the write is tried again.
    """

    photo: str
    sidecar: str
    message: str
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """A change that is about to be made.

    Args:
        change: to make.
        written: how to recognise the new file and restore the one before; None if there will be nothing to restore.
        fingerprint: of what the file should hold.
        commit: makes the change. Raises SidecarError and OSError.
    """

    change: Change
    written: Written | None
    fingerprint: str
    commit: Callable[[], None]


def problem(photo: str, sidecar: str, error: Exception) -> Problem:
    """An exception as a value."""
    if isinstance(error, OSError):
        return Problem(photo, sidecar, f"it cannot be read or written: {error.strerror or error}", may_pass=True)
    if isinstance(error, PhotoError):
        return Problem(photo, sidecar, f"the photo cannot be read: {error}", may_pass=error.kind in PASSING_KINDS)
    return Problem(photo, sidecar, str(error))
