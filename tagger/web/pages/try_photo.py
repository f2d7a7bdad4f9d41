"""Try: a photo is dropped in, and answered. Nothing is stored."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import HTMLResponse

from tagger.core.types import Failed
from tagger.web.api.suggest import check_rate, suggest_upload
from tagger.web.pages.rendering import render
from tagger.web.services import By, Parts

router = APIRouter()


@router.get("/try")
def try_page(request: Request) -> HTMLResponse:
    """The place to drop a photo."""
    return render(request, "try", title="Try")


@router.post("/try")
async def try_photo(
    request: Request, services: Parts, visitor: By, photo: Annotated[UploadFile, File()]
) -> HTMLResponse:
    """The answer to a photo, as a panel."""
    check_rate(services, visitor.client)
    result = await suggest_upload(services, photo)
    failure = result.answer if isinstance(result.answer, Failed) else None
    return render(request, "try_result", result=result, failure=failure)
