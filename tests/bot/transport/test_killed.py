"""SIGKILL at critical moments and at random ones: in the end each photo has one answer.

Only what people see counts. benchmarks/kills/bot_killed.py does it 30 times at random.
"""

from __future__ import annotations

import random
import time
from contextlib import suppress
from itertools import count

import pytest

from tests.bot.conftest import Start
from tests.bot.running import ANSWER_S, BLUE, GREEN, RED, START_S, RunningBot, answer, free_port, picture
from tests.botapi import BotApiServer, Fault, GatewayError, Message, PeopleChat, Silent, Slow, too_many

COLOURS = (RED, GREEN, BLUE)


def chats(server: BotApiServer, count: int) -> list[PeopleChat]:
    return [server.person(number, f"Person {number}").private() for number in range(1, count + 1)]


def send(server: BotApiServer, every: list[PeopleChat], photos: int) -> list[Message]:
    """Photos that take turns between the chats."""
    sent = []
    for number in range(photos):
        chat = every[number % len(every)]
        sent.append(chat.send_photo(server.state.people[chat.id], picture(COLOURS[number % 3], number)))
    return sent


def check(bot: RunningBot, photos: list[Message]) -> None:
    server = bot.server
    for photo in photos:
        chat = server.state.chats[photo.chat_id]
        chat.wait_for_answer(photo, timeout_s=START_S)
    bot.settle()
    assert [len(server.answers_to(photo)) for photo in photos] == [1] * len(photos)


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        pytest.param("getFile", Slow(5.0), id="before the photo is fetched"),
        pytest.param("download", Slow(5.0), id="while it is fetched"),
        pytest.param("sendMessage", Slow(5.0), id="before its answer is sent"),
        pytest.param("sendMessage", Silent(after=True), id="after its answer is sent, before that is recorded"),
    ],
)
def test_a_photo_is_answered_once_if_the_bot_is_killed(
    method: str, fault: Fault, server: BotApiServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_MAY_STILL_ARRIVE_S", "8")  # longer than the server needs
    bot, (chat, other) = start(), chats(server, 2)
    answer(chat, send(server, [chat], 1)[0])
    server.faults.next(method, fault, chat_id=chat.id if method == "sendMessage" else None)
    photos = send(server, [chat, other], 5)
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the fault")
    time.sleep(0.5)
    bot.kill()
    bot.start()
    check(bot, photos)


def test_an_album_is_answered_once_if_the_bot_is_killed(server: BotApiServer, start: Start) -> None:
    bot, (chat,) = start(), chats(server, 1)
    answer(chat, send(server, [chat], 1)[0])
    ana = server.state.people[chat.id]
    server.faults.next("sendMessage", Silent(after=True))
    album = chat.send_album(ana, [picture(RED, 50), picture(BLUE, 50), picture(GREEN, 50)])
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the fault")
    time.sleep(0.5)
    bot.kill()
    bot.start()
    photo = chat.send_photo(ana, picture(RED, 60))
    check(bot, [album[0], photo])
    assert len(chat.from_bot) == 3


def test_people_who_write_while_the_bot_is_dead_do_not_confuse_it(server: BotApiServer, start: Start) -> None:
    bot, (chat,) = start(), chats(server, 1)
    answer(chat, send(server, [chat], 1)[0])
    server.faults.next("sendMessage", Silent(after=True))
    lost = send(server, [chat], 1)[0]
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the fault")
    bot.kill()
    more = [chat.send_photo(server.state.people[1], picture(GREEN, 80 + number)) for number in range(4)]
    bot.start()
    check(bot, [lost, *more])


def test_what_came_by_webhook_is_answered_once_if_the_bot_is_killed(server: BotApiServer, start: Start) -> None:
    port, (chat,) = free_port(), chats(server, 1)
    url, listen = f"http://127.0.0.1:{port}/hook", f"127.0.0.1:{port}"
    bot = start(bot_webhook_url=url, bot_webhook_secret="a-secret_0123456789", bot_webhook_listen=listen)
    answer(chat, send(server, [chat], 1)[0])
    server.faults.next("sendMessage", Silent(after=True))
    photos = send(server, [chat], 3)
    server.wait_until_confirmed(ANSWER_S)
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the fault")
    bot.kill()
    bot.start()
    check(bot, photos)


@pytest.mark.parametrize(
    "server_is", ["fast", "slow", "slow to answer", "numbering all chats together", "confirming any edit"]
)
def test_killed_around_its_sends_it_answers_each_photo_once(
    server_is: str, server: BotApiServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four kills, each while some requests are on their way, and then a 429 and a 502."""
    monkeypatch.setenv("BOT_MAY_STILL_ARRIVE_S", "6")  # longer than the server needs
    if server_is == "numbering all chats together":
        server.state.numbers_of_all = count(1)
    server.state.confirms_any_edit = server_is == "confirming any edit"
    bot, every, moments = start(), chats(server, 20), random.Random(7)
    answer(every[0], send(server, every[:1], 1)[0])
    if server_is.startswith("slow"):
        server.faults.always("sendMessage", Slow(3.0, after=server_is == "slow to answer"), probability=0.3)
    photos = send(server, every, 60)
    for _ in range(4):
        sent = len(server.calls("sendMessage")) + moments.randint(1, 8)
        with suppress(TimeoutError):  # everything is on its way
            server.state.wait(lambda sent=sent: len(server.calls("sendMessage")) >= sent, 5, "requests")
        time.sleep(moments.choice([0.0, 0.001, 0.003]))
        bot.kill()
        bot.start()
    server.faults.clear()
    server.faults.next("sendMessage", too_many(1), GatewayError(502))
    check(bot, photos)
    for chat in every:
        replies = [message.reply_to or 0 for message in chat.from_bot]
        assert replies == sorted(replies)


def test_killed_at_random_moments_it_answers_each_photo_once(server: BotApiServer, start: Start) -> None:
    bot, every, moments = start(), chats(server, 6), random.Random(11)
    answer(every[0], send(server, every[:1], 1)[0])
    photos: list[Message] = []
    for _ in range(3):
        photos += send(server, every, 18)
        time.sleep(moments.uniform(0.05, 0.8))
        bot.kill()
        bot.start()
        time.sleep(moments.uniform(0.5, 2.5))
    check(bot, photos)
    for chat in every:
        replies = [message.reply_to or 0 for message in chat.from_bot]
        assert replies == sorted(replies)
