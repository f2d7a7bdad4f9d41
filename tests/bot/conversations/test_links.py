"""Links to a map, Wikipedia and Wikidata, hashtags to copy, and a note when a country is new."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet
from tests.bot.running import BLUE, GREEN, GREY, RED, RunningBot, answer, picture, tapped
from tests.botapi import Message

pytest.importorskip("babel", reason="the extra 'bot' is not installed")

from tagger.bot.render.languages import Language
from tagger.bot.render.links import links
from tagger.core.types import Landmark

NUMBERS = count(500)
GROUPS = count(-14_000, -1)


def urls(message: Message) -> list[str]:
    return [mark["url"] for mark in message.marks if mark["type"] == "text_link"]


def copied(message: Message) -> list[str]:
    """What a tap copies."""
    marks = [mark for mark in message.marks if mark["type"] == "code"]
    text = message.text.encode("utf-16-le")
    return [text[2 * mark["offset"] : 2 * (mark["offset"] + mark["length"])].decode("utf-16-le") for mark in marks]


def test_an_answer_links_to_a_map_and_to_wikipedia_without_a_preview(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, next(NUMBERS))))
    assert reply.text.splitlines()[3] == "Map · Wikipedia"
    assert urls(reply) == [
        "https://www.openstreetmap.org/?mlat=48.8584&mlon=2.2945#map=15/48.8584/2.2945",
        "https://en.wikipedia.org/wiki/Special:Search?search=Eiffel%20Tower&go=Go",
    ]
    tapped(chat, ana, reply, "Right")
    for method in ("sendMessage", "editMessageText"):
        assert bot.server.calls(method)[-1].parameters["link_preview_options"] == {"is_disabled": True}


def test_where_the_wikidata_number_is_known_the_links_are_exact() -> None:
    html = links(Landmark("a", "A & B", wikidata="Q243"), Language("de"))
    assert html == (
        '<a href="https://www.wikidata.org/wiki/Special:GoToLinkedPage/dewiki/Q243">Wikipedia</a> · '
        '<a href="https://www.wikidata.org/wiki/Q243">Wikidata</a>'
    )


def test_a_landmark_of_which_nothing_is_known_has_no_links() -> None:
    assert links(Landmark("home", "Home", "France", city="Paris"), Language("en")) == ""


def test_hashtags_follow_what_the_person_says(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, next(NUMBERS))))
    assert copied(reply) == ["#EiffelTower #Paris"]
    tapped(chat, ana, reply, "Tokyo Skytree")
    assert copied(reply) == ["#TokyoSkytree #Tokyo"]
    tapped(chat, ana, reply, "None of these")
    assert copied(reply) == []


def test_an_album_has_the_hashtags_of_all_its_landmarks(meet: Meet) -> None:
    ana, chat = meet()
    album = chat.send_album(ana, [picture(colour, next(NUMBERS)) for colour in (RED, BLUE, RED)])
    assert copied(answer(chat, album[0])) == ["#EiffelTower #Paris #TokyoSkytree #Tokyo"]


def new_countries(message: Message) -> list[str]:
    """By the note in an answer."""
    notes = [line.partition(": ")[2] for line in message.text.splitlines() if line.startswith("🎉")]
    return [country for note in notes for country in note.split(", ")]


def test_a_country_is_new_once(meet: Meet) -> None:
    ana, chat = meet()
    sent = [answer(chat, chat.send_photo(ana, picture(colour, next(NUMBERS)))) for colour in (RED, RED, GREY, BLUE)]
    assert [new_countries(reply) for reply in sent] == [["France"], [], [], ["Japan"]]
    ben, other = meet("Ben")
    assert new_countries(answer(other, other.send_photo(ben, picture(RED, next(NUMBERS))))) == ["France"]
    album = other.send_album(ben, [picture(colour, next(NUMBERS)) for colour in (RED, GREEN, BLUE)])
    assert sorted(new_countries(answer(other, album[0]))) == ["China", "Japan"]


def test_the_note_follows_what_the_person_says(meet: Meet) -> None:
    ana, chat = meet()
    first = answer(chat, chat.send_photo(ana, picture(RED, next(NUMBERS))))
    tapped(chat, ana, first, "Tokyo Skytree")
    assert new_countries(first) == ["Japan"]
    second = answer(chat, chat.send_photo(ana, picture(BLUE, next(NUMBERS))))
    assert new_countries(second) == []
    assert new_countries(answer(chat, chat.send_photo(ana, picture(RED, next(NUMBERS))))) == ["France"]
    tapped(chat, ana, first, "None of these")
    assert new_countries(first) == []


def test_a_group_is_not_told_where_somebody_has_not_been(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    trip = bot.server.group(next(GROUPS), "Trip", [ana])
    assert new_countries(answer(trip, trip.send_photo(ana, picture(RED, next(NUMBERS)), "@landmark_bot"))) == []
    assert new_countries(answer(chat, chat.send_photo(ana, picture(RED, next(NUMBERS))))) == []
