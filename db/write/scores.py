"""Change the scores of stored suggestions, because there is new evidence."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, update

from db.read.catalog import landmarks
from db.read.photos import find_photo
from db.schema.models import Assessment, Suggestion
from tagger.core.evidence import evidence_text
from tagger.core.types import NoLandmark, Tagged


def replace_scores(connection: Connection, sha256: str, answer: Tagged | NoLandmark, *, model: int) -> None:
    """Replace the suggestions of a stored answer by the same ones in another order.

    Each rank keeps its run, so that undoing a run removes as many suggestions as the run added.

    Args:
        connection: of a transaction that writes.
        sha256: a content of the photo.
        answer: has all stored suggestions.
        model: the row id of the model that gave it.
    """
    photo = find_photo(connection, sha256)
    ids = {landmark.id: number for number, landmark in landmarks(connection).items()}
    of_answer = (Suggestion.photo_id == photo, Suggestion.model_id == model)
    names = ("landmark_id", "score", "visual_score", "is_tag", "reason")
    changed = update(Suggestion).where(*of_answer, Suggestion.rank == bindparam("at_rank"))
    rows = [
        {
            "at_rank": suggestion.rank,
            "new_landmark_id": ids[suggestion.landmark.id],
            "new_score": suggestion.score,
            "new_visual_score": suggestion.seen,
            "new_is_tag": suggestion.is_tag,
            "new_reason": suggestion.evidence and evidence_text(suggestion.evidence),
        }
        for suggestion in answer.suggestions
    ]
    connection.execute(changed.values({name: bindparam(f"new_{name}") for name in names}), rows)
    by_model = (Assessment.photo_id == photo, Assessment.model_id == model)
    connection.execute(update(Assessment).where(*by_model).values(status=answer.status))
