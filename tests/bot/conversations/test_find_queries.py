"""/find with a query: what it finds, its pages, and its errors in the person's language."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet
from tests.bot.running import BLUE, GREEN, GREY, RED, RunningBot, answer, buttons, picture, said, tapped
from tests.botapi import Message, PeopleChat, Person

GROUPS = count(-14_000, -1)
NUMBERS = count(300)


def asked(chat: PeopleChat, person: Person, query: str) -> Message:
    return said(chat, chat.send_text(person, f"/find {query}"))


def landmarks(message: Message) -> list[str]:
    """The landmarks in a list, with what is said about each."""
    return [line.partition(": ")[2] for line in message.text.splitlines() if line.startswith("•")]


def send(chat: PeopleChat, person: Person, *colours: tuple[int, int, int]) -> list[Message]:
    """The answers to photos of these colours."""
    return [answer(chat, chat.send_photo(person, picture(colour, next(NUMBERS)))) for colour in colours]


@pytest.fixture
def ana(meet: Meet) -> tuple[Person, PeopleChat]:
    """She has sent two photos of the tower, one of the wall, and one of nothing."""
    person, chat = meet()
    send(chat, person, RED, RED, GREEN, GREY)
    return person, chat


def test_a_query_finds_photos(ana: tuple[Person, PeopleChat]) -> None:
    person, chat = ana
    found = asked(chat, person, "country:France")
    assert found.text.splitlines()[:3] == ["country:France", "2 photos found", ""]
    assert landmarks(found) == ["96%, Eiffel Tower", "96%, Eiffel Tower"]
    assert "Eiffel Tower" in asked(chat, person, "landmark:eiffel* OR landmark:great*").text
    assert landmarks(asked(chat, person, "score:>=0 NOT country:France")) == ["94%, Great Wall of China"]
    assert asked(chat, person, "taken:<1990").text.splitlines()[1:] == ["0 photos found"]


def test_near_finds_landmarks_within_a_circle(ana: tuple[Person, PeopleChat]) -> None:
    person, chat = ana
    assert landmarks(asked(chat, person, "near:48.86,2.29,5km")) == ["96%, Eiffel Tower"] * 2
    assert landmarks(asked(chat, person, "near:48.86,2.29,5km near:40.4,116,20km")) == []
    assert landmarks(asked(chat, person, "NOT near:48.86,2.29,5000mi")) == ["94%, Great Wall of China"]


def test_state_is_what_the_person_says_about_the_answers(meet: Meet) -> None:
    ana, chat = meet()
    confirmed, corrected, denied, _ = send(chat, ana, RED, GREEN, BLUE, RED)
    tapped(chat, ana, confirmed, "Right")
    tapped(chat, ana, corrected, "Tokyo Skytree")
    tapped(chat, ana, denied, "None of these")
    assert landmarks(asked(chat, ana, "state:unreviewed")) == ["96%, Eiffel Tower"]
    assert landmarks(asked(chat, ana, "state:confirmed")) == ["decided by you, Eiffel Tower"]
    assert landmarks(asked(chat, ana, "state:corrected")) == ["decided by you, Tokyo Skytree"]
    assert landmarks(asked(chat, ana, "state:rejected")) == ["95%, Tokyo Skytree", "94%, Great Wall of China"]
    assert landmarks(asked(chat, ana, "NOT state:confirmed score:>=0")) == [
        "96%, Eiffel Tower", "decided by you, Tokyo Skytree",
    ]  # fmt: skip


def test_a_long_list_has_pages(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    send(chat, ana, *[RED] * 9, GREEN)
    found = asked(chat, ana, "  score:>=0.5   country:*  ")
    assert found.text.startswith("score:>=0.5 country:*\n10 photos found\n\n")
    assert (len(landmarks(found)), buttons(found)) == (8, ["▶"])
    tapped(chat, ana, found, "▶")
    assert found.text.startswith("score:>=0.5 country:*\n10 photos found\n\n")
    assert found.text.endswith("2/2")
    assert (len(landmarks(found)), buttons(found)) == (2, ["◀"])
    tapped(chat, ana, found, "◀")
    assert found.text.endswith("1/2")
    bot.settle()
    assert bot.rows("SELECT count(*) FROM telegram_update WHERE CAST(content AS TEXT) LIKE '%country:*%'") == [(0,)]


def test_a_list_in_a_group_is_turned_by_whoever_asked(bot: RunningBot, meet: Meet) -> None:
    ana, ben = meet()[0], meet("Ben")[0]
    trip = bot.server.group(next(GROUPS), "Trip", [ana, ben])
    for number in range(9):
        answer(trip, trip.send_photo(ana, picture(RED, 500 + number), "@landmark_bot"))
    found = asked(trip, ana, "country:France")
    assert tapped(trip, ben, found, "▶") == "This list is for somebody else."
    assert tapped(trip, ana, found, "▶") == ""
    assert "\n\n2/2\n\n" in found.text


def test_a_list_that_the_bot_may_no_longer_read_is_not_turned(meet: Meet) -> None:
    ana, chat = meet()
    send(chat, ana, *[RED] * 9)
    found = asked(chat, ana, "country:France")
    found.json["date"] = 0  # of a message that is too old, Telegram tells only the number and the chat
    del found.json["text"]
    assert tapped(chat, ana, found, "▶") == "I no longer remember this list. Please send /find again."
    assert found.versions == []


@pytest.mark.parametrize(
    ("language", "query", "sentence"),
    [
        ("en", "contry:France", "The query is wrong at character 1. contry is not a key. Did you mean 'country'?"),
        ("de", "contry:France", "Den Schlüssel contry gibt es hier nicht. Meinst du 'country'?"),
        ("fr", "score:high", "La recherche contient une erreur au caractère 7. 'high' n'est pas une valeur de score."),
        ("es", "(city:Paris", "Falta un paréntesis de cierre."),
        ("ru", "near:98,2,5km", "Широта — от -90 до 90, долгота — от -180 до 180."),
        ("de", "state:confirmd", "Schreib unreviewed, confirmed, rejected oder corrected. Meinst du 'confirmed'?"),
        ("fr", "landmark:eifel", "Aucun monument ne s'appelle 'eifel'. Veux-tu dire 'eiffel_tower' ?"),
        ("de", "landmark:zzz", "Kein Wahrzeichen heißt 'zzz'. /labels zeigt alle, die ich kenne."),
        ("ru", "country:<b>&", "Я не знаю достопримечательностей в стране '<b>&'. "),
        ("es", "folder:/", "Las claves son landmark, country, city, score, taken, tagged, state, near."),
        ("en", "score:>=0 OR " * 100 + "city:Paris", "A query may have at most 500 characters."),
    ],
)
def test_an_error_is_in_the_persons_language(language: str, query: str, sentence: str, meet: Meet) -> None:
    ana, chat = meet("Ana", language)
    assert sentence in asked(chat, ana, query).text


def test_an_error_points_at_the_mistake(meet: Meet) -> None:
    ana, chat = meet()
    assert asked(chat, ana, "landmark:eiffel* contry:<b>").text.splitlines()[1:] == [
        "landmark:eiffel* contry:<b>",
        " " * len("landmark:eiffel* ") + "^",
    ]
