"""Taking back what one run suggested.

The one rule: what people decided stays, and so does the memory that the model has seen these photos: the same model
does not suggest it all again the next night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, ScalarSelect, delete, func, select, update

from db.catalog import run as find_run
from db.errors import RunNotEnded
from db.models import Assessment, Photo, Run, Suggestion


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back; nothing where that was done before."""

    photos: int
    suggestions: int


def undo_run(connection: Connection, run: int) -> Undone:
    """Remove a run's suggestions. A photo's newest answer is then the newest that is left, if any.

    Raises:
        UnknownRun: there is none.
        RunNotEnded: it is still at work.
    """
    if find_run(connection, run).status == "running":
        raise RunNotEnded(run)
    mine = (Assessment.run_id == run) & (Assessment.status != "undone")
    photos = select(Assessment.photo_id).where(Assessment.run_id == run)
    suggestions = connection.execute(delete(Suggestion).where(Suggestion.run_id == run)).rowcount
    undone = connection.execute(update(Assessment).where(mine).values(status="undone")).rowcount
    connection.execute(update(Photo).where(Photo.id.in_(photos)).values(current_model_id=_newest_left()))
    now = func.coalesce(Run.undone_at, datetime.now(UTC))
    connection.execute(update(Run).where(Run.id == run).values(undone_at=now))
    return Undone(undone, suggestions)


def _newest_left() -> ScalarSelect[int]:
    left = select(Assessment.model_id).where(Assessment.photo_id == Photo.id, Assessment.status != "undone")
    newest = left.order_by(Assessment.assessed_at.desc(), Assessment.model_id.desc()).limit(1)
    return newest.correlate(Photo).scalar_subquery()
