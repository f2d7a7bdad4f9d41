"""Only people whom the operator trusts decide for the library; everybody decides for themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bot.conftest import Start
from tests.bot.running import RED, RunningBot, answer, buttons, picture, said, tapped
from tests.botapi import BotApiServer, Message, PeopleChat, Person

OPERATOR, ANA, BEN, TRIP = 77, 5, 6, -9


@pytest.fixture
def operator(server: BotApiServer) -> Person:
    return server.person(OPERATOR, "Olga")


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(ANA, "Ana")


@pytest.fixture
def ben(server: BotApiServer) -> Person:
    return server.person(BEN, "Ben")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "a.jpg").write_bytes(picture(RED))
    return tmp_path / "library"


def tagger(bot: RunningBot, *arguments: object) -> str:
    command = [sys.executable, "-m", "tagger", *map(str, arguments), "--db", bot.url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tag(bot: RunningBot, library: Path, model: Path) -> None:
    tagger(bot, "tag", library, "--bundle", model)


def landmark(bot: RunningBot) -> str:
    """The library's only tag."""
    rows = bot.rows("SELECT key, source FROM tag JOIN landmark ON landmark.id = landmark_id")
    return " ".join(f"{key} ({source})" for key, source in rows) or "nothing"


def sent(person: Person, chat: PeopleChat | None = None) -> tuple[PeopleChat, Message]:
    """The library's picture, sent to the bot as a file, with its answer."""
    to = chat or person.private()
    return to, answer(to, to.send_document(person, picture(RED), "a.jpg", "image/jpeg", "@landmark_bot"))


def test_two_strangers_with_one_picture_do_not_meet_and_change_no_library(
    start: Start, ana: Person, ben: Person, library: Path, model: Path
) -> None:
    bot = start(bot_admin_chat=OPERATOR)
    bot.wait("the database", bot.is_there)
    tag(bot, library, model)
    before = tagger(bot, "query", "--json")
    assert '"eiffel_tower"' in before
    chat, reply = sent(ana)
    tapped(chat, ana, reply, "None of these")
    of_ana = reply.text
    other, of_ben = sent(ben)
    assert "Noted" not in of_ben.text
    assert not any(label.startswith("☑") for label in buttons(of_ben))
    tapped(other, ben, of_ben, "Right")
    assert said(other, other.send_text(ben, "/places")).text.endswith("France: Eiffel Tower (1)")
    assert said(chat, chat.send_text(ana, "/places")).text.startswith("You have not sent me a photo of a landmark")
    again = answer(chat, chat.send_document(ana, picture(RED), "a.jpg", "image/jpeg"))
    assert again.text == of_ana
    assert tagger(bot, "query", "--json") == before
    assert tagger(bot, "query", "--none") == ""
    votes = [json.loads(line) for line in tagger(bot, "query", "--votes", "--json").splitlines()]
    path = str(library / "a.jpg")
    assert [(vote["path"], vote["verdict"], vote["landmark"], vote["people"]) for vote in votes] == [
        (path, "none", None, 1), (path, "shows", "eiffel_tower", 1),
    ]  # fmt: skip
    assert bot.server.violations == []


def test_the_admin_chat_decides_for_the_library(
    start: Start, operator: Person, ana: Person, library: Path, model: Path
) -> None:
    bot = start(bot_admin_chat=OPERATOR)
    bot.wait("the database", bot.is_there)
    tag(bot, library, model)
    chat, reply = sent(operator)
    tapped(chat, operator, reply, "Tokyo Skytree")
    assert landmark(bot) == "tokyo_skytree (person)"
    other, of_ana = sent(ana)
    assert "Tokyo Skytree" in buttons(of_ana)
    assert "Noted" not in of_ana.text  # what the operator says is shown to nobody as if they had said it
    tapped(other, ana, of_ana, "None of these")
    assert landmark(bot) == "tokyo_skytree (person)"
    assert tapped(chat, operator, reply, "Tokyo Skytree") == "Undone."
    assert landmark(bot) == "eiffel_tower (machine)"


@pytest.mark.parametrize(
    ("settings", "trusted"),
    [
        ({}, set()),
        ({"bot_trust": f"[{ANA}]", "bot_admin_chat": OPERATOR}, {ANA}),
        ({"bot_trust": f"[{TRIP}]"}, {TRIP}),
        ({"bot_trust": "allowed", "bot_allow": f"[{BEN}, {ANA}, {TRIP}]"}, {ANA, BEN, TRIP}),
        ({"bot_trust": "allowed"}, set()),
        ({"bot_trust": "[]", "bot_admin_chat": ANA}, set()),
    ],
)
def test_the_operator_names_whom_to_trust(
    settings: dict[str, object], trusted: set[int], server: BotApiServer, start: Start, ana: Person, ben: Person
) -> None:
    bot = start(**settings)
    trip = server.group(TRIP, "Trip", [ana, ben])
    for person, chat, number in ((ana, ana.private(), ANA), (ben, ben.private(), BEN), (ben, trip, TRIP)):
        _, reply = sent(person, chat)
        tapped(chat, person, reply, "Right")
        (newest,) = bot.rows("SELECT is_trusted FROM decision ORDER BY id DESC LIMIT 1")
        assert newest == (number in trusted or person.id in trusted,), number


def test_forget_gives_back_what_the_persons_decision_had_covered(
    start: Start, operator: Person, ana: Person, library: Path, model: Path
) -> None:
    bot = start(bot_trust=f"[{OPERATOR}, {ANA}]")
    bot.wait("the database", bot.is_there)
    tag(bot, library, model)
    for person, button in ((operator, "Tokyo Skytree"), (ana, "None of these")):
        chat, reply = sent(person)
        tapped(chat, person, reply, button)
    assert landmark(bot) == "nothing"
    tapped(chat, ana, said(chat, chat.send_text(ana, "/forget")), "Yes")
    bot.settle()
    assert landmark(bot) == "tokyo_skytree (person)"
