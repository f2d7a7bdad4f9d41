"""In a quiet group photos are answered with a reaction; whoever wants the words replies to the photo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.conftest import patient_server
from tests.bot.running import ANSWER_S, BLUE, GREEN, GREY, RED, RunningBot, answer, picture, said
from tests.botapi import Message, Person, Refused
from tests.botapi.chat.controls import Group

QUIET, LOUD = -7100, -7200


@pytest.fixture(scope="module")
def own_bot(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    folder = tmp_path_factory.mktemp("quiet")
    with patient_server() as server, RunningBot(server, model, folder, bot_quiet_groups=f"[{QUIET}]") as bot:
        yield bot
        assert server.violations == []


@pytest.fixture(scope="module")
def ana(own_bot: RunningBot) -> Person:
    return own_bot.server.person(1, "Ana")


@pytest.fixture(scope="module")
def trip(own_bot: RunningBot, ana: Person) -> Group:
    return own_bot.server.group(QUIET, "Trip", [ana])


def reaction(trip: Group, message: Message) -> str:
    trip.state.wait(lambda: message.reactions, ANSWER_S, "a reaction")
    return message.reactions[0]


def test_a_photo_gets_a_reaction_and_no_message(own_bot: RunningBot, ana: Person, trip: Group) -> None:
    known = trip.send_photo(ana, picture(RED, 1), "@landmark_bot")
    unknown = trip.send_photo(ana, picture(GREY, 1), "@landmark_bot")
    broken = trip.send_document(ana, picture(RED)[:900], "cut.jpg", "image/jpeg", "@landmark_bot")
    assert [reaction(trip, message) for message in (known, unknown, broken)] == ["👍", "🤔", "🤷"]
    own_bot.settle()
    assert trip.from_bot == []
    assert not trip.actions


def test_an_album_gets_one_reaction(own_bot: RunningBot, ana: Person, trip: Group) -> None:
    album = trip.send_album(ana, [picture(GREEN, 2), picture(GREY, 2)], "@landmark_bot")
    own_bot.settle()
    assert [message.reactions for message in album] == [["👍"], []]


def test_the_photos_are_in_the_persons_places(own_bot: RunningBot, ana: Person, trip: Group) -> None:
    own_bot.settle()
    reaction(trip, trip.send_photo(ana, picture(BLUE, 3), "@landmark_bot"))
    own_bot.settle()
    places = said(trip, trip.send_text(ana, "/places")).text
    assert "Japan: Tokyo Skytree (1)" in places


def test_a_reply_to_the_photo_gets_the_words(ana: Person, trip: Group) -> None:
    photo = trip.send_photo(ana, picture(RED, 4), "@landmark_bot")
    assert reaction(trip, photo) == "👍"
    for question in ("@landmark_bot?", "/suggest"):
        assert answer(trip, trip.send_text(ana, question, reply_to=photo)).text.startswith("🏛 Eiffel Tower")


def test_a_photo_that_does_not_mean_the_bot_gets_no_reaction(own_bot: RunningBot, ana: Person, trip: Group) -> None:
    photo = trip.send_photo(ana, picture(RED, 5), "Our first evening")
    own_bot.settle()
    assert photo.reactions == []


def test_where_reactions_are_not_allowed_the_photo_counts_all_the_same(
    own_bot: RunningBot, ana: Person, trip: Group
) -> None:
    own_bot.server.faults.next("setMessageReaction", Refused(400, "Bad Request: REACTION_INVALID"), chat_id=QUIET)
    count = "SELECT count(*) FROM telegram_photo WHERE chat_id = ?"
    before = own_bot.rows(count, QUIET)[0][0]
    photo = trip.send_photo(ana, picture(RED, 6), "@landmark_bot")
    own_bot.settle()
    assert photo.reactions == []
    assert own_bot.rows(count, QUIET)[0][0] == before + 1


def test_other_chats_are_answered_in_words(own_bot: RunningBot, ana: Person) -> None:
    other = own_bot.server.group(LOUD, "Family", [ana])
    assert answer(other, other.send_photo(ana, picture(RED, 7), "@landmark_bot")).text.startswith("🏛 Eiffel Tower")
    chat = ana.private()
    assert answer(chat, chat.send_photo(ana, picture(RED, 8))).text.startswith("🏛 Eiffel Tower")
