"""After "Something else" only the next message is a name, and only for five minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select, update

from db.engine import open_store
from db.schema.telegram import TelegramQuestion
from tests.bot.conftest import Meet, Start
from tests.bot.running import BLUE, GREY, RED, RunningBot, answer, buttons, picture, said, tapped
from tests.botapi import BotApiServer, Message, PeopleChat, Person

GROUPS = count(-9800, -1)
NUMBERS = count(400)
TEXT = "Send me a photo, and I will tell you which landmark it shows. More: /help"
QUESTION = "Which landmark is it? Type its name."

Act = Callable[[PeopleChat, Person], Message]

OTHER_MESSAGES: dict[str, Act] = {
    "a photo": lambda chat, ana: chat.send_photo(ana, picture(BLUE, next(NUMBERS))),
    "a broken photo": lambda chat, ana: chat.send_photo(ana, picture(RED)[:900]),
    "a file": lambda chat, ana: chat.send_document(ana, picture(BLUE, next(NUMBERS)), "a.jpg", "image/jpeg"),
    "an album": lambda chat, ana: chat.send_album(ana, [picture(BLUE, next(NUMBERS)), picture(RED, next(NUMBERS))])[0],
    "a sticker": lambda chat, ana: chat.send_sticker(ana),
    "a location": lambda chat, ana: chat.send_location(ana, 48.8, 2.3),
    "a command": lambda chat, ana: chat.send_text(ana, "/labels"),
    "a file command": lambda chat, ana: chat.send_text(ana, "/export"),
    "/suggest": lambda chat, ana: chat.send_text(ana, "/suggest", reply_to=chat.messages[0]),
    "/cancel": lambda chat, ana: chat.send_text(ana, "/cancel"),
    "another text": lambda chat, ana: chat.send_text(ana, "Great Wall of China"),
}


def asked(chat: PeopleChat, person: Person, colour: tuple[int, int, int] = GREY) -> tuple[Message, Message]:
    """An answer, and the question for the name of its landmark."""
    reply = answer(chat, chat.send_photo(person, picture(colour, next(NUMBERS)), "@landmark_bot"))
    tapped(chat, person, reply, "Something else")
    return reply, said(chat, reply)


@pytest.mark.parametrize("what", OTHER_MESSAGES)
def test_the_question_ends_with_the_next_message_whatever_it_is(what: str, bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    _, question = asked(chat, ana)
    OTHER_MESSAGES[what](chat, ana)
    bot.settle()
    for reply_to in (None, question):
        assert said(chat, chat.send_text(ana, "Tokyo Skytree", reply_to=reply_to)).text == TEXT
    assert bot.rows("SELECT count(*) FROM telegram_question WHERE user_id = ?", ana.id) == [(0,)]


def test_cancel_says_what_it_did(meet: Meet) -> None:
    ana, chat = meet()
    asked(chat, ana)
    assert said(chat, chat.send_text(ana, "/cancel")).text == "All right, no name."
    assert said(chat, chat.send_text(ana, "/cancel")).text == "There is nothing to cancel."


def test_a_name_that_is_not_understood_is_asked_for_again_until_cancel(meet: Meet) -> None:
    ana, chat = meet()
    asked(chat, ana)
    for _ in range(2):
        again = said(chat, chat.send_text(ana, "xyzzy"))
        assert again.text.startswith("I do not know a landmark by that name.")
    said(chat, chat.send_text(ana, "/cancel"))
    assert said(chat, chat.send_text(ana, "Eiffel Tower", reply_to=again)).text == TEXT


def test_a_tap_on_the_answer_ends_the_question(meet: Meet) -> None:
    ana, chat = meet()
    reply, _ = asked(chat, ana)
    tapped(chat, ana, reply, "None of these")
    assert said(chat, chat.send_text(ana, "Eiffel Tower")).text == TEXT


def test_only_the_last_question_is_open(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first, _ = asked(chat, ana)
    second, _ = asked(chat, ana)
    assert said(chat, chat.send_text(ana, "Eiffel Tower")).text.startswith("✔ Noted: Eiffel Tower.")
    bot.settle()
    assert "Noted" in second.text
    assert "Noted" not in first.text
    assert said(chat, chat.send_text(ana, "Tokyo Skytree")).text == TEXT


def age_questions(bot: RunningBot, minutes: float) -> None:
    with open_store(bot.url) as store, store.write() as connection:
        for row in connection.execute(select(TelegramQuestion.__table__)).all():
            older = update(TelegramQuestion).where(TelegramQuestion.message_id == row.message_id)
            connection.execute(older.values(asked_at=row.asked_at - timedelta(minutes=minutes)))


@pytest.mark.parametrize(("minutes", "is_open"), [(4.5, True), (5.1, False)])
def test_after_five_minutes_a_text_is_no_name(
    minutes: float, is_open: bool, server: BotApiServer, start: Start
) -> None:
    bot, ana = start(), server.person(1, "Ana")
    chat = ana.private()
    _, question = asked(chat, ana)
    bot.settle()
    age_questions(bot, minutes)
    text = said(chat, chat.send_text(ana, "Eiffel Tower", reply_to=question)).text
    assert text.startswith("✔ Noted: Eiffel Tower.") if is_open else text == TEXT


def test_a_name_typed_while_the_bot_was_down_is_taken(server: BotApiServer, start: Start) -> None:
    bot, ana = start(), server.person(1, "Ana")
    chat = ana.private()
    asked(chat, ana)
    bot.settle()
    bot.kill()
    typed = chat.send_text(ana, "Eiffel Tower")
    age_questions(bot, 4)
    typed.json["date"] -= 240
    bot.start()
    assert said(chat, typed).text.startswith("✔ Noted: Eiffel Tower.")


def test_in_a_group_each_person_has_their_own_question(bot: RunningBot, meet: Meet) -> None:
    ana, ben = meet()[0], meet("Ben")[0]
    trip = bot.server.group(next(GROUPS), "Trip", [ana, ben])
    reply, of_ana = asked(trip, ana)
    tapped(trip, ben, reply, "Something else")
    of_ben = said(trip, of_ana)
    trip.send_text(ana, "Eiffel Tower")  # not a reply: people talk to each other
    trip.send_photo(ben, picture(RED, next(NUMBERS)))
    assert answer(trip, trip.send_text(ana, "Eiffel Tower", reply_to=of_ana)).text.startswith("✔ Noted: Eiffel Tower.")
    assert reply.text.endswith("👤 Ana\n✔ Noted: Eiffel Tower. Thank you!")
    assert answer(trip, trip.send_text(ben, "Tokyo Skytree", reply_to=of_ben)).text.startswith(
        "✔ Noted: Tokyo Skytree."
    )
    assert reply.text.endswith("👤 Ben\n✔ Noted: Tokyo Skytree. Thank you!")
    for question in (of_ana, of_ben):
        trip.send_text(ana, "Great Wall of China", reply_to=question)
    bot.settle()
    assert reply.text.endswith("👤 Ben\n✔ Noted: Tokyo Skytree. Thank you!")


def test_in_a_group_nobody_ends_somebody_elses_question(bot: RunningBot, meet: Meet) -> None:
    ana, ben = meet()[0], meet("Ben")[0]
    trip = bot.server.group(next(GROUPS), "Trip", [ana, ben])
    _, question = asked(trip, ana)
    answer(trip, trip.send_photo(ben, picture(RED, next(NUMBERS)), "@landmark_bot"))
    trip.send_text(ben, "/cancel")
    answer(trip, trip.send_text(ben, "/labels"))
    assert answer(trip, trip.send_text(ana, "/cancel")).text == "All right, no name."
    trip.send_text(ana, "Eiffel Tower", reply_to=question)
    bot.settle()
    assert trip.from_bot[-1].text == "All right, no name."


@pytest.mark.parametrize(
    "text",
    [
        "all",
        "great weather today",
        "great pizza",
        "tha hall",
        "of",
        "I love China",
        "tower",
        "no idea",
        "Paris Hilton",
        "🗼",
    ],
)
def test_a_text_far_from_all_names_is_not_offered_one(text: str, meet: Meet) -> None:
    ana, chat = meet()
    asked(chat, ana)
    reply = said(chat, chat.send_text(ana, text))
    if text == "tower":
        assert buttons(reply) == ["Eiffel Tower", "None of these"]
    else:
        assert reply.text.startswith("I do not know a landmark by that name."), buttons(reply)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("eifel", "Eiffel Tower"),
        ("the eiffel towr", "Eiffel Tower"),
        ("tour eifel", "Eiffel Tower"),
        ("Parsi", "Eiffel Tower"),
        ("great wal", "Great Wall of China"),
        ("graet wall of cina", "Great Wall of China"),
        ("chinawall", ""),
        ("skytre", "Tokyo Skytree"),
        ("tokio", "Tokyo Skytree"),
    ],
)
def test_a_mistyped_or_partial_name_is_understood(text: str, name: str, meet: Meet) -> None:
    ana, chat = meet()
    asked(chat, ana)
    reply = said(chat, chat.send_text(ana, text))
    assert buttons(reply) == ([name, "None of these"] if name else [])
