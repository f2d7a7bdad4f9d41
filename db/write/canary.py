"""Models' answers to canaries: pictures whose landmark is known, which reveal a broken model."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, select

from db.dialect import insert
from db.rows import CanaryRow
from db.schema.models import Canary

NOTHING = "none"


def canaries(connection: Connection, *, model: int | None = None) -> dict[str, CanaryRow]:
    """The last answer to each picture, by its sha256.

    Args:
        model: only this one; None for the last one used.
    """
    rows = select(Canary).order_by(Canary.checked_at)
    if model is not None:
        rows = rows.where(Canary.model_id == model)
    found = connection.execute(rows.with_only_columns(*Canary.__table__.columns))
    return {
        row.sha256: CanaryRow(row.sha256, row.label, row.expected, row.found or NOTHING, row.score or 0.0)
        for row in found
    }


def save_canaries(connection: Connection, rows: Collection[CanaryRow], *, model: int) -> None:
    """Store a model's answers to pictures."""
    now = datetime.now(UTC)
    values = [
        {"sha256": row.sha256, "model_id": model, "label": row.label, "expected": row.expected,
         "found": None if row.found == NOTHING else row.found, "score": row.score, "checked_at": now}
        for row in rows
    ]  # fmt: skip
    statement = insert(Canary)
    changed = {name: statement.excluded[name] for name in ("label", "expected", "found", "score", "checked_at")}
    if values:
        connection.execute(statement.on_conflict_do_update(index_elements=["sha256", "model_id"], set_=changed), values)


def prune_canaries(connection: Connection, *, keep: Collection[str]) -> None:
    """Delete all pictures but those with these sha256."""
    connection.execute(delete(Canary).where(Canary.sha256.not_in(keep)))
