"""Answers to a photo, a file, an album, or something else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PIL import Image

from tests.bot.conftest import Meet, Start
from tests.bot.running import (
    GREY,
    LIKELY,
    RED,
    RunningBot,
    answer,
    buttons,
    picture,
    said,
)
from tests.botapi import BotApiServer
from tests.drawn import encoded


def test_a_photo_is_answered_by_one_reply_with_names_places_and_shares(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    assert reply.text.splitlines()[:3] == ["🏛 Eiffel Tower", "Paris, France", "▰▰▰▰▰▰▰▰▰▰ 96%"]
    assert "• Great Wall of China, Badaling, Beijing, China: 2%" in reply.text
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
    assert reply.text.startswith("No landmark that I know.\nThe closest guesses, all unsure:")
    assert sorted(buttons(reply)[:3]) == ["Eiffel Tower", "Great Wall of China", "Tokyo Skytree"]
    assert "✔ Right" not in buttons(reply)


def test_a_photo_whose_answer_was_undone_is_told_so_when_it_is_sent_again(server: BotApiServer, start: Start) -> None:
    bot, ana = start(), server.person(1, "Ana")
    chat = ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    assert bot.stop() == 0
    subprocess.run([sys.executable, "-m", "tagger", "runs", "undo", "1", "--yes", "--db", bot.url], check=True)
    bot.start()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    assert reply.text.startswith("My earlier answer to this photo was withdrawn.")
    assert buttons(reply) == ["Something else …", "None of these"]


def test_a_photo_that_was_sent_before_is_neither_fetched_nor_looked_at_again(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first = answer(chat, chat.send_photo(ana, picture(RED, 2)))
    fetched = len(bot.server.calls("getFile"))
    again = answer(chat, chat.send_photo(ana, picture(RED, 2)))
    assert again.text == first.text.replace("\n\n🎉 A new country in your photos: France", "")
    assert len(bot.server.calls("getFile")) == fetched


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7 nothing to see", "I cannot read this file as an image."),
        (picture(RED)[:900], "This image ends in the middle"),
        (b"\xff\xd8\xff\xe0" + b"damaged" * 300, "This image"),
    ],
)
def test_a_file_that_cannot_be_read_gets_a_friendly_sentence(content: bytes, sentence: str, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_document(ana, content, "a.bin", "application/octet-stream"))
    assert reply.text.startswith(sentence)
    assert reply.keyboard == []


@pytest.mark.parametrize(
    ("send", "sentence"),
    [
        ("send_video", "I cannot watch videos yet."),
        ("send_sticker", "A nice sticker!"),
        ("send_animation", "I cannot watch animations yet."),
        ("send_video_note", "I cannot watch videos yet."),
        ("send_voice", "I can only look, not listen."),
        ("send_audio", "I can only look, not listen."),
    ],
)
def test_what_is_no_photo_gets_a_sentence_of_its_own(send: str, sentence: str, meet: Meet) -> None:
    ana, chat = meet()
    assert said(chat, getattr(chat, send)(ana)).text.startswith(sentence)


def test_a_photo_that_is_broken_gets_a_friendly_sentence(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED)[:900]))
    assert reply.text == "This image ends in the middle, so I cannot read it. Please send it again."


def test_a_text_and_a_place_are_answered_too(meet: Meet) -> None:
    ana, chat = meet()
    assert said(chat, chat.send_text(ana, "What can you do?")).text.startswith("Send me a photo")
    assert said(chat, chat.send_location(ana, 48.85, 2.29)).text.startswith("The landmarks nearest to you:")


def test_a_bot_with_a_minimum_score_takes_back_what_it_was_less_sure_of(server: BotApiServer, start: Start) -> None:
    usual, ana = start(), server.person(1, "Ana")
    chat, likely = ana.private(), encoded(Image.new("RGB", (300, 200), LIKELY), "PNG")
    assert answer(chat, chat.send_document(ana, likely, "a.png", "image/png")).text.startswith("🏛 Eiffel Tower")
    assert usual.stop() == 0
    start(min_score=0.95)
    reply = answer(chat, chat.send_document(ana, likely, "a.png", "image/png"))
    assert reply.text.startswith("No landmark that I know.")


def test_service_messages_are_not_answered(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    pinned = chat.send_text(ana, "/labels")
    said(chat, pinned)
    in_private: list[dict[str, object]] = [
        {"pinned_message": pinned.json},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86_400}},
        {"write_access_allowed": {"from_request": True}},
        {"chat_background_set": {"type": {"type": "fill"}}},
        {"something_that_telegram_adds_next_year": {}},
    ]
    for content in in_private:
        chat.send_service(ana, **content)
    bot.settle()
    assert len(chat.from_bot) == 1
    trip = bot.server.group(-5010, "Trip", [ana])
    in_group: list[dict[str, object]] = [
        {"new_chat_title": "Trips"},
        {"new_chat_members": []},
        {"group_chat_created": True},
    ]
    for content in in_group:
        trip.send_service(ana, **content)
    bot.settle()
    assert trip.from_bot == []


@pytest.mark.parametrize("kind", ["contact", "poll", "dice", "venue", "story", "game"])
def test_whatever_else_people_send_is_answered(kind: str, meet: Meet) -> None:
    ana, chat = meet()
    assert said(chat, chat.send_service(ana, **{kind: {"id": "1"}})).text.startswith("I can only look at photos.")
