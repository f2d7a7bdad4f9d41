"""Images sent as files: all formats, coordinates, and files that cannot be read."""

from __future__ import annotations

import io

import pillow_heif
import pytest
from PIL import Image

from tests.bot.conftest import Meet, Start
from tests.bot.running import BLUE, GREEN, LIKELY, RED, UNSURE, RunningBot, answer, buttons, gps_photo, picture, said
from tests.botapi import BotApiServer, Message, PeopleChat, Person, Refused
from tests.drawn import encoded


def file(chat: PeopleChat, person: Person, content: bytes, name: str = "a.jpg") -> Message:
    """The answer to a file."""
    return answer(chat, chat.send_document(person, content, name, "image/jpeg"))


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "HEIF"])
def test_a_file_works_like_a_photo(image_format: str, meet: Meet) -> None:
    if image_format == "HEIF":
        pillow_heif.register_heif_opener()
    ana, chat = meet()
    content = encoded(Image.new("RGB", (300, 200), GREEN), image_format)
    name = f"wall.{image_format.lower()}"
    reply = answer(chat, chat.send_document(ana, content, name, f"image/{image_format.lower()}"))
    assert reply.text.startswith("🏛 Great Wall of China")


def test_coordinates_nearby_raise_a_landmark_and_say_so(meet: Meet) -> None:
    ana, chat = meet()
    alone = answer(chat, chat.send_photo(ana, picture(UNSURE)))
    assert alone.text.startswith("No landmark that I know.")
    reply = answer(chat, chat.send_document(ana, gps_photo(UNSURE, 48.86, 2.30), "a.jpg", "image/jpeg"))
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "taken 0.4 km from Eiffel Tower. That makes it likelier." in reply.text


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "HEIF"])
def test_coordinates_are_found_in_every_format(image_format: str, meet: Meet) -> None:
    if image_format == "HEIF":
        pillow_heif.register_heif_opener()
    ana, chat = meet()
    reply = file(chat, ana, gps_photo(RED, 48.86, 2.30, image_format))
    assert "taken 0.4 km from Eiffel Tower" in reply.text


def test_coordinates_far_away_are_said_to_contradict(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_document(ana, gps_photo(RED, 36.11, -115.17), "vegas.jpg", "image/jpeg"))
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "But by its coordinates, the photo was taken 8,733 km from Eiffel Tower" in reply.text


def test_coordinates_far_away_that_make_an_answer_unsure_are_told(meet: Meet) -> None:
    ana, chat = meet()
    reply = file(chat, ana, gps_photo(LIKELY, 36.11, -115.17))
    assert reply.text.startswith("No landmark that I know.")
    assert "But by its coordinates, the photo was taken 8,733 km from Eiffel Tower" in reply.text


def test_a_file_over_20_mb_is_refused_before_anything_is_downloaded(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    before = len(bot.server.calls("getFile"))
    message = chat.send_document(ana, picture(RED), "huge.jpg", "image/jpeg", file_size=20_000_001)
    assert "20 MB is the limit" in answer(chat, message).text
    assert len(bot.server.calls("getFile")) == before


def test_a_file_that_telegram_finds_too_big_is_told_so(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    bot.server.faults.next("getFile", Refused(400, "Bad Request: file is too big"))  # it may leave the size out
    reply = file(chat, ana, picture(RED, 102))
    assert reply.text == "This file is too large for me (20 MB is the limit). Please send it as a photo instead."


def test_a_limit_of_the_operator_is_told(server: BotApiServer, start: Start) -> None:
    start(max_file_bytes=2_500_000)
    ana = server.person(1, "Ana")
    reply = file(ana.private(), ana, picture(RED) + bytes(2_600_000))
    assert reply.text == "This file is too large for me (2.5 MB is the limit). Please send it as a photo instead."


def test_too_many_pixels_are_called_that(server: BotApiServer, start: Start) -> None:
    start(max_pixels=1_000_000)
    ana = server.person(1, "Ana")
    chat = ana.private()
    bomb = encoded(Image.new("L", (2000, 2000)), "PNG")
    reply = answer(chat, chat.send_document(ana, bomb, "large.png", "image/png"))
    assert reply.text == "This image has too many pixels for me. Please send it as a photo instead."


def test_a_file_that_telegram_refuses_is_not_asked_for_again(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    bot.server.faults.next("getFile", Refused(400, "Bad Request: wrong file_id"))
    reply = file(chat, ana, picture(RED, 103))
    assert reply.text == "Telegram did not give me this file. Perhaps another photo works."


def test_a_picture_with_an_alpha_channel_is_no_problem(meet: Meet) -> None:
    ana, chat = meet()
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (*BLUE, 255)).save(buffer, "PNG")
    assert answer(chat, chat.send_document(ana, buffer.getvalue(), "a.png", "image/png")).text.startswith("🏛 Tokyo")


def test_a_file_shows_that_work_goes_on_and_can_be_corrected_like_a_photo(meet: Meet) -> None:
    ana, chat = meet()
    reply = file(chat, ana, picture(RED, 100))
    assert [name for name, _ in chat.actions] == ["typing"]
    assert chat.actions[0][1] < reply.at
    assert buttons(reply)[:2] == ["✔ Right", "📍 Map"]


def test_a_file_that_says_it_is_no_image_is_looked_at_all_the_same(meet: Meet) -> None:
    ana, chat = meet()
    message = chat.send_document(ana, picture(GREEN, 101), "holiday.dat", "application/octet-stream")
    assert answer(chat, message).text.startswith("🏛 Great Wall of China")


def test_coordinates_neither_near_nor_far_are_not_spoken_of(meet: Meet) -> None:
    ana, chat = meet()
    assert "km" not in file(chat, ana, gps_photo(RED, 49.0, 2.55)).text  # 25 km from the tower


def test_coordinates_do_not_contradict_what_is_only_guessed(meet: Meet) -> None:
    ana, chat = meet()
    reply = file(chat, ana, gps_photo(UNSURE, 36.11, -115.17))
    assert reply.text.startswith("No landmark that I know.")
    assert "km" not in reply.text


def test_an_empty_file_gets_a_friendly_sentence(meet: Meet) -> None:
    ana, chat = meet()
    assert file(chat, ana, b"").text == "This file is empty. Please send it again."


def test_one_content_is_looked_at_once_however_often_it_comes(server: BotApiServer, start: Start) -> None:
    bot, content = start(bot_admin_chat=1), picture(GREEN)
    people = [server.person(number, f"Person {number}") for number in range(1, 6)]
    with server.state.changed:
        sent = [(each.private(), each.private().send_document(each, content, "a", "image/jpeg")) for each in people]
    assert {answer(chat, message).text.splitlines()[0] for chat, message in sent} == {"🏛 Great Wall of China"}
    bot.settle()
    health = said(people[0].private(), people[0].private().send_text(people[0], "/health"))
    assert "since start: 5 tagged, 0 without a known landmark, 0 failed, 4 known by content" in health.text
