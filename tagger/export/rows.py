"""The rows of an export: the landmarks on photos, and the photos and files without any that a query asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Literal, NamedTuple

from db.engine import Connection
from db.read import catalog
from db.read.exports.tag_stream import stream_tags
from db.read.filters import TagFilter
from db.read.photos import positions_of
from db.read.rows import FailureHit, NoneHit, State, TagHit
from tagger.core.types import DateSource, Position, Status

BATCH = 500
PositionSource = Literal["photo", "landmark"]


class ExportRow(NamedTuple):
    """A landmark on a photo, or a photo or file without one. A tuple, since a library has a million of them.

    What `tagger query --json` also has means the same here.
    """

    path: str
    sha256: str | None = None  # of photos
    status: Status = "tagged"
    state: State | None = None  # of photos
    taken_at: datetime | None = None  # naive, the camera's local time
    taken_from: DateSource | None = None
    landmark: str | None = None
    name: str | None = None
    country: str | None = None
    city: str | None = None
    lat: float | None = None  # of the landmark, like `lon`
    lon: float | None = None
    source: Literal["machine", "person"] | None = None
    rank: int | None = None
    score: float | None = None
    visual_score: float | None = None
    reason: dict[str, Any] | None = None
    model_name: str | None = None
    model_version: str | None = None
    run: int | None = None
    tagged_at: datetime | None = None
    others: int = 0
    position_lat: float | None = None  # of the photo, else of the landmark
    position_lon: float | None = None
    position_from: PositionSource | None = None
    failure: str | None = None  # the kind of failure of a file
    message: str | None = None  # about it

    @property
    def position(self) -> Position | None:
        """Where it belongs on a map."""
        if self.position_lat is None or self.position_lon is None:
            return None
        return Position(self.position_lat, self.position_lon)


COLUMNS = ExportRow._fields


def rows_of_tags(connection: Connection, filters: TagFilter) -> Iterator[ExportRow]:
    """The rows of all tags that a query finds: the same as those of its hits, in a third of the time."""
    landmarks = {
        number: (row.id, row.name, row.country, row.city, row.lat, row.lon)
        for number, row in catalog.landmarks(connection).items()
    }
    models = {None: (None, None)} | catalog.model_names(connection)
    for path, sha256, taken_at, taken_from, lat, lon, landmark, *answer, state, _ in stream_tags(connection, filters):
        source, rank, score, visual_score, reason, model, run, tagged_at = answer
        place = landmarks[landmark]
        position = (lat, lon, "photo") if lat is not None and lon is not None else _position(None, *place[-2:])
        reason = reason and json.loads(reason)
        answer = (source, rank, score, visual_score, reason, *models[model], run, tagged_at, 0, *position)
        yield ExportRow(path, sha256, "tagged", state, taken_at, taken_from, *place, *answer)


def rows_of_hits(connection: Connection, hits: Iterable[Any]) -> Iterator[ExportRow]:
    """The rows of hits, a few in memory at a time."""
    pending = iter(hits)
    while batch := list(islice(pending, BATCH)):
        positions = positions_of(connection, {hit.sha256 for hit in batch if not isinstance(hit, FailureHit)})
        for hit in batch:
            if isinstance(hit, FailureHit):
                yield ExportRow(hit.path, status="failed", run=hit.run, failure=hit.kind, message=hit.message)
            elif isinstance(hit, NoneHit):
                yield _without_landmark(hit, positions.get(hit.sha256))
            else:
                yield _with_landmark(hit, positions.get(hit.sha256))


def _with_landmark(hit: TagHit, photo: Position | None) -> ExportRow:
    return ExportRow(
        hit.path,
        hit.sha256,
        hit.status,
        hit.state,
        hit.taken_at,
        hit.taken_from,
        hit.landmark,
        hit.name,
        hit.country,
        hit.city,
        hit.lat,
        hit.lon,
        hit.source,
        hit.rank,
        hit.score,
        hit.visual_score,
        hit.reason,
        hit.model_name,
        hit.model_version,
        hit.run,
        hit.tagged_at,
        hit.others,
        *_position(photo, hit.lat, hit.lon),
    )


def _without_landmark(hit: NoneHit, photo: Position | None) -> ExportRow:
    about_photo = (hit.sha256, hit.status, hit.state, hit.taken_at, hit.taken_from)
    row = ExportRow(hit.path, *about_photo, source=hit.source, others=hit.others)
    lat, lon, source = _position(photo, None, None)
    return row._replace(position_lat=lat, position_lon=lon, position_from=source)


def _position(
    photo: Position | None, lat: float | None, lon: float | None
) -> tuple[float | None, float | None, PositionSource | None]:
    """The photo's own position, else that of its landmark."""
    if photo is not None:
        return photo.lat, photo.lon, "photo"
    return (None, None, None) if lat is None or lon is None else (lat, lon, "landmark")
