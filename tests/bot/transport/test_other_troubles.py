"""Failures around everything but the answer to a photo: updates, taps, edits, files, and the bot itself."""

from __future__ import annotations

import shutil

import pytest

from tests.bot.conftest import Start
from tests.bot.running import ANSWER_S, BLUE, GREEN, RED, answer, picture, said, tapped, texts
from tests.botapi import BotApiServer, Fault, Garbage, GatewayError, Person, Refused, Reset, Slow, Truncated, too_many

LATE = [
    pytest.param(too_many(1), id="429"),
    pytest.param(GatewayError(502), id="5xx"),
    pytest.param(Reset(), id="lost"),
    pytest.param(Truncated(), id="cut off"),
    pytest.param(Garbage(), id="no JSON"),
]


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(1, "Ana")


@pytest.mark.parametrize("fault", [*LATE, pytest.param(Refused(409, "Conflict: terminated by other"), id="a rival")])
def test_updates_are_asked_for_until_they_come(fault: Fault, server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED, 99)))
    server.faults.next("getUpdates", fault, times=3)
    photos = []
    while server.faults.left:  # a question that waits for news meets its fault only when there is some
        photos += [chat.send_photo(ana, picture(colour)) for colour in (RED, GREEN, BLUE)]
        answer(chat, photos[-1])
    bot.settle()
    assert [message.reply_to for message in chat.from_bot] == [1, *(photo.id for photo in photos)]


@pytest.mark.parametrize("fault", LATE)
def test_a_tap_has_its_effect_in_the_end(fault: Fault, server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    server.faults.next("editMessageText", fault, times=2)
    tap = chat.tap(ana, reply, "Tokyo Skytree")
    bot.settle()
    assert tap.answer is not None
    assert reply.text.endswith("✔ Noted: Tokyo Skytree. Thank you!")
    assert bot.rows("SELECT count(*) FROM decision") == [(1,)]


@pytest.mark.parametrize("fault", [*LATE, pytest.param(too_many(3600), id="429 for an hour")])
def test_a_toast_is_not_sent_again_and_holds_up_nothing(
    fault: Fault, server: BotApiServer, start: Start, ana: Person
) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    server.faults.next("answerCallbackQuery", fault, times=2)
    chat.tap(ana, reply, "Tokyo Skytree")
    bot.settle()
    assert len(server.calls("answerCallbackQuery")) == 1
    assert reply.text.endswith("✔ Noted: Tokyo Skytree. Thank you!")
    assert answer(chat, chat.send_photo(ana, picture(GREEN))).text.startswith("🏛 Great Wall")


def test_a_sign_of_typing_that_is_refused_for_an_hour_holds_up_nothing(
    server: BotApiServer, start: Start, ana: Person
) -> None:
    start()
    server.faults.next("sendChatAction", too_many(3600))
    chat = ana.private()
    assert answer(chat, chat.send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")


@pytest.mark.parametrize("fault", [too_many(1), GatewayError(502), Reset()], ids=["429", "5xx", "lost"])
def test_a_file_is_sent_until_it_has_arrived(fault: Fault, server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    server.faults.next("sendDocument", fault, times=3)
    chat.send_text(ana, "/map")
    chat.send_text(ana, "/stats")
    bot.settle()
    assert [text.splitlines()[0] for text in texts(chat)[1:]] == ["1 landmark", "France", "Photos: 1"]


def test_a_file_for_somebody_who_blocks_the_bot_is_given_up_quietly(
    server: BotApiServer, start: Start, ana: Person
) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    with server.state.changed:
        for message in ("/export", "/map"):
            chat.send_text(ana, message)
        chat.tap(ana, reply, "Map")
        chat.set_bot_status(ana, "blocked")
    bot.settle()
    assert bot.output.count("bot was blocked by the user") == 4  # the map has a picture, too
    assert "Traceback" not in bot.output
    assert len(chat.from_bot) == 1


@pytest.mark.parametrize("method", ["sendDocument", "sendMessage"])
def test_a_response_that_is_no_json_is_not_logged(method: str, server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    server.faults.next(method, Garbage())
    chat.send_text(ana, "/map" if method == "sendDocument" else "/labels")
    bot.settle()
    assert "JSON" not in bot.output
    assert "Traceback" not in bot.output


def test_a_refused_venue_is_no_error_of_the_bot(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    server.faults.next("sendVenue", Refused(404, "Not Found"))
    chat.tap(ana, reply, "Map")
    bot.settle()
    assert "could not be answered: Not Found" in bot.output
    assert "Traceback" not in bot.output


def test_a_tap_that_telegram_has_forgotten_is_a_decision_all_the_same(
    server: BotApiServer, start: Start, ana: Person
) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    server.state.tap_lifetime_s = 0.0
    chat.tap(ana, reply, "Right")
    bot.settle()
    assert reply.text.endswith("✔ Confirmed. Thank you!")


def test_an_answer_that_somebody_deleted_hinders_nothing(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    tap = chat.tap(ana, reply, "Right")
    chat.delete(reply)
    bot.settle()
    assert tap.answer is not None
    assert bot.rows("SELECT verdict FROM decision") == [("shows",)]


def test_a_chat_that_waits_does_not_hold_up_another(server: BotApiServer, start: Start, ana: Person) -> None:
    start()
    ben = server.person(2, "Ben")
    answer(ben.private(), ben.private().send_photo(ben, picture(RED, 99)))
    server.faults.next("sendMessage", Slow(ANSWER_S), chat_id=ana.id)
    ana.private().send_photo(ana, picture(RED))
    assert answer(ben.private(), ben.private().send_photo(ben, picture(GREEN))).text.startswith("🏛 Great Wall")
    assert ana.private().from_bot == []


def test_an_error_of_the_bot_is_logged_with_the_update_and_answered_politely(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED)))
    assert [(bot.folder / "telegram" / part).stat().st_mode & 0o777 for part in ("", "spool")] == [0o700, 0o700]
    shutil.rmtree(bot.folder / "telegram" / "spool")  # there is no place for photos any more
    photo = chat.send_photo(ana, picture(GREEN))
    sorry = "Something went wrong here, and it is not your fault. Please try again later."
    assert said(chat, photo).text == sorry
    bot.settle()
    assert f"Update {photo.update_id} could not be answered" in bot.output
    assert said(chat, chat.send_text(ana, "/stats")).text.startswith("Photos: 1")


def test_a_button_that_makes_no_sense_costs_only_itself(start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    forged = ["is:x:y", "right:", "places:many", "found:1", "found:99:0", "mapfile:", "nonsense", ":::"]
    reply.json["reply_markup"]["inline_keyboard"] += [[{"text": each, "callback_data": each}] for each in forged]
    for each in forged:
        chat.tap(ana, reply, each)
    bot.settle()
    assert tapped(chat, ana, reply, "Right") == "Thank you!"
    assert bot.rows("SELECT count(*) FROM decision") == [(1,)]
