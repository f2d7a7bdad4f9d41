"""What a query may go on with, and which landmarks a word may mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from db.engine import Connection
from db.read.catalog import countries, landmarks
from tagger.core.landmark_names import names_of
from tagger.core.text import plain
from tagger.web.api.photos import QueryText
from tagger.web.language import Language, Speaks
from tagger.web.pages.rendering import render
from tagger.web.services import Parts

MOST = 8
WORDS = re.compile(r'((?:"[^"]*"?|[^\s()"])+)|[\s()]')  # a phrase in quotation marks is a part of one
KEYS = ("landmark", "country", "city", "taken", "score", "status", "state", "folder", "file", "near", "has", "run")
VALUES = {
    "status": ("tagged", "none", "failed"),
    "state": ("unreviewed", "confirmed", "corrected", "rejected"),
    "has": ("gps",),
    "taken": ("today", "yesterday", "2024", "2024-07"),
    "score": (">=0.8", "<0.8"),
}

Name = Annotated[str, Query(max_length=200)]  # from fields of either name

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Completion:
    """A way to go on.

    Args:
        text: the whole query with it.
        shown: what to show for it.
        detail: more about it.
    """

    text: str
    shown: str
    detail: str = ""


@router.get("/complete")
def complete(request: Request, services: Parts, language: Speaks, query: QueryText = "") -> HTMLResponse:
    """Ways to go on with a query, as a list."""
    with services.store.read() as connection:
        found = list(_completions(connection, query, language))[:MOST]
    return render(request, "completions", completions=found)


@router.get("/names")
def names(request: Request, services: Parts, language: Speaks, text: Name = "", landmark: Name = "") -> HTMLResponse:
    """The landmarks that a text may mean, in any language, as a list."""
    with services.store.read() as connection:
        found = list(_landmarks(connection, text or landmark, language))[:MOST]
    return render(request, "completions", completions=[Completion(key, name, place) for key, name, place in found])


def _completions(connection: Connection, query: str, language: Language) -> Iterator[Completion]:
    word = (WORDS.findall(query) or [""])[-1]
    head = query.removesuffix(word)
    key, colon, typed = word.partition(":")
    if not colon:
        yield from (Completion(f"{head}{name}:", f"{name}:") for name in KEYS if word and name.startswith(word.lower()))
        if len(word) > 1:
            for landmark, name, place in _landmarks(connection, word, language):
                yield Completion(f"{head}landmark:{landmark} ", name, place)
    elif key == "landmark":
        for landmark, name, place in _landmarks(connection, typed.strip('"'), language):
            yield Completion(f"{head}landmark:{landmark} ", name, place)
    elif key == "country":
        for country in countries(connection):
            own = language.country(country)
            if any(plain(name).startswith(plain(typed.strip('"'))) for name in (country, own)):
                yield Completion(f"{head}country:{_quoted(country)} ", own)
    else:
        for value in VALUES.get(key, ()):
            if value.startswith(typed):
                yield Completion(f"{head}{key}:{value} ", value)


def _landmarks(connection: Connection, text: str, language: Language) -> Iterator[tuple[str, str, str]]:
    """Landmarks one of whose names, or a word of it, begins with a text: key, name and place."""
    typed = plain(text)
    ranked = []
    for landmark in landmarks(connection).values():
        known = [plain(name) for name in names_of(landmark)]
        if any(name.startswith(typed) for name in known):
            ranked.append((0, landmark))
        elif any(f" {typed}" in name for name in known):
            ranked.append((1, landmark))
    for _, landmark in sorted(ranked, key=lambda pair: (pair[0], pair[1].name)):
        yield landmark.id, language.name(landmark), language.place(landmark)


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text
