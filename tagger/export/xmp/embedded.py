"""Write the XMP in photos themselves.

The one rule: a photo's file is untouched until the new one is complete, and the store can bring it back, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

from db.rows import SidecarRow, Written
from tagger.core.errors import SidecarError
from tagger.core.run_options import Limits
from tagger.export.xmp import files, merge
from tagger.export.xmp.changes import Change, FindRow, Write
from tagger.export.xmp.content import Content
from tagger.export.xmp.delta import difference, restored
from tagger.export.xmp.embedding import embed, packet_in
from tagger.export.xmp.packet import EMPTY, Packet
from tagger.export.xmp.properties import LATITUDE
from tagger.image.metadata.embedded import read_embedded
from tagger.image.metadata.xmp import OWN
from tagger.image.source import read

MAX_BYTES = Limits().max_file_bytes
MARKED_BYTES = 1 << 20  # at a file's start and end, where XMP is

Identity = tuple[int, int, int]


class _Photo(NamedTuple):
    """A photo with and without our additions.

    Attributes:
        now: its XMP.
        base: the same without them.
        before: its bytes without them; None if a tool has to make them, since others have written to it.
    """

    now: bytes | None
    base: bytes | None
    before: bytes | None


def plan_embedded(
    photo: str, content: Content, row: SidecarRow | None, find: FindRow, sidecars: Sequence[bytes]
) -> Change:
    """Plan the XMP in a photo.

    Args:
        photo: its path.
        content: what it should say.
        row: what the store knows about it.
        find: finds what the store knows about a photo that was moved.
        sidecars: what its sidecars say, which outrank it.
    """
    if row and content.landmarks and row.fingerprint == _fingerprint(content, os.stat(photo)):
        return Change(photo, photo, None, None, None, content, row.added)
    data = read(photo, MAX_BYTES)
    row = row or (find(files.digest(data)) if OWN.encode() in data else None)
    now, base, _ = _split(data, row)
    if not content.landmarks:
        return Change(photo, photo, now, base, base, row=row)
    packet = Packet(base or EMPTY)
    has_position = any(Packet(sidecar).has(LATITUDE) for sidecar in sidecars)
    added = merge.add(packet, content, merge.own_metadata(read_embedded(photo)), has_position=has_position)
    note = "programs that read its sidecar pass over what is in the photo" if sidecars else None
    return Change(photo, photo, now, base, packet.encode(), content, added, note, row)


def plan_undo(row: SidecarRow) -> Change:
    """Plan to remove what was written into a photo."""
    if not os.path.lexists(row.path):
        os.stat(os.path.dirname(row.path))  # a drive that is off is an error
        return Change(row.path, row.path, None, None, None)
    data = read(row.path, MAX_BYTES)
    now, base, _ = _split(data, row)
    return Change(row.path, row.path, now, base, base, row=row)


def begin(change: Change) -> Write:
    """Make the new file of a photo, complete, beside the present one.

    Raises:
        SidecarError: another program has changed the photo since, or nothing can write into it.
        PhotoError: the photo cannot be read.
        OSError: the new file cannot be written.
    """
    if change.now == change.new:
        return Write(change, None, "", _nothing)
    target = os.path.realpath(change.photo)
    identity = _identity(target)
    data = read(target, MAX_BYTES)
    now, base, before = _split(data, change.row)
    if (now, base) != (change.now, change.base):
        raise SidecarError("another program has just changed it")
    before = embed(data, base) if before is None else before
    new = before if change.new == change.base else embed(before, change.new)
    temporary = files.temporary(target, new, like=target)
    written = Written(files.digest(new), difference(new, before))
    assert restored(new, written.before or b"") == before
    return Write(
        change,
        written,
        _fingerprint(change.content, os.stat(temporary)),
        partial(_replace, target, temporary, identity),
    )


def sync(changes: Iterable[Change]) -> None:
    """Let changes of photos survive a power cut; once for each folder, since that takes as long as a write."""
    targets = (os.path.realpath(change.photo) for change in changes if change.is_embedded)
    for target in {os.path.dirname(target): target for target in targets}.values():
        files.sync(target)


def is_marked(photo: str) -> bool:
    """Whether a photo says that it contains our additions.

    Raises:
        SidecarError: its XMP is not well-formed.
        PhotoError: it is damaged.
        OSError: it cannot be read.
    """
    with open(photo, "rb") as file:
        start = file.read(MARKED_BYTES)
        file.seek(max(0, os.path.getsize(photo) - MARKED_BYTES))
        if OWN.encode() not in start and OWN.encode() not in file.read():
            return False
    return _split(read(photo, MAX_BYTES), None).before is None


def _split(data: bytes, row: SidecarRow | None) -> _Photo:
    now, digest = packet_in(data), files.digest(data) if row else ""
    for write in (row.last, row.next) if row else ():
        if write and write.sha256 == digest and write.before is not None:
            before = restored(data, write.before)
            return _Photo(now, packet_in(before), before)
    packet = Packet(now) if now else None
    if packet is None or not merge.take_back(packet, row.added if row else ()):
        return _Photo(now, now, data)
    return _Photo(now, None if packet.is_ours and packet.is_empty else packet.encode(), None)


def _replace(target: str, temporary: str, identity: Identity) -> None:
    try:
        if _identity(target) != identity:
            raise SidecarError("another program has just changed it")
        os.replace(temporary, target)
    except (SidecarError, OSError):
        files.remove(temporary)
        raise


def _identity(path: str) -> Identity:
    status = os.stat(path)
    return status.st_ino, status.st_size, status.st_mtime_ns


def _fingerprint(content: Content, status: os.stat_result) -> str:
    """Of what a photo should hold, and of its file as it was written: an unchanged one need not be read again."""
    return f"{content.fingerprint} {status.st_size} {status.st_mtime_ns}"


def _nothing() -> None:
    """Make a change that is none."""
