"""Taking back what one run suggested.

The one rule: what people decided stays, and so does the memory that the model has seen these photos: the same model
does not suggest it all again the next night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, delete, func, select, tuple_, update

from db.errors import RunNotEnded
from db.read.catalog import run as find_run
from db.schema.models import Assessment, Photo, Run, Suggestion

IS_LEFT = Assessment.status != "undone"


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back; nothing where that was done before."""

    photos: int
    suggestions: int


def undo_run(connection: Connection, run: int) -> Undone:
    """Remove a run's suggestions. A photo's newest answer is then the newest that is left, if any.

    An answer that the run began goes as a whole, also what later runs added to it. Of one that it only added to, the
    rest stays as the answer to what an earlier run asked for, and a run that asks for more than that adds to it again.

    Raises:
        UnknownRun: there is none.
        RunNotEnded: it is still at work.
    """
    if find_run(connection, run).status == "running":
        raise RunNotEnded(run)
    mine = Suggestion.run_id == run
    photos = connection.execute(select(func.count(Suggestion.photo_id.distinct())).where(mine)).scalar_one()
    # What is best stays the first run's; an answer without suggestions has only a run of its own.
    began = func.coalesce(_of_answer(Suggestion.run_id, Suggestion.rank == 1), Assessment.run_id) == run
    connection.execute(update(Assessment).where(began, IS_LEFT).values(status="undone"))
    undone = select(Assessment.photo_id, Assessment.model_id).where(~IS_LEFT)
    of_undone = tuple_(Suggestion.photo_id, Suggestion.model_id).in_(undone)
    suggestions = connection.execute(delete(Suggestion).where(mine | of_undone)).rowcount
    last = _of_answer(func.max(Suggestion.run_id))
    asked = select(Run.k).where(Run.id == last).scalar_subquery()
    connection.execute(update(Assessment).where(Assessment.run_id == run, IS_LEFT).values(run_id=last, k=asked))
    of_photos = Photo.id.in_(undone.with_only_columns(Assessment.photo_id))
    connection.execute(update(Photo).where(of_photos).values(current_model_id=_newest_left()))
    now = func.coalesce(Run.undone_at, datetime.now(UTC))
    connection.execute(update(Run).where(Run.id == run).values(undone_at=now))
    return Undone(photos, suggestions)


def _of_answer(column: Any, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """What the suggestions of an assessment have in a column."""
    own = (Suggestion.photo_id == Assessment.photo_id, Suggestion.model_id == Assessment.model_id)
    return select(column).where(*own, *conditions).correlate(Assessment).scalar_subquery()


def _newest_left() -> ScalarSelect[int]:
    left = select(Assessment.model_id).where(Assessment.photo_id == Photo.id, IS_LEFT)
    newest = left.order_by(Assessment.assessed_at.desc(), Assessment.model_id.desc()).limit(1)
    return newest.correlate(Photo).scalar_subquery()
