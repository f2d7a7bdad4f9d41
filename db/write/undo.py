"""Undo the suggestions of one run.

The one rule: decisions stay, and so does the fact that the model has answered these photos, so that it does not suggest
everything again the next night.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, delete, func, select, tuple_, update

from db.dialect import least
from db.errors import RunNotEnded
from db.read.catalog import run as find_run
from db.schema.models import Assessment, Photo, Run, Suggestion

IS_LEFT = Assessment.status != "undone"


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing a run removes; 0 if the run was undone before."""

    photos: int
    suggestions: int


def undo_run(connection: Connection, run: int) -> Undone:
    """Remove a run's suggestions. Where its model's answer was the current one, the newest remaining one is, if any.

    An answer that the run began is removed with later additions to it. If the run only added to an answer, the rest
    remains as the answer of an earlier run, and a run that asks for more adds to it again.

    Raises:
        UnknownRun: there is no such run.
        RunNotEnded: it is still in progress.
    """
    undone = count_undone(connection, run)
    _mark_undone(connection, run)
    _let_others_count(connection, run)
    _lower_k(connection, run)
    connection.execute(delete(Suggestion).where((Suggestion.run_id == run) | _is_of(~IS_LEFT)))
    _assign_to_earlier_run(connection, run)
    now = func.coalesce(Run.undone_at, datetime.now(UTC))  # the first time counts
    connection.execute(update(Run).where(Run.id == run).values(undone_at=now))
    return undone


def count_undone(connection: Connection, run: int) -> Undone:
    """What `undo_run` would remove; it raises the same errors."""
    if find_run(connection, run).status == "running":
        raise RunNotEnded(run)
    is_of_run = Suggestion.run_id == run
    photos = select(func.count(Suggestion.photo_id.distinct())).where(is_of_run)
    suggestions = select(func.count()).select_from(Suggestion).where(is_of_run | _is_of(_began(run) & IS_LEFT))
    return Undone(connection.execute(photos).scalar_one(), connection.execute(suggestions).scalar_one())


def _mark_undone(connection: Connection, run: int) -> None:
    """Mark the answers that the run began."""
    connection.execute(update(Assessment).where(_began(run), IS_LEFT).values(status="undone"))


def _began(run: int) -> ColumnElement[bool]:
    """Whether the run began an answer.

    `Assessment.run_id` is the last run that added to an answer. The best suggestion has the first: later runs only add
    below it. Only an answer without suggestions has no other run than its own.
    """
    return func.coalesce(_of_answer(Suggestion.run_id, Suggestion.rank == 1), Assessment.run_id) == run


def _is_of(answers: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a suggestion belongs to one of these answers."""
    chosen = select(Assessment.photo_id, Assessment.model_id).where(answers)
    return tuple_(Suggestion.photo_id, Suggestion.model_id).in_(chosen)


def _let_others_count(connection: Connection, run: int) -> None:
    """Make the newest remaining answer the current one, where the current one was undone or was extended by the run."""
    is_current = (Assessment.photo_id == Photo.id, Assessment.model_id == Photo.current_model_id)
    touched = select(Assessment.k).where(*is_current, ~IS_LEFT | (Assessment.run_id == run)).correlate(Photo)
    connection.execute(update(Photo).where(touched.exists()).values(current_model_id=_newest_left()))


def _lower_k(connection: Connection, run: int) -> None:
    """Let each remaining answer end before the first rank that it loses.

    With a larger k it would count as complete, and no run would ever fill that rank. Ranks of later runs stay.
    """
    first = _of_answer(func.min(Suggestion.rank), Suggestion.run_id == run)
    extended = select(Suggestion.photo_id, Suggestion.model_id).where(Suggestion.run_id == run)
    is_extended = tuple_(Assessment.photo_id, Assessment.model_id).in_(extended)
    connection.execute(update(Assessment).where(is_extended, IS_LEFT).values(k=least(Assessment.k, first - 1)))


def _assign_to_earlier_run(connection: Connection, run: int) -> None:
    """Assign the answers that the run extended last to the last remaining run in them, with at most that run's k."""
    last = _of_answer(func.max(Suggestion.run_id))
    k = select(Run.k).where(Run.id == last).scalar_subquery()
    extended = update(Assessment).where(Assessment.run_id == run, IS_LEFT)
    connection.execute(extended.values(run_id=last, k=least(Assessment.k, k)))


def _of_answer(column: Any, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    """A column of an assessment's suggestions."""
    own = (Suggestion.photo_id == Assessment.photo_id, Suggestion.model_id == Assessment.model_id)
    return select(column).where(*own, *conditions).correlate(Assessment).scalar_subquery()


def _newest_left() -> ScalarSelect[int]:
    """The model of a photo's newest answer that was not undone."""
    left = select(Assessment.model_id).where(Assessment.photo_id == Photo.id, IS_LEFT)
    newest = left.order_by(Assessment.assessed_at.desc(), Assessment.model_id.desc()).limit(1)
    return newest.correlate(Photo).scalar_subquery()
