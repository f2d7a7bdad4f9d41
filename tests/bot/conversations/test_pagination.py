"""Long lists: a message shows one page, and buttons lead to the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest

from tagger.model.bundle import write_bundle
from tagger.model.card import ONNX_FILE, LandmarkClass
from tests.bot.conftest import patient_server
from tests.bot.running import (
    SKYTREE,
    TOWER,
    WALL,
    RunningBot,
    answer,
    buttons,
    large_bundle,
    picture,
    said,
    shade,
    tapped,
)
from tests.botapi import Message, PeopleChat, Person
from tests.drawn import card, colour_network

pytestmark = pytest.mark.process

PEOPLE = count(1)
KNOWN = 45


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    folder = tmp_path_factory.mktemp("pages")
    with patient_server() as server, RunningBot(server, large_bundle(folder / "bundle", KNOWN), folder) as bot:
        yield bot
        assert server.violations == []


@pytest.fixture
def ana(shared: RunningBot) -> Person:
    return shared.server.person(next(PEOPLE), "Ana")


def with_towers(ana: Person, *numbers: int) -> PeopleChat:
    """A chat in which photos of these towers were sent."""
    chat = ana.private()
    for number in numbers:
        reply = answer(chat, chat.send_photo(ana, picture(shade(number))))
        assert reply.text.startswith(f"🏛 Tower {number:02}")
    return chat


def test_labels_are_paged_and_each_page_names_its_countries(ana: Person) -> None:
    chat = ana.private()
    message = said(chat, chat.send_text(ana, "/labels"))
    first = message.text.splitlines()
    assert (first[0], len(first), first[-1]) == ("I know 45 landmarks:", 44, "1/2")
    assert (first[2], first[3], first[22]) == ("A-land: Tower 00", "Tower 01", "B-land: Tower 20")
    tapped(chat, ana, message, "▶")
    assert message.text.splitlines()[2:] == [
        "C-land: Tower 40", "Tower 41", "Tower 42", "Tower 43", "Tower 44", "", "2/2",
    ]  # fmt: skip
    tapped(chat, ana, message, "◀")
    assert message.text.splitlines() == first


def test_places_are_paged_and_each_page_names_its_countries(ana: Person) -> None:
    chat = with_towers(ana, *range(10))
    message = said(chat, chat.send_text(ana, "/places"))
    assert message.text.splitlines()[2:5] == ["A-land: Tower 00 (1)", "Tower 01 (1)", "Tower 02 (1)"]
    assert (message.text[-3:], buttons(message)) == ("1/2", ["▶"])
    tapped(chat, ana, message, "▶")
    assert message.text.splitlines()[2:] == ["A-land: Tower 08 (1)", "Tower 09 (1)", "", "2/2"]
    assert buttons(message) == ["◀"]


def test_find_offers_a_choice_where_several_are_meant(ana: Person) -> None:
    chat = with_towers(ana, 11, 12)
    choice = said(chat, chat.send_text(ana, "/find tower"))
    assert (choice.text, buttons(choice)) == ("Did you mean one of these?", ["Tower 11", "Tower 12"])
    tapped(chat, ana, choice, "Tower 12")
    assert choice.text.startswith("Tower 12, A-land\n1 photo of yours")


def test_at_most_the_five_nearest_names_are_offered_best_first(ana: Person) -> None:
    chat = with_towers(ana, 13)
    tapped(chat, ana, chat.from_bot[0], "Something else")
    choice = said(chat, chat.send_text(ana, "towr 14", reply_to=said(chat, chat.from_bot[0])))
    assert (buttons(choice)[0], len(buttons(choice)), buttons(choice)[-1]) == ("Tower 14", 6, "None of these")
    tapped(chat, ana, choice, "Tower 14")
    assert chat.from_bot[0].text.endswith("✔ Noted: Tower 14. Thank you!")


def test_a_page_that_is_gone_shows_the_nearest_that_is_there(ana: Person) -> None:
    chat = with_towers(ana, *range(14, 23))
    message = said(chat, chat.send_text(ana, "/places"))
    message.json["reply_markup"]["inline_keyboard"][0][0]["callback_data"] = "places:7"
    tapped(chat, ana, message, "▶")
    assert message.text.splitlines()[2:] == ["B-land: Tower 22 (1)", "", "2/2"]


LONG = "Long " * 30  # a name of 150 characters


@pytest.fixture(scope="module")
def long_names(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBot]:
    """A model whose landmarks have names and countries that no list of forty has room for."""
    folder = tmp_path_factory.mktemp("long_names")
    classes = tuple(
        replace(landmark, name=f"{LONG}<{number}>", country=f"{number} {LONG}")
        for number, landmark in enumerate((TOWER, WALL, SKYTREE))
    )
    more = [LandmarkClass(f"other_{n}", f"{n} {LONG}", f"{n} {LONG}", 1.0, 1.0, threshold=0.7) for n in range(30)]
    network = colour_network([shade(number) for number in range(34)], sharpness=40.0)
    model = write_bundle(folder / "bundle", card(classes=(*classes, *more)), {ONNX_FILE: network}).folder
    with patient_server() as server, RunningBot(server, model, folder) as bot:
        yield bot
        assert server.violations == []


def test_a_list_of_long_names_is_cut_into_pages_that_fit(long_names: RunningBot) -> None:
    ana = long_names.server.person(1, "Ana")
    chat = ana.private()
    message = said(chat, chat.send_text(ana, "/labels"))
    seen = _names(message)
    pages = int(message.text.rpartition("/")[2])
    assert pages > 2
    for _ in range(pages - 1):
        tapped(chat, ana, message, "▶")
        seen |= _names(message)
    assert message.text.endswith(f"{pages}/{pages}")
    assert len(seen) == 33


def _names(message: Message) -> set[str]:
    return {line for line in message.text.splitlines() if "Long" in line}


def test_an_album_with_long_names_and_a_long_search_are_answered(long_names: RunningBot) -> None:
    ana = long_names.server.person(1, "Ana")
    chat = ana.private()
    reply = answer(chat, chat.send_album(ana, [picture(shade(number), 5) for number in range(10)])[0])
    assert reply.text.startswith("🏛")
    for label in ("None of these", "Right"):
        tapped(chat, ana, reply, label)
    typed = "<&>" * 1300
    assert said(chat, chat.send_text(ana, f"/find {typed}")).text.startswith(
        f"You have not sent me a photo of “{typed[:90]}"
    )
    assert said(chat, chat.send_text(ana, "/places")).text.startswith("The places in your photos:")
