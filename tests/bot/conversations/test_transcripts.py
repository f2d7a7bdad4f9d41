"""The conversations in docs/BOT.md are what the bot really says.

REWRITE_TRANSCRIPTS=1 python -m pytest tests/bot/conversations/test_transcripts.py writes them anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bot.conftest import patient_server
from tests.bot.running import (
    BLUE,
    GREEN,
    GREY,
    RED,
    UNSURE,
    RunningBot,
    answer,
    gps_photo,
    picture,
    said,
    sent,
    tapped,
)
from tests.botapi import PeopleChat, Person, transcript

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[3] / "docs" / "BOT.md"
PEOPLE = iter(range(1, 100))

Conversation = Callable[[PeopleChat, Person], object]


def photo(chat: PeopleChat, ana: Person) -> None:
    reply = answer(chat, chat.send_photo(ana, picture(RED, 70)))
    tapped(chat, ana, reply, "Map")
    said(chat, reply)
    tapped(chat, ana, reply, "Right")


def unknown(chat: PeopleChat, ana: Person) -> None:
    answer(chat, chat.send_photo(ana, picture(GREY, 70)))


def correction(chat: PeopleChat, ana: Person) -> None:
    reply = answer(chat, chat.send_photo(ana, picture(GREEN, 71)))
    tapped(chat, ana, reply, "Tokyo Skytree")
    tapped(chat, ana, reply, "None of these")


def name(chat: PeopleChat, ana: Person) -> None:
    reply = answer(chat, chat.send_photo(ana, picture(GREY, 72)))
    tapped(chat, ana, reply, "Something else")
    choice = said(chat, chat.send_text(ana, "eifel towr", reply_to=said(chat, reply)))
    tapped(chat, ana, choice, "Eiffel Tower")


def file(chat: PeopleChat, ana: Person) -> None:
    answer(chat, chat.send_document(ana, gps_photo(UNSURE, 48.86, 2.30), "IMG_0815.jpg", "image/jpeg"))
    answer(chat, chat.send_document(ana, gps_photo(RED, 36.11, -115.17), "vegas.jpg", "image/jpeg"))


def album(chat: PeopleChat, ana: Person) -> None:
    answer(chat, chat.send_album(ana, [picture(RED, 73), picture(RED, 74), picture(BLUE, 73)])[0])


def other(chat: PeopleChat, ana: Person) -> None:
    said(chat, chat.send_sticker(ana))
    said(chat, chat.send_video(ana))
    answer(chat, chat.send_document(ana, b"%PDF-1.7", "tickets.pdf", "application/pdf"))
    answer(chat, chat.send_document(ana, picture(RED), "huge.tif", "image/tiff", file_size=30_000_000))
    answer(chat, chat.send_document(ana, picture(RED)[:900], "cut.jpg", "image/jpeg"))
    said(chat, chat.send_text(ana, "Good morning!"))


def start(chat: PeopleChat, ana: Person) -> None:
    greeting = said(chat, chat.send_text(ana, "/start"))
    tapped(chat, ana, greeting, "Try an example")
    said(chat, greeting)


def language(chat: PeopleChat, ana: Person) -> None:
    question = said(chat, chat.send_text(ana, "/language"))
    tapped(chat, ana, question, "Español")
    answer(chat, chat.send_photo(ana, picture(GREY, 75)))


def places(chat: PeopleChat, ana: Person) -> None:
    for number, colour in enumerate((RED, RED, GREEN), start=76):
        answer(chat, chat.send_photo(ana, picture(colour, number)))
    for command in ("/places", "/find eiffel", "/map", "/stats", "/labels"):
        message = said(chat, chat.send_text(ana, command))
        if command == "/map":
            sent(chat, message, "photo")
            tapped(chat, ana, message, "KML")
            sent(chat, message, "document")


def nearby(chat: PeopleChat, ana: Person) -> None:
    said(chat, chat.send_location(ana, 48.8583, 2.2944))


def data(chat: PeopleChat, ana: Person) -> None:
    for command in ("/privacy", "/export", "/forget"):
        question = said(chat, chat.send_text(ana, command))
    tapped(chat, ana, question, "Yes")


CONVERSATIONS: tuple[Conversation, ...] = (
    start, photo, unknown, correction, name, file, album, other, nearby, places, language, data,
)  # fmt: skip


@pytest.fixture(scope="module")
def own_bot(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """A bot of these conversations alone: what people decide elsewhere would show here, where a photo comes again."""
    with patient_server() as server, RunningBot(server, model, tmp_path_factory.mktemp("transcripts")) as bot:
        yield bot
        assert server.violations == []


def recorded(bot: RunningBot, conversation: Conversation) -> str:
    ana = bot.server.person(next(PEOPLE), "Ana")
    chat = ana.private()
    conversation(chat, ana)
    bot.settle()
    return re.sub(r"• \w+ \d+, \d{4}:", "• (the day):", transcript(chat))


def in_a_group(bot: RunningBot) -> str:
    ana = bot.server.person(next(PEOPLE), "Ana")
    trip = bot.server.group(-100, "Trip", [ana])
    trip.send_photo(ana, picture(RED, 79), "Our first evening")
    answer(trip, trip.send_photo(ana, picture(BLUE, 79), "@landmark_bot what is this?"))
    bot.settle()
    return transcript(trip)


@pytest.mark.parametrize("conversation", [*CONVERSATIONS, in_a_group], ids=lambda function: function.__name__)
def test_the_page_shows_what_is_said(conversation: Callable[..., object], own_bot: RunningBot) -> None:
    text = in_a_group(own_bot) if conversation is in_a_group else recorded(own_bot, conversation)
    begin, end = f"<!-- transcript: {conversation.__name__} -->", "<!-- end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(begin)
    shown, found, after = rest.partition(end)
    assert found, f"docs/BOT.md has no place for {conversation.__name__}"
    if os.environ.get("REWRITE_TRANSCRIPTS"):
        PAGE.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
    else:
        assert shown.strip() == text.strip()
