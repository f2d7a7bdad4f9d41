"""What a person gets who sends a photo, a file, an album, or something else."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.app.bot.conftest import Meet
from tests.app.bot.running import (
    ANSWER_S,
    BLUE,
    GREEN,
    GREY,
    RED,
    RunningBot,
    answer,
    buttons,
    gps_photo,
    picture,
    said,
)
from tests.drawn import encoded

UNSURE = (170, 85, 85)  # between grey and red


def test_a_photo_is_answered_by_one_reply_with_names_places_and_shares(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    assert reply.text.splitlines()[:3] == ["🏛 Eiffel Tower", "Paris, France", "▰▰▰▰▰▰▰▰▰▰ 99%"]
    assert "• Great Wall of China, Badaling, Beijing, China: <1%" in reply.text
    assert buttons(reply) == [
        "✔ Right", "📍 Map", "Great Wall of China", "Tokyo Skytree", "Something else …", "None of these",
    ]  # fmt: skip


def test_typing_is_shown_before_the_answer(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 1)))
    (action,) = chat.actions
    assert action[0] == "typing"
    assert action[1] < reply.at
    assert len(bot.server.answers_to(chat.messages[0])) == 1


def test_below_the_threshold_the_answer_is_honest_with_the_nearest_three(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(GREY)))
    assert reply.text.startswith("No landmark that I know.\nThe nearest, all unsure:")
    assert sorted(buttons(reply)[:3]) == ["Eiffel Tower", "Great Wall of China", "Tokyo Skytree"]
    assert "✔ Right" not in buttons(reply)


def test_a_photo_that_was_sent_before_is_neither_fetched_nor_looked_at_again(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first = answer(chat, chat.send_photo(ana, picture(RED, 2)))
    fetched = len(bot.server.calls("getFile"))
    again = answer(chat, chat.send_photo(ana, picture(RED, 2)))
    assert again.text == first.text
    assert len(bot.server.calls("getFile")) == fetched


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "TIFF", "HEIF"])
def test_a_file_works_like_a_photo(image_format: str, meet: Meet) -> None:
    if image_format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
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
    assert "coordinates are 0.4 km from Eiffel Tower, which speaks for it" in reply.text


def test_coordinates_far_away_are_said_to_contradict(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_document(ana, gps_photo(RED, 36.11, -115.17), "vegas.jpg", "image/jpeg"))
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "But the file's own coordinates are 8,733 km from Eiffel Tower" in reply.text


def test_an_album_has_one_answer_whatever_the_order_of_its_photos(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    photos = [picture(RED, 3), picture(RED, 4), picture(BLUE, 3), picture(GREY, 3)]
    messages = chat.send_album(ana, photos, "Holidays", order=[2, 0, 3, 1])
    reply = answer(chat, messages[0])
    bot.server.wait_until_quiet(1.0, ANSWER_S)
    assert [message.text for message in chat.from_bot] == [reply.text]
    assert "🏛 Eiffel Tower\nParis, France\n▰▰▰▰▰▰▰▰▰▰ 99% · on 2 of 4 photos" in reply.text
    assert "🏛 Tokyo Skytree\nTokyo, Japan\n▰▰▰▰▰▰▰▰▰▰ 99% · on 1 of 4 photos" in reply.text


def test_a_photo_that_comes_late_to_its_album_changes_the_answer(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first = chat.send_photo(ana, picture(RED, 5), media_group_id="late")
    reply = answer(chat, first)
    chat.send_photo(ana, picture(BLUE, 5), media_group_id="late")
    chat.wait_for_edit(reply, timeout_s=ANSWER_S)
    bot.server.wait_until_quiet(0.5, ANSWER_S)
    assert "Eiffel Tower\nParis, France\n▰▰▰▰▰▰▰▰▰▰ 99% · on 1 of 2" in reply.text
    assert "🏛 Tokyo Skytree" in reply.text
    assert len(chat.from_bot) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7 nothing to see", "This file is no image that I can read."),
        (picture(RED)[:900], "This image ends in the middle"),
        (b"\xff\xd8\xff\xe0" + b"damaged" * 300, "This image"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_friendly_sentence(content: bytes, sentence: str, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_document(ana, content, "a.bin", "application/octet-stream"))
    assert reply.text.startswith(sentence)
    assert reply.keyboard == []


def test_a_file_over_20_mb_is_refused_before_anything_is_downloaded(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    before = len(bot.server.calls("getFile"))
    message = chat.send_document(ana, picture(RED), "huge.jpg", "image/jpeg", file_size=20_000_001)
    assert "20 MB is the limit" in answer(chat, message).text
    assert len(bot.server.calls("getFile")) == before


@pytest.mark.parametrize(
    ("send", "sentence"),
    [
        ("send_video", "I cannot watch videos yet."),
        ("send_sticker", "A nice sticker!"),
        ("send_voice", "I can only look, not listen."),
    ],
)
def test_what_is_no_photo_gets_a_sentence_of_its_own(send: str, sentence: str, meet: Meet) -> None:
    ana, chat = meet()
    assert said(chat, getattr(chat, send)(ana)).text.startswith(sentence)


def test_a_text_and_a_place_are_answered_too(meet: Meet) -> None:
    ana, chat = meet()
    assert said(chat, chat.send_text(ana, "What can you do?")).text.startswith("Send me a photo")
    assert said(chat, chat.send_location(ana, 48.85, 2.29)).text.startswith("I can only look at photos.")


def test_in_a_group_only_photos_that_mean_the_bot_are_answered(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5000, "Trip", [ana])
    trip.send_photo(ana, picture(RED, 6), "Nice, is it not?")
    trip.send_text(ana, "hello everybody")
    mentioned = trip.send_photo(ana, picture(RED, 7), "@landmark_bot where is this?")
    reply = answer(trip, mentioned)
    commanded = trip.send_photo(ana, picture(BLUE, 7), "/where")
    replied = trip.send_photo(ana, picture(GREEN, 7), reply_to=reply)
    assert answer(trip, commanded).text.startswith("🏛 Tokyo Skytree")
    assert answer(trip, replied).text.startswith("🏛 Great Wall")
    bot.server.wait_until_quiet(0.5, ANSWER_S)
    assert len(trip.from_bot) == 3


def test_in_a_group_an_album_is_meant_if_one_of_its_photos_is(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5001, "Trip", [ana])
    trip.send_album(ana, [picture(RED, 8), picture(BLUE, 8)], "us")
    meant = trip.send_album(ana, [picture(RED, 9), picture(BLUE, 9)], "@landmark_bot", order=[1, 0])
    reply = answer(trip, meant[0])
    bot.server.wait_until_quiet(1.0, ANSWER_S)
    assert "🏛 Eiffel Tower" in reply.text
    assert "🏛 Tokyo Skytree" in reply.text
    assert len(trip.from_bot) == 1


def test_coordinates_are_not_shown_to_a_group(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = bot.server.group(-5002, "Trip", [ana])
    photo = trip.send_document(ana, gps_photo(RED, 48.86, 2.30), "a.jpg", "image/jpeg", "@landmark_bot")
    reply = answer(trip, photo)
    assert reply.text.startswith("🏛 Eiffel Tower")
    assert "km" not in reply.text


def test_a_picture_with_an_alpha_channel_is_no_problem(meet: Meet) -> None:
    ana, chat = meet()
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (*BLUE, 255)).save(buffer, "PNG")
    assert answer(chat, chat.send_document(ana, buffer.getvalue(), "a.png", "image/png")).text.startswith("🏛 Tokyo")
