"""Undo the suggestions of one run.

The one rule: decisions stay, and so does the fact that the model has answered these photos, so that it does not suggest
it all again the next night.
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
    """Numbers of removed rows; 0 if the run was undone before."""

    photos: int
    suggestions: int


def undo_run(connection: Connection, run: int) -> Undone:
    """Remove a run's suggestions. A photo's current answer is then the newest remaining one, if any.

    An answer that the run began is removed with later additions to it. If the run only added to an answer, the rest
    remains as the answer of an earlier run, and a run that asks for more adds to it again.

    Raises:
        UnknownRun: there is no such run.
        RunNotEnded: it is still in progress.
    """
    if find_run(connection, run).status == "running":
        raise RunNotEnded(run)
    is_of_run = Suggestion.run_id == run
    photos = connection.execute(select(func.count(Suggestion.photo_id.distinct())).where(is_of_run)).scalar_one()
    _mark_undone(connection, run)
    undone = select(Assessment.photo_id, Assessment.model_id).where(~IS_LEFT)
    is_of_undone = tuple_(Suggestion.photo_id, Suggestion.model_id).in_(undone)
    suggestions = connection.execute(delete(Suggestion).where(is_of_run | is_of_undone)).rowcount
    _restore_shorter_answers(connection, run)
    had_undone = Photo.id.in_(undone.with_only_columns(Assessment.photo_id))
    connection.execute(update(Photo).where(had_undone).values(current_model_id=_newest_left()))
    now = func.coalesce(Run.undone_at, datetime.now(UTC))  # the first time counts
    connection.execute(update(Run).where(Run.id == run).values(undone_at=now))
    return Undone(photos, suggestions)


def _mark_undone(connection: Connection, run: int) -> None:
    """Mark the answers that the run began.

    `Assessment.run_id` is the last run that added to an answer. The best suggestion has the first: later runs only add
    below it. Only an answer without suggestions has no other run than its own.
    """
    began = func.coalesce(_of_answer(Suggestion.run_id, Suggestion.rank == 1), Assessment.run_id) == run
    connection.execute(update(Assessment).where(began, IS_LEFT).values(status="undone"))


def _restore_shorter_answers(connection: Connection, run: int) -> None:
    """Assign the answers that the run added to to the last remaining run in them, with that run's k.

    With the larger k they would count as complete, and no run would ever fill the empty ranks.
    """
    last = _of_answer(func.max(Suggestion.run_id))
    k = select(Run.k).where(Run.id == last).scalar_subquery()
    connection.execute(update(Assessment).where(Assessment.run_id == run, IS_LEFT).values(run_id=last, k=k))


def _of_answer(column: Any, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """A column of an assessment's suggestions."""
    own = (Suggestion.photo_id == Assessment.photo_id, Suggestion.model_id == Assessment.model_id)
    return select(column).where(*own, *conditions).correlate(Assessment).scalar_subquery()


def _newest_left() -> ScalarSelect[int]:
    """The model of a photo's newest answer that was not undone."""
    left = select(Assessment.model_id).where(Assessment.photo_id == Photo.id, IS_LEFT)
    newest = left.order_by(Assessment.assessed_at.desc(), Assessment.model_id.desc()).limit(1)
    return newest.correlate(Photo).scalar_subquery()
