"""Who replies "this is …" to a photo names it; for people whom the operator trusts, that teaches the model a place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagger.bot.handlers.naming import FORMS, find_name
from tests.bot.conftest import Start
from tests.bot.running import RED, RunningBot, answer, gps_photo, picture, said, sent, tapped, teachable_bundle
from tests.botapi import BotApiServer, Message, PeopleChat, Person

OLGA, ANA, TRIP = 77, 5, -9
VIOLET = (200, 40, 200)
HOUSE = "this is Grandma’s house!"
EXAMPLES = "SELECT key, sha256 FROM taught_example JOIN landmark ON landmark.id = landmark_id"


@pytest.fixture
def olga(server: BotApiServer) -> Person:
    """Somebody whom the operator trusts."""
    return server.person(OLGA, "Olga")


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(ANA, "Ana")


@pytest.fixture(scope="module")
def teachable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return teachable_bundle(tmp_path_factory.mktemp("teachable"))


@pytest.fixture
def bot(start: Start, teachable: Path) -> RunningBot:
    return start(bot_trust=f"[{OLGA}]", bundle=teachable)


def photo(person: Person, number: int, chat: PeopleChat | None = None) -> tuple[PeopleChat, Message]:
    """A violet photo, which the model does not know, with its answer."""
    to = chat or person.private()
    message = to.send_photo(person, picture(VIOLET, number))
    assert answer(to, message).text.startswith("No landmark that I know")
    return to, message


def reply(person: Person, chat: PeopleChat, message: Message, text: str = HOUSE) -> Message:
    return said(chat, chat.send_text(person, text, reply_to=message))


def teach(olga: Person, photos: int = 3) -> list[Message]:
    return [reply(olga, *photo(olga, number)) for number in range(photos)]


def test_three_replies_teach_a_place_that_everybody_gets(bot: RunningBot, olga: Person, ana: Person) -> None:
    first, second, third = teach(olga)
    assert first.text.startswith("No landmark that I know.")
    assert "✔ Noted: Grandma's house. Thank you!" in first.text
    assert first.text.endswith("🎓 2 more photos of Grandma's house, and I will recognise it.")
    assert second.text.endswith("🎓 1 more photo of Grandma's house, and I will recognise it.")
    assert third.text.endswith("🎓 From now on I recognise Grandma's house. Every further photo of it helps.")
    chat = ana.private()
    found = answer(chat, chat.send_photo(ana, picture(VIOLET, 9)))
    assert found.text.startswith("🏛 Grandma's house")
    assert bot.server.violations == []


def test_an_album_teaches_at_once_in_any_language(bot: RunningBot, server: BotApiServer, ana: Person) -> None:
    olga = server.person(OLGA, "Olga", "de")
    chat = olga.private()
    album = chat.send_album(olga, [picture(VIOLET, number) for number in range(3)])
    answer(chat, album[0])
    taught = reply(olga, chat, album[1], "Das ist „Omas Haus“.")
    assert taught.text.startswith("🏛 Omas Haus")
    assert "✔ Bestätigt. Danke!" in taught.text
    assert taught.text.endswith("🎓 Ab jetzt erkenne ich Omas Haus. Jedes weitere Foto davon hilft.")
    other = ana.private()
    assert answer(other, other.send_photo(ana, picture(VIOLET, 9))).text.startswith("🏛 Omas Haus")
    assert len(bot.rows(EXAMPLES)) == 3


def test_a_place_outlives_the_bot(bot: RunningBot, olga: Person) -> None:
    teach(olga, 2)
    bot.kill()
    bot.start()
    assert "From now on" in reply(olga, *photo(olga, 2), "that's grandma's house").text
    bot.kill()
    bot.start()
    chat = olga.private()
    message = chat.send_photo(olga, picture(VIOLET, 3))
    assert answer(chat, message).text.startswith("🏛 Grandma's house")
    assert "From now on" in reply(olga, chat, message, "this is GRANDMAS HOUSE").text
    assert len(bot.rows(EXAMPLES)) == 4


def test_others_teach_nothing_and_their_names_of_landmarks_are_votes(bot: RunningBot, ana: Person) -> None:
    chat, message = photo(ana, 0)
    refused = reply(ana, chat, message).text
    assert refused.startswith(
        "I do not know a landmark called Grandma's house, and only people whom my operator trusts"
    )
    assert "✔ Noted: Eiffel Tower. Thank you!" in reply(ana, chat, message, "This is the Eiffel Tower").text
    assert "✔ Noted: Eiffel Tower. Thank you!" in reply(ana, chat, message, "C’est la Tour Eiffel.").text
    assert bot.rows(EXAMPLES) == []
    active = "SELECT verdict, is_trusted FROM decision WHERE revoked_at IS NULL"
    assert bot.rows(active) == [("shows", 0)]


def test_a_landmark_that_the_model_knows_is_not_taught(bot: RunningBot, olga: Person) -> None:
    chat, message = photo(olga, 0)
    noted = reply(olga, chat, message, "this is the Eiffel Tower")
    assert "✔ Noted: Eiffel Tower. Thank you!" in noted.text
    assert "🎓" not in noted.text
    assert reply(olga, chat, message, "this is the Eifel Tower").text == "Did you mean Eiffel Tower?"
    assert bot.rows(EXAMPLES) == []


def test_photos_of_a_landmark_teach_another_place_with_a_warning(bot: RunningBot, olga: Person) -> None:
    chat = olga.private()
    message = chat.send_photo(olga, picture(RED))
    answer(chat, message)
    taught = reply(olga, chat, message, "this is my tower")
    warning = "⚠️ I already recognise Eiffel Tower on this photo. If that is right, tap my tower below to take it back."
    assert taught.text.endswith(f"2 more photos of my tower, and I will recognise it.\n{warning}")
    assert tapped(chat, olga, taught, "my tower") == "Undone."
    assert bot.rows(EXAMPLES) == []
    album = chat.send_album(olga, [picture(RED, 1), picture(RED, 2), picture(VIOLET, 3)])
    answer(chat, album[0])
    taught = reply(olga, chat, album[0], "this is my tower")
    assert "⚠️ I already recognise Eiffel Tower on 2 of these 3 photos." in taught.text


def test_in_a_group_a_reply_to_anybodys_photo_teaches(
    bot: RunningBot, server: BotApiServer, olga: Person, ana: Person
) -> None:
    trip = server.group(TRIP, "Trip", [olga, ana])
    message = trip.send_photo(ana, picture(VIOLET))
    trip.send_text(olga, HOUSE, reply_to=message)  # not to the bot
    taught = reply(olga, trip, message, "@landmark_bot this is Grandma's house")
    assert "👤 Olga\n✔ Noted: Grandma's house. Thank you!" in taught.text
    assert taught.text.endswith("🎓 2 more photos of Grandma's house, and I will recognise it.")
    assert len(bot.rows(EXAMPLES)) == 1


def test_who_takes_a_name_back_teaches_it_no_longer(bot: RunningBot, olga: Person) -> None:
    (taught,) = teach(olga, 1)
    assert len(bot.rows(EXAMPLES)) == 1
    assert tapped(olga.private(), olga, taught, "Grandma's house") == "Undone."
    assert bot.rows(EXAMPLES) == []
    assert bot.rows("SELECT * FROM taught_place") == []


def test_forget_covers_what_somebody_taught_and_export_lists_it(bot: RunningBot, olga: Person, ana: Person) -> None:
    teach(olga)
    chat = olga.private()
    document = sent(chat, chat.send_text(olga, "/export"), "document").json["document"]
    exported = json.loads(bot.server.state.files.get(document["file_id"]).read())
    assert [row["name"] for row in exported["taught"]] == ["Grandma's house"] * 3
    question = said(chat, chat.send_text(olga, "/forget"))
    tapped(chat, olga, question, "Yes")
    bot.settle()
    assert bot.rows(EXAMPLES) == []
    other = ana.private()
    assert answer(other, other.send_photo(ana, picture(VIOLET, 9))).text.startswith("No landmark that I know")


def test_a_place_gets_no_coordinates_from_peoples_files(bot: RunningBot, olga: Person) -> None:
    chat = olga.private()
    message = chat.send_document(olga, gps_photo(VIOLET, 47.5, 9.25), "a.jpg", "image/jpeg")
    answer(chat, message)
    assert "🎓" in reply(olga, chat, message).text
    assert bot.rows("SELECT lat, lon FROM landmark WHERE key = 'grandmas_house'") == [(None, None)]


@pytest.mark.usefixtures("bot")
def test_only_people_who_may_teach_are_told_how_and_what_is_kept(olga: Person, ana: Person) -> None:
    for person, is_told in ((olga, True), (ana, False)):
        chat = person.private()
        assert ("this is Grandma's house" in said(chat, chat.send_text(person, "/help")).text) is is_told
        assert ("If you teach me a place" in said(chat, chat.send_text(person, "/privacy")).text) is is_told


def test_a_photo_that_cannot_be_read_teaches_nothing(bot: RunningBot, olga: Person) -> None:
    chat = olga.private()
    message = chat.send_document(olga, picture(VIOLET)[:300], "a.jpg", "image/jpeg")
    answer(chat, message)
    assert "cannot read it" in reply(olga, chat, message).text
    assert bot.rows("SELECT * FROM taught_place") == []


def test_a_model_without_embeddings_says_that_it_cannot_learn(start: Start, olga: Person) -> None:
    start(bot_trust=f"[{OLGA}]")
    assert reply(olga, *photo(olga, 0)).text == "The model that I use cannot learn new places."


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("this is Grandma's house", "Grandma's house"),
        ("That’s   “The Cabin”.", "The Cabin"),
        ("this is", None),
        ("this is the Eiffel Tower?", None),
        ("I think this is it", None),
        ("this is " + "x" * 61, None),
        ("this is a\nlong story", None),
    ],
)
def test_a_sentence_has_a_name(text: str, name: str | None) -> None:
    assert find_name(text, FORMS.split("|")) == name


def test_a_question_and_a_denial_are_questions_about_the_photo(bot: RunningBot, olga: Person) -> None:
    chat = olga.private()
    message = chat.send_photo(olga, picture(RED))
    answer(chat, message)
    for text in ("this is not Grandma's house", "das ist nicht Omas Haus", "this is the Eiffel Tower?"):
        asked = reply(olga, chat, message, text).text
        assert asked.startswith("🏛 Eiffel Tower")
        assert "Noted" not in asked
    assert bot.rows(EXAMPLES) == []
