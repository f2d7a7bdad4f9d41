"""Failures between the bot and Telegram: the bot waits and continues, in order, and answers once."""

from __future__ import annotations

import signal
import time

import pytest

from tests.bot.conftest import Start
from tests.bot.running import ANSWER_S, BLUE, GREEN, RED, RunningBot, answer, picture
from tests.botapi import (
    BotApiServer,
    Fault,
    Garbage,
    GatewayError,
    Message,
    PeopleChat,
    Person,
    Refused,
    Reset,
    Slow,
    Truncated,
    too_many,
)

SEARCHED = (
    "message to edit not found",
    "message can't be edited",
    "message is not modified",
)  # from the search for a message that may have been sent


@pytest.fixture
def ana(server: BotApiServer) -> Person:
    return server.person(1, "Ana")


def send(chat: PeopleChat, ana: Person, count: int, start: int = 0) -> list[Message]:
    return [chat.send_photo(ana, picture((RED, GREEN, BLUE)[n % 3], n)) for n in range(start, start + count)]


def check_once_and_in_order(bot: RunningBot, chat: PeopleChat, photos: list[Message]) -> None:
    answer(chat, photos[-1])
    bot.settle()
    assert [message.reply_to for message in chat.from_bot] == [photo.id for photo in photos]


def has_come_again(server: BotApiServer, photo: Message, before: int) -> bool:
    """Whether the bot got a photo's update again and accepted it, so that it asks for the next ones."""
    handed_out = server.handed_out(photo)
    return len(handed_out) > before and server.calls("getUpdates")[-1].at > handed_out[-1]


def check_rules(server: BotApiServer) -> None:
    strange = [str(one) for one in server.violations if not any(words in one.description for words in SEARCHED)]
    assert strange == []


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([too_many(1)], id="429"),
        pytest.param([too_many(1)] * 5, id="429 again and again"),
        pytest.param([GatewayError(502), GatewayError(500)], id="5xx"),
        pytest.param([Reset()], id="connection lost before"),
        pytest.param([Reset(after=True)], id="connection lost after"),
        pytest.param([Reset(after=True), Reset(after=True)], id="connection lost after, twice"),
        pytest.param([GatewayError(504, after=True)], id="504 after"),
        pytest.param([Truncated()], id="answer cut off"),
        pytest.param([Garbage()], id="answer that is none"),
        pytest.param([Slow(3.0, after=True)], id="too slow"),
    ],
)
def test_a_photo_is_answered_once_whatever_happens_to_its_answer(
    faults: list[Fault], server: BotApiServer, start: Start, ana: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_READ_S", "2")
    bot, chat = start(), ana.private()
    answer(chat, chat.send_photo(ana, picture(RED, 99)))
    first = chat.messages[:2]
    server.faults.next("sendMessage", *faults)
    photos = [first[0], *send(chat, ana, 3)]
    check_once_and_in_order(bot, chat, photos)
    check_rules(server)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Reset(), id="lost"),
        pytest.param(GatewayError(502), id="5xx"),
        pytest.param(Truncated(), id="cut off"),
        pytest.param(Slow(2.0), id="slow"),
        pytest.param(too_many(1), id="429"),
    ],
)
@pytest.mark.parametrize("method", ["download", "getFile"])
def test_a_photo_is_fetched_again_until_it_is_whole(
    method: str, fault: Fault, server: BotApiServer, start: Start, ana: Person
) -> None:
    bot, chat = start(), ana.private()
    server.faults.next(method, fault, times=2)
    check_once_and_in_order(bot, chat, send(chat, ana, 2))


def test_a_file_that_telegram_does_not_hand_out_gets_a_sentence(
    server: BotApiServer, start: Start, ana: Person
) -> None:
    start()
    chat = ana.private()
    server.faults.next("getFile", Refused(400, "Bad Request: file is temporarily unavailable"))
    assert answer(chat, send(chat, ana, 1)[0]).text.startswith("Telegram did not give me this file.")


def test_a_network_that_is_dead_for_a_while_costs_only_time(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat, ben = start(), ana.private(), server.person(2, "Ben")
    answer(chat, chat.send_photo(ana, picture(RED, 99)))
    with server.dead_network():
        photos = send(chat, ana, 4)
        others = send(ben.private(), ben, 2, start=10)
        time.sleep(2)
    check_once_and_in_order(bot, chat, [chat.messages[0], *photos])
    check_once_and_in_order(bot, ben.private(), others)


def test_updates_that_come_twice_are_answered_once(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat = start(), ana.private()
    server.state.updates.doubled = True
    photos = send(chat, ana, 3)
    check_once_and_in_order(bot, chat, photos)
    server.state.updates.doubled = False
    before = len(server.handed_out(photos[-1]))
    server.state.updates.redeliver(3)
    server.state.wait(lambda: has_come_again(server, photos[-1], before), ANSWER_S, "the updates to come again")
    check_once_and_in_order(bot, chat, photos)


def test_telegrams_limits_are_waited_for(server: BotApiServer, start: Start, ana: Person) -> None:
    bot = start()
    server.faults.limit_rates()
    chat = ana.private()
    check_once_and_in_order(bot, chat, send(chat, ana, 9))


def test_somebody_who_blocks_the_bot_stops_nobody_else(server: BotApiServer, start: Start, ana: Person) -> None:
    bot, chat, ben = start(), ana.private(), server.person(2, "Ben")
    answer(chat, chat.send_photo(ana, picture(RED, 99)))
    chat.send_photo(ana, picture(RED, 1))
    chat.set_bot_status(ana, "blocked")
    check_once_and_in_order(bot, ben.private(), send(ben.private(), ben, 2, start=10))
    assert bot.rows("SELECT DISTINCT state FROM telegram_update") == [("answered",)]


def test_a_tap_that_comes_before_the_bot_knows_of_its_own_answer_waits(
    server: BotApiServer, start: Start, ana: Person
) -> None:
    bot, chat = start(), ana.private()
    server.faults.next("sendMessage", Slow(3.0, after=True))
    reply = answer(chat, chat.send_photo(ana, picture(RED)))
    taps = [chat.tap(ana, reply, button) for button in ("Right", "Something else")]
    bot.settle()
    assert [tap.answer is not None for tap in taps] == [True, True]
    assert reply.text.endswith("✔ Confirmed. Thank you!")
    assert [message.reply_to for message in chat.from_bot] == [1, reply.id]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_is_in_work_and_exits_with_0(
    number: signal.Signals, server: BotApiServer, start: Start, ana: Person
) -> None:
    bot = start()
    chat = ana.private()
    answer(chat, chat.send_photo(ana, picture(RED, 99)))
    photos = send(chat, ana, 5)
    server.wait_until_confirmed(ANSWER_S)
    assert bot.stop(number) == 0
    assert "Traceback" not in bot.output
    bot.start()
    check_once_and_in_order(bot, chat, [chat.messages[0], *photos])
    assert bot.rows("SELECT status FROM run ORDER BY id LIMIT 1") == [("done",)]


def test_what_came_while_the_bot_was_away_is_answered_in_order(start: Start, ana: Person) -> None:
    chat = ana.private()
    photos = send(chat, ana, 4)
    bot = start()
    check_once_and_in_order(bot, chat, photos)
