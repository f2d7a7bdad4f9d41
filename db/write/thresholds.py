"""Decide again which stored suggestions are tags.

The one rule: whether a suggestion is a tag follows from stored scores and the thresholds, so no photo is read again.
Votes are counted separately; undo them before.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, select, true, update
from sqlalchemy.orm import aliased

from db.schema.models import Assessment, Landmark, Model, Suggestion


def stored_min_score(connection: Connection, *, model: int) -> float:
    """The minimum score that the stored tags of a model have."""
    return connection.execute(select(Model.min_score).where(Model.id == model)).scalar_one()


def apply_thresholds(connection: Connection, thresholds: Mapping[str, float], *, model: int, min_score: float) -> int:
    """Make tags of the stored suggestions that reach their thresholds, and of no others.

    Args:
        thresholds: the smallest score at which a landmark is a tag, by landmark; `min_score` is included.
        model: the row id of the model whose suggestions are changed.
        min_score: stored, so that the next caller knows what the tags have.

    Returns:
        The number of photos whose tags changed.
    """
    keys = connection.execute(select(Landmark.id, Landmark.key)).all()
    by_id = {id_: thresholds[key] for id_, key in keys if key in thresholds}
    best = aliased(Suggestion)
    is_best = and_(best.photo_id == Suggestion.photo_id, best.model_id == model, best.rank == 1)
    best_reaches = select(best.photo_id).where(is_best, _reaches(best, by_id)).exists()
    is_tag = case((and_(_reaches(Suggestion, by_id), best_reaches), true()), else_=false())
    is_wrong = and_(Suggestion.model_id == model, Suggestion.is_tag != is_tag)
    photos = connection.execute(select(func.count(Suggestion.photo_id.distinct())).where(is_wrong)).scalar_one()
    if photos:
        connection.execute(update(Suggestion).where(is_wrong).values(is_tag=is_tag))
        of_photo = and_(Suggestion.photo_id == Assessment.photo_id, Suggestion.model_id == model, Suggestion.is_tag)
        status = case((select(Suggestion.photo_id).where(of_photo).exists(), "tagged"), else_="none")
        answered = and_(Assessment.model_id == model, Assessment.status.in_(("tagged", "none")))
        connection.execute(update(Assessment).where(answered, Assessment.status != status).values(status=status))
    connection.execute(update(Model).where(Model.id == model).values(min_score=min_score))
    return photos


def _reaches(suggestion: type[Suggestion], thresholds: Mapping[int, float]) -> ColumnElement[bool]:
    return suggestion.score >= case(thresholds, value=suggestion.landmark_id, else_=1.0)
