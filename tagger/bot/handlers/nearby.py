"""Landmarks without a photo: those around a location that somebody sends, and those found by name in any chat."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from html import escape

from telegram import (
    InlineQuery,
    InlineQueryResult,
    InlineQueryResultArticle,
    InlineQueryResultVenue,
    InputTextMessageContent,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import Language
from tagger.bot.render.links import link, links, map_url
from tagger.bot.render.reply_text import place
from tagger.bot.services import Services
from tagger.core.distance import distance_km
from tagger.core.landmark_names import find, names_of, nearest
from tagger.core.text import plain
from tagger.core.types import Landmark, Position

MAX_NEARBY = 8
MAX_FOUND = 20
CACHED_S = 300  # Telegram answers the same query of the same person by itself for so long


async def location(context: UpdateContext) -> None:
    """List the landmarks around a location, the nearest first."""
    sent = context.message.location
    assert sent is not None
    here = Position(sent.latitude, sent.longitude)
    near = sorted((distance_km(here, position), number) for number, position in _positions(context.services).items())
    if not near:
        await context.reply(context._("I do not know where my landmarks are."))
        return
    lines = [_line(context, context.landmarks[number], km) for km, number in near[:MAX_NEARBY]]
    await context.reply("\n".join([context._("The landmarks nearest to you:"), "", *lines]))


async def inline_query(services: Services, query: InlineQuery, language: Language) -> None:
    """Offer the landmarks with a name, wherever a person types "@bot name"; without a name, the first of them.

    It is tried once: by the time of a second try, the person has typed on.
    """
    landmarks = services.landmarks_in(language)
    with contextlib.suppress(TelegramError):
        results = [_result(number, landmarks[number], language) for number in _found(services, query.query)]
        await services.bot.answer_inline_query(query.id, results, cache_time=CACHED_S, is_personal=True)


def _positions(services: Services) -> Mapping[int, Position]:
    landmarks = {number: services.landmarks[number] for number in services.landmark_ids.values()}
    return {number: landmark.position for number, landmark in landmarks.items() if landmark.position is not None}


def _line(context: UpdateContext, landmark: Landmark, km: float) -> str:
    assert landmark.position is not None
    names = ", ".join(filter(None, (link(map_url(landmark.position), landmark.name), escape(place(landmark)))))
    return f"• {names}: {context.language.distance(km)}"


def _found(services: Services, text: str) -> list[int]:
    landmarks = {number: services.landmarks[number] for number in services.landmark_ids.values()}
    if not (typed := plain(text)):
        return sorted(landmarks, key=lambda number: landmarks[number].name)[:MAX_FOUND]
    match = find(text, landmarks)
    begun = [n for n, row in landmarks.items() if any(plain(name).startswith(typed) for name in names_of(row)[1:])]
    found = [*([] if match is None else [match]), *begun, *nearest(text, landmarks)]
    return list(dict.fromkeys(found))[:MAX_FOUND]


def _result(number: int, landmark: Landmark, language: Language) -> InlineQueryResult:
    """A landmark as a venue; as a text if its place is unknown."""
    address = place(landmark)
    position = landmark.position
    if position is not None:
        address = address or f"{position.lat}, {position.lon}"
        return InlineQueryResultVenue(str(number), position.lat, position.lon, landmark.name, address)
    lines = f"🏛 <b>{escape(landmark.name)}</b>", escape(address), links(landmark, language)
    content = InputTextMessageContent("\n".join(filter(None, lines)), ParseMode.HTML)
    return InlineQueryResultArticle(str(number), landmark.name, content, description=address or None)
