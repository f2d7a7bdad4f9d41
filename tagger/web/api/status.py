"""`/health` for supervisors, and `/metrics` for Prometheus."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from tagger.core.version import __version__
from tagger.ops.health import examine
from tagger.ops.metrics import StoreCollector
from tagger.web.api.schemas import HealthOut, problems
from tagger.web.services import By, Parts

router = APIRouter(tags=["state"])


@router.get("/health", responses={503: {"model": HealthOut}})
def health(services: Parts, visitor: By, response: Response) -> HealthOut:
    """Whether the process works; 503 if a restart might help. It says why only to those who are logged in."""
    now = examine(services.store, tick_age_s=0)
    if not now.is_fine:
        response.status_code = 503
    status: Literal["fine", "failing"] = "fine" if now.is_fine else "failing"
    if visitor.name is None:
        return HealthOut(status=status)
    return HealthOut(status=status, reasons=list(now.reasons), notes=list(now.notes), version=__version__)


@router.get("/metrics", response_class=PlainTextResponse, responses=problems(401))
def metrics(services: Parts) -> Response:
    """The figures of the store, in the format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(StoreCollector(services.store, dict))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
