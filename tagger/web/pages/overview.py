"""Landmarks and Runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from db.read.catalog import run, runs
from db.read.gallery.landmarks import landmark_cards
from db.read.run_report import report_of
from db.taught.places import taught_landmarks
from tagger.library.report import RunReport
from tagger.web.language import Speaks
from tagger.web.pages.rendering import render
from tagger.web.services import Parts

MOST_RUNS = 60

RowId = Annotated[int, Path(ge=1, lt=1 << 63)]

router = APIRouter()


@router.get("/landmarks")
def landmarks(request: Request, services: Parts) -> HTMLResponse:
    """The landmarks of the library, those with the most photos first."""
    with services.store.read() as connection:
        cards, taught = landmark_cards(connection), {place.id for place in taught_landmarks(connection)}
    seen, unseen = [card for card in cards if card.photos], [card for card in cards if not card.photos]
    own = [card for card in cards if card.landmark.id in taught]
    return render(request, "landmarks", title="Landmarks", seen=seen, unseen=unseen, own=own)


@router.get("/runs")
def all_runs(request: Request, services: Parts) -> HTMLResponse:
    """The newest runs."""
    with services.store.read() as connection:
        rows = runs(connection, limit=MOST_RUNS)
    return render(request, "runs", title="Runs", runs=rows, zone=services.settings.zone())


@router.get("/runs/{number}")
def one_run(request: Request, services: Parts, language: Speaks, number: RowId) -> HTMLResponse:
    """The report of a run."""
    with services.store.read() as connection:
        row, stored = run(connection, number), report_of(connection, number)
    report = RunReport.from_json(stored) if stored else None
    title = f"{language._('Run')} {number}"
    return render(request, "run", title=title, run=row, report=report, zone=services.settings.zone())
