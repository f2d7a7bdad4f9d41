"""`POST /suggest`: the landmarks on a photo that is sent. Nothing is stored."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, File, HTTPException, Response, UploadFile

from tagger.core.errors import DecoderUnavailable, EngineFailed
from tagger.core.types import Failed, Result
from tagger.library.json_line import json_line
from tagger.library.taught.current import follow_taught
from tagger.model.languages import answer_in
from tagger.web.api.schemas import SuggestOut, problems
from tagger.web.language import Speaks
from tagger.web.security.addresses import is_loopback
from tagger.web.services import By, Parts, Services

TOO_LARGE = "too_large"
UNREADABLE = {"model": SuggestOut, "description": "The photo cannot be read; `error` says why."}

router = APIRouter(tags=["suggest"])


@router.post(
    "/suggest",
    response_model=SuggestOut,
    responses=problems(401, 403, 408, 429, 503) | {413: UNREADABLE, 422: UNREADABLE},
)
async def suggest(photo: Annotated[UploadFile, File()], services: Parts, visitor: By, language: Speaks) -> Response:
    """Name the landmarks on a photo.

    The answer is version 1 of the JSON line of `tagger suggest`, with the file's name as `path`. A photo that cannot be
    read has the status `failed`.
    """
    check_rate(services, visitor.client)
    result = await suggest_upload(services, photo)
    named = replace(result, answer=answer_in(result.answer, language.names))
    line = json_line(named, services.model.k, services.model.min_score)
    return Response(line, _status(result), media_type="application/json")


def check_rate(services: Services, client: str) -> None:
    """Refuse a client of another machine that sends too many photos."""
    wait_s = None if is_loopback(client) else services.upload_limit.wait_s(client)
    if wait_s is not None:
        raise HTTPException(429, "Too many photos; try again later.", {"Retry-After": str(wait_s)})


async def suggest_upload(services: Services, photo: UploadFile) -> Result:
    """Answer an uploaded photo. It is a stranger's, so it is decoded in a process of its own.

    Raises:
        HTTPException: the model does not work.
    """
    try:
        await asyncio.to_thread(follow_taught, services.store, services.model.tagger)
        async with _as_file(services, photo) as path:
            result = await services.model.tag(path)
    except (EngineFailed, DecoderUnavailable) as error:
        raise HTTPException(503, str(error)) from error
    return replace(result, path=photo.filename or "")


@asynccontextmanager
async def _as_file(services: Services, photo: UploadFile) -> AsyncIterator[str]:
    """The path of a file with a photo's bytes, for the decoder process."""

    def write() -> str:
        number, path = tempfile.mkstemp(dir=services.uploads)
        with os.fdopen(number, "wb") as file:
            shutil.copyfileobj(photo.file, file)
        return path

    path = await asyncio.to_thread(write)
    try:
        yield path
    finally:
        await asyncio.to_thread(os.unlink, path)


def _status(result: Result) -> int:
    if isinstance(result.answer, Failed):
        return 413 if result.answer.kind == TOO_LARGE else 422
    return 200
