"""All decisions, for other programs and other databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select, union_all

from db.batching import in_batches
from db.rows import DecisionRow
from db.schema.models import Decision, File, Landmark, Photo, Variant
from db.schema.views import trusted_decision

ROWS_PER_FETCH = 1000


class Decided(NamedTuple):
    """A decision on a photo."""

    landmark: str | None  # its key
    source: str
    is_active: bool  # and trusted


def of_paths(connection: Connection, paths: Iterable[str]) -> dict[str, tuple[str, list[Decided]]]:
    """The present photos at some paths, each with its content and all decisions on it, even votes and revoked ones."""
    found: dict[str, tuple[str, list[Decided]]] = {}
    for batch in in_batches(paths):
        rows = (
            select(File.path, Photo.sha256, Landmark.key, Decision.source, Decision.revoked_at, Decision.is_trusted)
            .join(Photo, Photo.id == File.photo_id)
            .outerjoin(Decision, Decision.photo_id == Photo.id)
            .outerjoin(Landmark, Landmark.id == Decision.landmark_id)
            .where(File.path.in_(batch), File.gone_at.is_(None))
        )
        for path, sha256, landmark, source, revoked_at, is_trusted in connection.execute(rows):
            _, decisions = found.setdefault(path, (sha256, []))
            if source is not None:
                decisions.append(Decided(landmark, source, is_active=is_trusted and revoked_at is None))
    return found


def all_decisions(connection: Connection) -> Iterator[DecisionRow]:
    """Every decision, also votes and those taken back, the earliest first; once for each content of its photo."""
    contents = union_all(
        select(Photo.id.label("photo_id"), Photo.sha256), select(Variant.photo_id, Variant.sha256)
    ).subquery()
    is_in_force = select(trusted_decision.c.id).where(trusted_decision.c.id == Decision.id).exists()
    rows = (
        select(contents.c.sha256, Photo.picture, Decision.verdict, Landmark.key, Decision.who, Decision.source)
        .add_columns(Decision.decided_at, Decision.revoked_at, Decision.is_trusted, Decision.answer_id, is_in_force)
        .join(Photo, Photo.id == Decision.photo_id)
        .join(contents, contents.c.photo_id == Decision.photo_id)
        .outerjoin(Landmark, Landmark.id == Decision.landmark_id)
        .order_by(Decision.decided_at, Decision.id, contents.c.sha256)
        .execution_options(yield_per=ROWS_PER_FETCH)
    )
    for row in connection.execute(rows):
        yield DecisionRow(*row)
