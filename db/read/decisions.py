"""All decisions, for other programs and other databases."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select, union_all

from db.rows import DecisionRow
from db.schema.models import Decision, Landmark, Photo, Variant
from db.schema.views import trusted_decision

ROWS_PER_FETCH = 1000


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
