"""Small stores for tests: three landmarks, one model, and outcomes in one line."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from db.engine import Store
from db.read.filters import PhotoFilter, TagFilter
from db.read.listings import all_hits, nones, tags
from db.rows import ModelRow, RunStart, Verdict
from db.schema.models import Assessment, Failure, File, Model, Photo
from db.schema.models import Landmark as LandmarkRow
from db.schema.models import Suggestion as SuggestionRow
from db.write.decisions import record_decision
from db.write.files import Scanned
from db.write.results import write_results
from db.write.runs import register_model, start_run
from tagger.core.types import (
    Failed,
    FoundFile,
    Landmark,
    NoLandmark,
    PhotoInfo,
    Result,
    Suggestion,
    Tagged,
)

LANDMARKS = (
    Landmark("eiffel_tower", "Eiffel Tower", "France", 48.858, 2.294, "Paris", ("Tour Eiffel",), "Q243"),
    Landmark("sacre_coeur", "Sacré-Cœur", "France", 48.886, 2.343, "Paris"),
    Landmark("machu_picchu", "Machu Picchu", "Peru", -13.163, -72.545),
)
MODEL = ModelRow("a" * 64, "b" * 64, "lite", "1", {"temperature": 1.3})
NEWER = ModelRow("c" * 64, "d" * 64, "lite", "2", {})
START = RunStart("openvino", "CPU", "bfloat16", "the default on a CPU", ("/p",), 3, "0.1.0")
TAKEN = datetime(2024, 5, 1, 12, 30)


def digest(content: str) -> str:
    return hashlib.sha256(os.fsencode(content)).hexdigest()


def suggestions(best: str | None = "eiffel_tower", score: float = 0.9) -> tuple[Suggestion, ...]:
    """All landmarks, the best first; only that one is a tag."""
    landmarks = sorted(LANDMARKS, key=lambda landmark: landmark.id != best)
    return tuple(
        Suggestion(rank, landmark, score / rank, is_tag=landmark.id == best)
        for rank, landmark in enumerate(landmarks, start=1)
    )


def assessed(path: str, best: str | None = "eiffel_tower", *, score: float = 0.9, **changes: Any) -> Scanned:
    """A photo whose content is its file's name; tagged with its best suggestion, or with nothing."""
    sha256 = changes.pop("sha256", digest(path.rsplit("/", 1)[-1]))
    answer = (Tagged if best else NoLandmark)(changes.pop("suggestions", suggestions(best, score)))
    file = FoundFile(path, 1000, changes.pop("mtime_ns", 1))
    return file, Result(path, sha256, answer, replace(PhotoInfo(800, 600, "JPEG", TAKEN), **changes))


def inherited(path: str, content: str) -> Scanned:
    """A file whose content was known, whatever it shows."""
    return FoundFile(path, 1000, 1), Result(path, digest(content), NoLandmark(()), is_inherited=True)


def failed(path: str, *, sha256: str | None = None, kind: str = "truncated", **changes: Any) -> Scanned:
    failure = Failed(kind, "the file ends before the image does")
    return FoundFile(path, 1000, 1)._replace(**changes), Result(path, sha256, failure)


def tag_run(store: Store, batch: Sequence[Scanned], *, model: ModelRow = MODEL, k: int = 3) -> int:
    """One run that writes one batch.

    Returns:
        Its number.
    """
    with store.write() as connection:
        number = register_model(connection, model, landmarks=LANDMARKS)
        run = start_run(connection, replace(START, k=k), model=number)
        write_results(connection, batch, run=run, model=number, k=k)
    return run


def tagged(store: Store, **filters: Any) -> list[tuple[str, str]]:
    """Paths and landmarks, in order."""
    with store.read() as connection:
        return [(hit.path, hit.landmark) for hit in all_hits(tags, connection, TagFilter(**filters))]


def untagged(store: Store, **filters: Any) -> list[str]:
    with store.read() as connection:
        return [hit.path for hit in all_hits(nones, connection, PhotoFilter(**filters))]


def everything(store: Store) -> dict[str, list[Any]]:
    """All rows of the tables that a run fills, without moments, and with names instead of numbers."""
    current = aliased(Model)
    gone = File.gone_at.is_(None)
    answered = select(Photo.sha256, Model.model_id).select_from(Assessment)
    answered = answered.join(Photo, Photo.id == Assessment.photo_id).join(Model, Model.id == Assessment.model_id)
    of_answer = (SuggestionRow.photo_id == Assessment.photo_id) & (SuggestionRow.model_id == Assessment.model_id)
    suggested = answered.join(SuggestionRow, of_answer).join(LandmarkRow, LandmarkRow.id == SuggestionRow.landmark_id)
    scores = (SuggestionRow.score, SuggestionRow.is_tag)
    rows: dict[str, Any] = {
        "photo": select(Photo.sha256, Photo.taken_at, current.model_id).outerjoin(current),
        "file": select(File.path, Photo.sha256, File.size_bytes, File.mtime_ns, gone).outerjoin(Photo),
        "assessment": answered.add_columns(Assessment.status, Assessment.k),
        "suggestion": suggested.add_columns(SuggestionRow.rank, LandmarkRow.key, *scores),
        "failure": select(File.path, Failure.kind, Failure.message).join(Failure, Failure.file_id == File.id),
    }
    with store.read() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(statement)), key=repr)
            for name, statement in rows.items()
        }


def decide(
    store: Store, sha256: str, verdict: Verdict, landmark: str | None, *, who: str = "ann", **place: Any
) -> None:
    with store.write() as connection:
        record_decision(connection, sha256, verdict=verdict, landmark=landmark, who=who, source="test", **place)
