"""Make planned changes. What they will leave in files is stored first, so that a crash leaves no doubt about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from db.engine import Store
from db.rows import SidecarRow
from db.write.sidecars import begin_writes
from tagger.core.errors import PhotoError, SidecarError
from tagger.export.xmp import embedded, files
from tagger.export.xmp.changes import Change, Problem, Write, problem


def commit(store: Store, changes: Sequence[Change], with_gps: Mapping[str, bool]) -> Iterator[Write | Problem]:
    """Make changes.

    Args:
        store: of the rows.
        changes: to make; those that change nothing are returned too.
        with_gps: whether a guessed position was asked for, by photo.
    """
    writes = list[Write]()
    for change in changes:
        try:
            writes.append(begin(change))
        except (SidecarError, PhotoError, OSError) as error:
            yield problem(change.photo, change.sidecar, error)
    following = [row_of(write, with_gps) for write in writes if write.written and write.change.now != write.change.new]
    with store.write() as connection:
        begin_writes(connection, [replace(row, next=row.last) for row in following])
    for write in writes:
        try:
            write.commit()
            yield write
        except (SidecarError, OSError) as error:
            yield problem(write.change.photo, write.change.sidecar, error)
    embedded.sync(write.change for write in writes)


def begin(change: Change) -> Write:
    """Prepare a change; of a photo, so that all that may fail, except the last step, fails here.

    Raises:
        SidecarError: another program has changed the photo since, or nothing can write into it.
        PhotoError: the photo cannot be read.
        OSError: the photo's new file cannot be written.
    """
    if change.is_embedded:
        return embedded.begin(change)
    written = None if change.new is None else files.written(change.new, change.base)

    def replace_file() -> None:
        if change.now != change.new:
            files.replace(change.sidecar, change.new, expected=change.now, like=change.photo)

    return Write(change, written, change.content.fingerprint, replace_file)


def row_of(write: Write, with_gps: Mapping[str, bool]) -> SidecarRow:
    """A write as the store keeps it; arguments as of `commit`."""
    photo, path, content = write.change.photo, write.change.sidecar, write.change.content
    added, fingerprint = write.change.added, write.fingerprint
    return SidecarRow(path, photo, content.landmarks, added, fingerprint, with_gps[photo], write.written, None)
