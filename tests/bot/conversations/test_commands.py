"""The commands, in the language of whoever asks."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tagger.model.card import LandmarkClass
from tests.bot.conftest import Meet
from tests.bot.running import (
    BLUE,
    GREEN,
    GREY,
    RED,
    SKYTREE,
    WALL,
    RunningBot,
    answer,
    bundle,
    buttons,
    picture,
    said,
    sent,
    tapped,
)
from tests.botapi import BotApiServer, Message, PeopleChat, Person, Refused

HELLO = {
    "en": ("Send me a photo, and I will tell you", "Try an example"),
    "de": ("Schick mir ein Foto, und ich sage dir", "Ein Beispiel ansehen"),
    "es": ("Envíame una foto y te digo", "Ver un ejemplo"),
    "fr": ("Envoie-moi une photo et je te dis", "Voir un exemple"),
    "ru": ("Пришли фото, и я скажу", "Показать пример"),
    "es-mx": ("Envíame una foto y te digo", "Ver un ejemplo"),
    "pt-br": ("Send me a photo, and I will tell you", "Try an example"),
}


def asked(chat: PeopleChat, person: Person, command: str) -> Message:
    return said(chat, chat.send_text(person, command))


def document(bot: RunningBot, message: Message) -> bytes:
    return bot.server.state.files.get(message.json["document"]["file_id"]).read()


def with_photos(meet: Meet, start: int) -> tuple[Person, PeopleChat]:
    """Somebody who has sent two photos of the tower, one of the wall, and one of nothing."""
    ana, chat = meet()
    for number, colour in enumerate((RED, RED, GREEN, GREY), start=start):
        answer(chat, chat.send_photo(ana, picture(colour, number)))
    return ana, chat


@pytest.mark.parametrize(("code", "hello"), HELLO.items())
def test_start_says_in_two_sentences_and_the_persons_language_what_to_do(
    code: str, hello: tuple[str, str], meet: Meet
) -> None:
    ana, chat = meet("Ana", code)
    greeting = asked(chat, ana, "/start")
    assert greeting.text.startswith(hello[0])
    assert greeting.text.count(".") == 2
    assert "/help" in greeting.text
    assert buttons(greeting) == [hello[1]]


def test_an_example_shows_an_answer_and_is_no_photo_of_the_person(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    greeting = asked(chat, ana, "/start")
    assert tapped(chat, ana, greeting, "Try an example") == ""
    example = said(chat, greeting)
    assert example.text.startswith("This is how I answer a photo of Eiffel Tower:\n\n🏛 Eiffel Tower\nParis, France\n▰")
    assert asked(chat, ana, "/places").text == "You have not sent me a photo of a landmark yet."
    assert bot.rows("SELECT count(*) FROM telegram_answer WHERE user_id = ?", ana.id) == [(0,)]


def test_the_answer_to_a_photo_is_in_the_persons_language_too(meet: Meet) -> None:
    ana, chat = meet("Ana", "de")
    reply = answer(chat, chat.send_photo(ana, picture(RED, 40)))
    assert reply.text.splitlines()[1] == "Paris, Frankreich"
    assert "✔ Stimmt" in buttons(reply)
    unsure = answer(chat, chat.send_photo(ana, picture(GREY, 40)))
    assert unsure.text.startswith("Kein Wahrzeichen, das ich kenne.")


def test_landmarks_are_named_in_the_persons_language(meet: Meet) -> None:
    ana, chat = meet("Ana", "ru")
    reply = answer(chat, chat.send_photo(ana, picture(RED, 90)))
    assert reply.text.startswith("🏛 Эйфелева башня\nПариж, Франция\n")  # noqa: RUF001, Cyrillic letters
    assert "#ЭйфелеваБашня #Париж" in reply.text
    assert reply.text.endswith("Новая страна на твоих фото: Франция")
    other = answer(chat, chat.send_photo(ana, picture(GREEN, 90)))
    assert "Эйфелева башня" in buttons(other)
    tapped(chat, ana, other, "Эйфелева башня")
    assert other.text.endswith("✔ Записано: Эйфелева башня. Спасибо!")
    tapped(chat, ana, reply, "Карта")
    venue = sent(chat, reply, "venue").json["venue"]
    assert (venue["title"], venue["address"]) == ("Эйфелева башня", "Париж, Франция")
    assert asked(chat, ana, "/places").text.splitlines()[2:] == ["Франция: Эйфелева башня (2)"]
    assert asked(chat, ana, "/find eiffel").text.startswith("Эйфелева башня, Париж, Франция\n2 твоих фото")
    assert "Франция: Эйфелева башня" in asked(chat, ana, "/labels").text


@pytest.mark.parametrize(
    ("code", "lines"),
    [("pt-br", "🏛 Torre Eiffel\nParis, França\n"), ("hi", "🏛 एफ़िल टॉवर\nParis, फ़्रांस\n"), ("eo", "🏛 Eiffel Tower\n")],
)
def test_names_are_in_the_persons_language_even_if_the_bot_does_not_speak_it(meet: Meet, code: str, lines: str) -> None:
    ana, chat = meet("Ana", code)
    reply = answer(chat, chat.send_photo(ana, picture(RED, 91)))
    assert reply.text.startswith(lines)
    assert "A new country in your photos: " in reply.text
    found = asked(chat, ana, "/find एफिल टॉवर")
    assert found.text.split(",")[0] == lines.split()[1] + " " + lines.split()[2]
    tapped(chat, ana, asked(chat, ana, "/language"), "English")
    assert asked(chat, ana, "/find eiffelturm").text.startswith("Eiffel Tower, Paris, France")


def test_help_names_every_command(meet: Meet) -> None:
    ana, chat = meet()
    text = asked(chat, ana, "/help").text
    for command in ("places", "find", "map", "stats", "labels", "language", "privacy", "export", "forget"):
        assert f"/{command} – " in text


def test_a_chosen_language_is_kept(meet: Meet) -> None:
    ana, chat = meet()
    question = asked(chat, ana, "/language")
    assert buttons(question) == ["English", "Deutsch", "Español", "Français", "Русский"]
    tapped(chat, ana, question, "Français")
    assert question.text == "À partir de maintenant, je parle français."
    assert asked(chat, ana, "/start").text.startswith("Envoie-moi")
    assert asked(chat, ana, "/language es").text == "A partir de ahora hablo español."


def test_places_lists_what_was_sent_by_country_and_landmark(meet: Meet) -> None:
    ana, chat = with_photos(meet, 41)
    assert asked(chat, ana, "/places").text.splitlines()[2:] == [
        "China: Great Wall of China (1)",
        "France: Eiffel Tower (2)",
    ]


def test_a_correction_moves_a_photo_in_the_listings(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 45)))
    tapped(chat, ana, reply, "Tokyo Skytree")
    assert asked(chat, ana, "/places").text.endswith("Japan: Tokyo Skytree (1)")
    assert "decided by you" in asked(chat, ana, "/find skytree").text


def test_find_takes_a_part_of_a_name_and_pages(meet: Meet) -> None:
    ana, chat = meet()
    for number in range(50, 60):
        answer(chat, chat.send_photo(ana, picture(RED, number)))
    found = asked(chat, ana, "/find eiffel")
    assert found.text.startswith("Eiffel Tower, Paris, France\n10 photos of yours\n\n• ")
    assert found.text.endswith("1/2")
    tapped(chat, ana, found, "▶")
    assert found.text.endswith("2/2")
    assert found.text.count("•") == 2
    tapped(chat, ana, found, "◀")
    assert found.text.count("•") == 8


def test_find_says_what_it_does_not_find(meet: Meet) -> None:
    ana, chat = with_photos(meet, 61)
    assert asked(chat, ana, "/find skytree").text == "You have not sent me a photo of “skytree” yet."
    assert asked(chat, ana, "/find <b>").text == "You have not sent me a photo of “<b>” yet."
    assert asked(chat, ana, "/find").text.startswith("Which landmark?")


def test_the_map_is_geojson_or_kml(bot: RunningBot, meet: Meet) -> None:
    ana, chat = with_photos(meet, 65)
    message = asked(chat, ana, "/map")
    features = json.loads(document(bot, message))["features"]
    assert [feature["properties"]["name"] for feature in features] == ["Eiffel Tower", "Great Wall of China"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [2.2945, 48.8584]}
    tapped(chat, ana, message, "KML")
    kml = ElementTree.fromstring(document(bot, sent(chat, message, "document")))
    places = kml.iter("{http://www.opengis.net/kml/2.2}coordinates")
    assert [place.text for place in places] == ["2.2945,48.8584", "116.02,40.3599"]


def test_the_map_is_also_a_picture_of_the_world(bot: RunningBot, meet: Meet) -> None:
    ana, chat = with_photos(meet, 85)
    file = asked(chat, ana, "/map")
    picture_of_world = sent(chat, file, "photo")
    assert picture_of_world.text == "China, France"
    sizes = [(size["width"], size["height"]) for size in picture_of_world.json["photo"]]
    assert max(sizes) == (1280, 505)
    bot.server.faults.next("sendPhoto", Refused(400, "Bad Request: not enough rights to send photos"), chat_id=ana.id)
    asked(chat, ana, "/map")
    bot.settle()
    assert [message.kind for message in chat.from_bot[-3:]] == ["document", "photo", "document"]


def test_the_map_is_kml_at_once_if_it_is_asked_for_so(bot: RunningBot, meet: Meet) -> None:
    ana, chat = with_photos(meet, 80)
    message = asked(chat, ana, "/map KML")
    assert (message.json["document"]["file_name"], message.text, buttons(message)) == ("places.kml", "2 landmarks", [])
    marks = ElementTree.fromstring(document(bot, message)).iter("{http://www.opengis.net/kml/2.2}Placemark")
    assert [[each.text for each in mark][:2] for mark in marks] == [["Eiffel Tower", "2"], ["Great Wall of China", "1"]]


@pytest.mark.process
def test_a_landmark_without_a_place_is_on_no_map(server: BotApiServer, tmp_path: Path) -> None:
    home = LandmarkClass("home", "Home", threshold=0.7)
    with RunningBot(server, bundle(tmp_path, (home, WALL, SKYTREE)), tmp_path):
        ana = server.person(1, "Ana")
        chat = ana.private()
        reply = answer(chat, chat.send_photo(ana, picture(RED)))
        assert reply.text.splitlines()[:2] == ["🏛 Home", "▰▰▰▰▰▰▰▰▰▰ 96%"]
        assert "📍 Map" not in buttons(reply)
        assert asked(chat, ana, "/map").text == "I do not know where the places in your photos are."
        assert asked(chat, ana, "/places").text.splitlines()[2:] == ["Home (1)"]
        assert asked(chat, ana, "/find home").text.startswith("Home\n1 photo of yours")
        assert "Countries: 0" in asked(chat, ana, "/stats").text
        green = answer(chat, chat.send_photo(ana, picture(GREEN)))
        assert "📍 Map" in buttons(green)
        assert asked(chat, ana, "/map").text == "1 landmark"
    assert server.violations == []


def test_stats_count_photos_landmarks_countries_and_decisions(meet: Meet) -> None:
    ana, chat = with_photos(meet, 69)
    tapped(chat, ana, chat.from_bot[0], "Right")
    assert asked(chat, ana, "/stats").text.splitlines() == [
        "Photos: 4",
        "With a landmark: 3",
        "Landmarks: 2",
        "Countries: 2",
        "Decided by you: 1",
    ]


def test_labels_lists_what_the_model_knows(meet: Meet) -> None:
    ana, chat = meet()
    assert asked(chat, ana, "/labels").text == (
        "I know 3 landmarks:\n\nChina: Great Wall of China\nFrance: Eiffel Tower\nJapan: Tokyo Skytree"
    )


def test_privacy_says_what_is_kept(meet: Meet) -> None:
    ana, chat = meet()
    text = asked(chat, ana, "/privacy").text
    assert text.startswith("Your photos are deleted as soon as I have looked at them.")
    assert "/forget" in text


@pytest.mark.parametrize("command", ["/places", "/map", "/stats"])
def test_who_has_sent_nothing_is_told_so(command: str, meet: Meet) -> None:
    ana, chat = meet()
    assert asked(chat, ana, command).text == "You have not sent me a photo of a landmark yet."


def test_nobody_sees_anothers_places(meet: Meet) -> None:
    with_photos(meet, 73)
    ben, chat = meet("Ben")
    answer(chat, chat.send_photo(ben, picture(BLUE, 73)))
    assert asked(chat, ben, "/places").text.endswith("\n\nJapan: Tokyo Skytree (1)")


def test_export_holds_all_rows_about_a_person(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 77)))
    tapped(chat, ana, reply, "Right")
    exported = json.loads(document(bot, asked(chat, ana, "/export")))
    assert exported["telegram_user"] == ana.id
    assert [(row["name"], row["message_id"]) for row in exported["photos"]] == [("Eiffel Tower", 1)]
    assert exported["suggestions"][0]["name"] == "Eiffel Tower"
    assert [(row["verdict"], row["name"]) for row in exported["decisions"]] == [("shows", "Eiffel Tower")]


def test_commands_and_descriptions_are_set_in_each_language(bot: RunningBot) -> None:
    bot.server.state.wait(lambda: len(bot.server.calls("setMyShortDescription")) == 6, 60, "the bot's profile")
    codes = [call.parameters.get("language_code") for call in bot.server.calls("setMyCommands")]
    assert codes == [None, "en", "de", "es", "fr", "ru"]
    german = bot.server.calls("setMyCommands")[2].parameters["commands"]
    assert german[0] == {"command": "help", "description": "Was ich kann"}
