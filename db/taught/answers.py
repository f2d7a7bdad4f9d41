"""The stored answers of a model that change because places were taught."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from db.batching import in_batches
from db.read.files import suggestions_of
from db.schema.models import Assessment, Landmark, Photo, Suggestion
from db.schema.taught import Embedding
from db.taught.embeddings import mark_embeddings
from tagger.core import types
from tagger.core.evidence import evidence_text
from tagger.core.types import NoLandmark, Tagged

SET_STATUS = (
    update(Assessment)
    .where(Assessment.photo_id == bindparam("at"), Assessment.model_id == bindparam("by"))
    .values(status=bindparam("new_status"))
)
SET_SHARE = (
    update(Embedding)
    .where(Embedding.photo_id == bindparam("at"), Embedding.model_id == bindparam("by"))
    .values(taught_share=bindparam("share"))
)


def photo_answers(
    connection: Connection, photos: Sequence[int], *, model: int
) -> Iterator[tuple[int, Tagged | NoLandmark, float | None, float | None]]:
    """Photos with a model's answer that was not undone, and where they were taken."""
    for batch in in_batches(photos):
        rows = select(Photo.id, Photo.lat, Photo.lon, Assessment.status, Assessment.look)
        rows = rows.join(Assessment, (Assessment.photo_id == Photo.id) & (Assessment.model_id == model))
        stored = connection.execute(rows.where(Photo.id.in_(batch), Assessment.status != "undone")).all()
        suggestions = suggestions_of(connection, set(batch), model)
        for row in stored:
            kind = Tagged if row.status == "tagged" else NoLandmark
            yield row.id, kind(tuple(suggestions[row.id]), row.look), row.lat, row.lon


def replace_answers(connection: Connection, answers: Iterable[tuple[int, Tagged | NoLandmark]], *, model: int) -> None:
    """Replace the suggestions of stored answers.

    Each rank keeps its run, so that undoing a run removes what it added. A place that joins comes from the answer's
    first run.
    """
    ids = dict(connection.execute(select(Landmark.key, Landmark.id)).all())
    for batch in in_batches(answers):
        photos = [photo for photo, _ in batch]
        of_photos = (Suggestion.photo_id.in_(photos), Suggestion.model_id == model)
        runs: dict[int, list[int]] = defaultdict(list)
        stored = select(Suggestion.photo_id, Suggestion.run_id).where(*of_photos)
        for photo, run in connection.execute(stored.order_by(Suggestion.photo_id, Suggestion.rank)):
            runs[photo].append(run)
        changed = [(photo, answer) for photo, answer in batch if photo in runs]
        rows = [
            {"photo_id": photo, "model_id": model, "run_id": run, **_columns(suggestion, ids)}
            for photo, answer in changed
            for run, suggestion in zip(_as_many(runs[photo], answer), answer.suggestions, strict=True)
        ]
        if rows:
            connection.execute(delete(Suggestion).where(*of_photos))
            connection.execute(insert(Suggestion), rows)
            connection.execute(SET_STATUS, [{"at": p, "by": model, "new_status": a.status} for p, a in changed])
            shares = [
                {"at": p, "by": model, "share": a.embedded.taught_share if a.embedded else 0.0} for p, a in changed
            ]
            connection.execute(SET_SHARE, shares)


def _as_many(runs: list[int], answer: Tagged | NoLandmark) -> list[int]:
    """The runs of an answer's ranks; more or fewer of the first run, from which places come and go."""
    lacking = len(answer.suggestions) - len(runs)
    return [runs[0]] * lacking + runs if lacking > 0 else runs[-lacking:]


def forget_answers(connection: Connection, photos: Sequence[int], *, model: int) -> None:
    """Remove a model's answers to photos, so that its next run gives new ones. Undone ones stay."""
    undone = select(Assessment.photo_id).where(Assessment.model_id == model, Assessment.status == "undone")
    for batch in in_batches(photos):
        mark_embeddings(connection, batch)
        for table in (Suggestion, Embedding, Assessment):
            is_left = (table.model_id == model, table.photo_id.in_(batch), table.photo_id.not_in(undone))
            connection.execute(delete(table).where(*is_left))


def _columns(suggestion: types.Suggestion, ids: dict[str, int]) -> dict[str, Any]:
    return {
        "rank": suggestion.rank,
        "landmark_id": ids[suggestion.landmark.id],
        "score": suggestion.score,
        "is_tag": suggestion.is_tag,
        "visual_score": suggestion.seen,
        "reason": suggestion.evidence and evidence_text(suggestion.evidence),
    }
