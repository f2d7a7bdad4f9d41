"""The landmarks and the runs of the library."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from db.read.catalog import runs
from db.read.gallery.landmarks import LandmarkCard, landmark_cards
from db.rows import RunRow
from tagger.web.api.schemas import LandmarkOut, RunOut, problems
from tagger.web.language import Language, Speaks
from tagger.web.services import Parts

router = APIRouter(tags=["library"], responses=problems(401, 422, 503))


@router.get("/landmarks")
def all_landmarks(services: Parts, language: Speaks) -> list[LandmarkOut]:
    """All landmarks, those with the most photos first."""
    with services.store.read() as connection:
        return [_landmark_out(card, language) for card in landmark_cards(connection)]


@router.get("/runs")
def newest_runs(services: Parts, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> list[RunOut]:
    """The newest runs, the newest first."""
    with services.store.read() as connection:
        return [_run_out(run) for run in runs(connection, limit=limit)]


def _landmark_out(card: LandmarkCard, language: Language) -> LandmarkOut:
    landmark = language.landmark(card.landmark)
    return LandmarkOut(
        landmark=landmark.id,
        name=landmark.name,
        country=landmark.country,
        city=landmark.city,
        lat=landmark.lat,
        lon=landmark.lon,
        photos=card.photos,
        first_at=card.first_at,
        last_at=card.last_at,
        sha256=card.sha256,
    )


def _run_out(run: RunRow) -> RunOut:
    return RunOut(
        id=run.id,
        job=run.start.job,
        model=f"{run.model_name} {run.model_version}",
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at,
        counts=asdict(run.counts),
        error=run.error,
    )
