"""Read which sidecars were written, which are still to be written, and what photos show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, or_, select, true

from db.batching import in_batches
from db.read.files import below
from db.rows import PhotoTag, SidecarRequest, SidecarRow, Written
from db.schema.models import File, Landmark
from db.schema.sidecars import Sidecar
from db.schema.sidecars import SidecarRequest as Request
from db.schema.views import tag


def requests(
    connection: Connection, *, under: str | None = None, after: str | None = None, limit: int
) -> list[SidecarRequest]:
    """The photos at a path and below it, or all, whose sidecars are to be written, by path."""
    later = true() if after is None else Request.photo_path > after
    scope = true() if under is None else or_(Request.photo_path == under, below(under, column=Request.photo_path))
    rows = connection.execute(select(Request.__table__).where(later, scope).order_by(Request.photo_path).limit(limit))
    return [SidecarRequest(row.photo_path, tuple(row.landmarks), row.naming, row.with_gps) for row in rows]


def written_sidecars(
    connection: Connection, *, under: str | None = None, after: str | None = None, limit: int
) -> list[SidecarRow]:
    """The sidecars of photos at a path and below it, or of all, by their own paths."""
    later = true() if after is None else Sidecar.path > after
    scope = true() if under is None else or_(Sidecar.photo_path == under, below(under, column=Sidecar.photo_path))
    rows = connection.execute(select(Sidecar.__table__).where(later, scope).order_by(Sidecar.path).limit(limit))
    return list(map(_row, rows))


def sidecars_of(connection: Connection, photo_paths: Iterable[str]) -> dict[str, list[SidecarRow]]:
    """The sidecars of some photos, by the photo."""
    found: dict[str, list[SidecarRow]] = defaultdict(list)
    for batch in in_batches(photo_paths):
        for row in connection.execute(select(Sidecar.__table__).where(Sidecar.photo_path.in_(batch))):
            found[row.photo_path].append(_row(row))
    return found


def sidecar_with(connection: Connection, sha256: str) -> SidecarRow | None:
    """A sidecar that was written with this content, wherever it is now."""
    row = connection.execute(select(Sidecar.__table__).where(Sidecar.sha256 == sha256).limit(1)).first()
    return _row(row) if row else None


def current_tags(connection: Connection, paths: Collection[str]) -> dict[str, list[PhotoTag]]:
    """What the photos at some paths show; a path that is missing, unknown or could never be read is left out."""
    photos = select(File.path).where(File.photo_id.is_not(None), File.gone_at.is_(None))
    statement = (
        select(File.path, Landmark.key, tag.c.source, tag.c.score)
        .join(tag, tag.c.photo_id == File.photo_id)
        .join(Landmark, Landmark.id == tag.c.landmark_id)
        .where(tag.c.is_current, File.gone_at.is_(None))
        .order_by(File.path, tag.c.source.desc(), tag.c.rank.nulls_first(), Landmark.key)
    )
    found: dict[str, list[PhotoTag]] = {}
    for batch in in_batches(paths):
        found.update({path: [] for path in connection.execute(photos.where(File.path.in_(batch))).scalars()})
        for path, key, source, score in connection.execute(statement.where(File.path.in_(batch))):
            found[path].append(PhotoTag(key, source == "person", score))
    return found


def _row(row: Any) -> SidecarRow:
    return SidecarRow(
        row.path,
        row.photo_path,
        tuple(row.landmarks),
        tuple(row.added),
        row.fingerprint,
        row.with_gps,
        Written(row.sha256, row.before) if row.sha256 else None,
        Written(row.next_sha256, row.next_before) if row.next_sha256 else None,
    )
