"""Plan the new content of a photo's sidecars, without changing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from db.rows import Naming, SidecarRow
from tagger.core.errors import PhotoError, SidecarError
from tagger.export.xmp import files, merge
from tagger.export.xmp.changes import Change, FindRow, Problem, problem
from tagger.export.xmp.content import Content
from tagger.export.xmp.embedded import is_marked, plan_embedded
from tagger.export.xmp.merge import OwnMetadata
from tagger.export.xmp.naming import sidecar_paths
from tagger.export.xmp.packet import EMPTY, Packet, decoded
from tagger.export.xmp.properties import LATITUDE, SIDECAR_FOR
from tagger.image.metadata.embedded import read_embedded
from tagger.image.metadata.xmp import OWN


def plan(
    photo: str, content: Content, naming: Naming, rows: Mapping[str, SidecarRow], find: FindRow
) -> Iterator[Change | Problem]:
    """Plan the sidecars that a photo should have and those that it was given before, and its own XMP likewise.

    Args:
        photo: its path.
        content: what they should say.
        naming: which it should have.
        rows: what the store knows about its sidecars and its own XMP, by their paths.
        find: finds what the store knows about a file that was moved.
    """
    try:
        paths = sidecar_paths(photo, naming, _extension)
    except OSError as error:
        yield problem(photo, photo, error)
        return
    own: OwnMetadata | None = None
    for sidecar in dict.fromkeys([*paths.targets, *rows] if content.landmarks else rows):
        try:
            if sidecar == photo:
                yield plan_embedded(photo, content, rows.get(photo), find, _others(paths.existing))
                continue
            row, now = rows.get(sidecar), files.read(sidecar)
            if row is None and now is not None:
                row = find(files.digest(now))
            base = without_ours(now, row)
            if not content.landmarks or (now is None and sidecar not in paths.targets):
                yield Change(photo, sidecar, now, base, base)
            elif row and now is not None and _is_up_to_date(row, sidecar, now, content):
                yield Change(photo, sidecar, now, base, now, content, row.added)
            else:
                own = own or merge.own_metadata(read_embedded(photo))
                new, added = _merged(sidecar, base, content, own, paths.existing)
                yield Change(photo, sidecar, now, base, new, content, added, paths.note)
        except (SidecarError, PhotoError, OSError) as error:
            yield problem(photo, sidecar, error)


def without_ours(now: bytes | None, row: SidecarRow | None) -> bytes | None:
    """A sidecar's content before our additions: byte for byte, unless other programs have changed it since.

    Raises:
        SidecarError: it is not well-formed XMP.
    """
    if now is None:
        return None
    digest = files.digest(now)
    for write in (row.last, row.next) if row else ():
        if write and write.sha256 == digest:
            return files.earlier(write, now)
    packet = Packet(now)
    if not merge.take_back(packet, row.added if row else ()):
        return now
    was_made = packet.is_ours or (row is not None and row.last is not None and row.last.before is None)
    return None if was_made and packet.is_empty else packet.encode()


def existing_sidecars(photo: str) -> tuple[str, ...]:
    """The sidecars of a photo that are there, the one that counts first."""
    return sidecar_paths(photo, "appended", _extension).existing


def marked_sidecars(photo: str) -> Iterator[SidecarRow]:
    """The sidecars of a photo, and the photo itself, if they say that they contain our additions."""
    with suppress(SidecarError, PhotoError, OSError):  # what cannot be read has nothing that could be removed
        if is_marked(photo):
            yield _marked(photo, photo)
    with suppress(SidecarError, OSError):
        for path in existing_sidecars(photo):
            now = files.read(path)
            if now is not None and OWN in decoded(now) and without_ours(now, None) != now:
                yield _marked(path, photo)


def _marked(path: str, photo: str) -> SidecarRow:
    return SidecarRow(path, photo, (), (), None, False, None, None)


def _is_up_to_date(row: SidecarRow, sidecar: str, now: bytes, content: Content) -> bool:
    is_as_written = row.last is not None and row.last.sha256 == files.digest(now)
    return is_as_written and row.path == sidecar and row.fingerprint == content.fingerprint


def _merged(
    sidecar: str, base: bytes | None, content: Content, own: OwnMetadata, existing: tuple[str, ...]
) -> tuple[bytes, tuple[str, ...]]:
    """A sidecar with a content, and the values that are new in it."""
    others = _others(path for path in existing if path != sidecar)
    if base is None:  # programs that find the new sidecar no longer read another one
        base = next(iter(others), EMPTY)
    packet = Packet(base)
    has_position = any(Packet(other).has(LATITUDE) for other in others)
    added = merge.add(packet, content, own, has_position=has_position)
    return packet.encode(), added


def _others(paths: Iterable[str]) -> list[bytes]:
    """What other programs have written into sidecars."""
    found = (without_ours(files.read(path), None) for path in paths)
    return [other for other in found if other is not None]


def _extension(sidecar: str) -> str | None:
    """The suffix of the photo that a sidecar says it belongs to."""
    try:
        now = files.read(sidecar)
        return None if now is None else Packet(now).text(SIDECAR_FOR)
    except (SidecarError, OSError):  # if it is to be written, the write says why it cannot be
        return None
