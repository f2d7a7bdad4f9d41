"""Write which sidecars are to be written, and which were.

The one rule: what a write will leave in a file is stored before it happens. So after a crash the content of the file
shows whether it happened, and its earlier content is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select

from db.batching import in_batches
from db.dialect import insert
from db.rows import SidecarRequest, SidecarRow
from db.schema.sidecars import Sidecar
from db.schema.sidecars import SidecarRequest as Request


def add_requests(connection: Connection, new: Iterable[SidecarRequest]) -> None:
    """Ask for sidecars; a request for a photo that has one already is merged into it."""
    for batch in in_batches(new):
        of_batch = select(Request.__table__).where(Request.photo_path.in_([request.photo_path for request in batch]))
        earlier = {
            row.photo_path: SidecarRequest(row.photo_path, tuple(row.landmarks), row.naming, row.with_gps)
            for row in connection.execute(of_batch)
        }
        for request in batch:
            both = merged(request, earlier.get(request.photo_path))
            values = {"landmarks": list(both.landmarks), "naming": both.naming, "with_gps": both.with_gps}
            asked = insert(Request).values(photo_path=request.photo_path, **values)
            connection.execute(asked.on_conflict_do_update(index_elements=["photo_path"], set_=values))


def merged(request: SidecarRequest, earlier: SidecarRequest | None) -> SidecarRequest:
    """A request that also does what an earlier one for the same photo asked for."""
    if earlier is None:
        return request
    landmarks = tuple(dict.fromkeys([*earlier.landmarks, *request.landmarks]))
    return replace(request, landmarks=landmarks, with_gps=request.with_gps or earlier.with_gps)


def remove_requests(connection: Connection, photo_paths: Iterable[str]) -> None:
    """Withdraw the requests for the sidecars of some photos."""
    for batch in in_batches(photo_paths):
        connection.execute(delete(Request).where(Request.photo_path.in_(batch)))


def begin_writes(connection: Connection, rows: Sequence[SidecarRow]) -> None:
    """Store what is about to be written.

    Args:
        rows: with `next`.
    """
    for row in rows:
        assert row.next is not None
        following = {"next_sha256": row.next.sha256, "next_before": row.next.before}
        new = insert(Sidecar).values(
            path=row.path, photo_path=row.photo_path, landmarks=[], added=[], with_gps=row.with_gps, **following
        )
        connection.execute(new.on_conflict_do_update(index_elements=["path"], set_=following))


def end_writes(connection: Connection, rows: Sequence[SidecarRow]) -> None:
    """Store what was written.

    Args:
        rows: with `last`.
    """
    for row in rows:
        assert row.last is not None
        values = {
            "photo_path": row.photo_path,
            "landmarks": list(row.landmarks),
            "added": list(row.added),
            "fingerprint": row.fingerprint,
            "with_gps": row.with_gps,
            "written_at": datetime.now(UTC),
            "sha256": row.last.sha256,
            "before": row.last.before,
            "next_sha256": None,
            "next_before": None,
        }
        new = insert(Sidecar).values(path=row.path, **values)
        connection.execute(new.on_conflict_do_update(index_elements=["path"], set_=values))


def remove_sidecars(connection: Connection, paths: Iterable[str]) -> None:
    """Forget that some sidecars were written."""
    for batch in in_batches(paths):
        connection.execute(delete(Sidecar).where(Sidecar.path.in_(batch)))
