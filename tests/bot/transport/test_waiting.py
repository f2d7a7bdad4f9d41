"""Nobody waits for somebody else: trouble in one chat costs the others nothing, and an outage costs few calls."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from tests.bot.conftest import Start
from tests.bot.running import ANSWER_S, BLUE, GREEN, RED, RunningBot, answer, picture
from tests.botapi import BotApiServer, GatewayError, Message, Person, Slow, too_many

QUICK_S = 2.0  # who waits for nobody, on an idle machine; who waits for others waits for minutes


def people(server: BotApiServer, count: int) -> list[Person]:
    return [server.person(number, f"Person {number}") for number in range(1, count + 1)]


def send(senders: list[Person], count: int) -> list[Message]:
    """Photos that take turns between private chats."""
    with senders[0].state.changed:
        return [
            (person := senders[number % len(senders)])
            .private()
            .send_photo(person, picture((RED, GREEN, BLUE)[number % 3], number))
            for number in range(count)
        ]


def seconds(person: Person, number: int = 500) -> float:
    """How long a photo waits for its answer."""
    photo = person.private().send_photo(person, picture(RED, number))
    return answer(person.private(), photo).at - photo.at


def slowness() -> float:
    """How many times as long as on an idle machine everything takes here: 1 if nobody else uses the processors."""
    began, cpu = time.perf_counter(), time.process_time()
    while (used := time.process_time() - cpu) < 0.5:
        pass
    return (time.perf_counter() - began) / used


def check_answered_once(bot: RunningBot, photos: list[Message]) -> None:
    for photo in photos:
        answer(bot.server.state.chats[photo.chat_id], photo)  # type: ignore[arg-type]
    bot.settle()
    assert Counter(len(bot.server.answers_to(photo)) for photo in photos) == {1: len(photos)}


def test_a_429_of_one_chat_is_not_waited_for_by_another(server: BotApiServer, start: Start) -> None:
    start()
    ana, ben = people(server, 2)
    seconds(ben)
    slow = slowness()
    server.faults.next("sendMessage", too_many(20), chat_id=ana.id)
    photo = ana.private().send_photo(ana, picture(RED))
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the 429")
    assert seconds(ben, 501) < QUICK_S * slow
    assert server.answers_to(photo) == []
    assert answer(ana.private(), photo).at - photo.at >= 20


def test_a_chat_whose_answers_fail_holds_up_no_other(server: BotApiServer, start: Start) -> None:
    start()
    *failing, ben = people(server, 4)
    seconds(ben)
    slow = slowness()
    for person in failing:
        server.faults.always("sendMessage", GatewayError(500), chat_id=person.id)
    photos = send(failing, 120)
    server.wait_until_confirmed(ANSWER_S)
    assert max(seconds(ben, 501 + number) for number in range(3)) < QUICK_S * slow
    server.faults.clear()
    answer(failing[0].private(), photos[0])


@pytest.mark.parametrize("kind", ["commands", "photos"])
def test_ten_flooded_groups_do_not_delay_a_private_photo(kind: str, server: BotApiServer, start: Start) -> None:
    start()
    ana, ben = people(server, 2)
    seconds(ben)
    slow = slowness()
    server.faults.limit_rates()
    groups = [server.group(-1_000_000_000_000 - number, f"Group {number}", [ana]) for number in range(10)]
    with server.state.changed:
        for number in range(100):
            for group in groups:
                if kind == "commands":
                    group.send_text(ana, "/help")
                elif number < 30:
                    group.send_photo(ana, picture(GREEN, number), "@landmark_bot")
    assert max(seconds(ben, 501 + number) for number in range(3)) < QUICK_S * slow


def test_after_an_outage_everything_is_answered_soon_and_with_few_calls(server: BotApiServer, start: Start) -> None:
    bot, senders = start(), people(server, 20)
    seconds(senders[0])
    before = len(server.requests)
    photos = send(senders, 60)
    time.sleep(0.1)
    server.faults.always("*", GatewayError(502))
    time.sleep(10)
    server.faults.clear()
    ended = time.monotonic()
    check_answered_once(bot, photos)
    assert max(server.answers_to(photo)[0].at for photo in photos) - ended < 15
    assert len(server.requests) - before <= 600
    assert server.calls("editMessageText") == []


def test_after_a_dead_network_everything_is_answered_soon_and_with_few_calls(
    server: BotApiServer, start: Start
) -> None:
    bot, senders = start(), people(server, 20)
    seconds(senders[0])
    before = len(server.requests)
    photos = send(senders, 60)
    server.state.wait(lambda: len(server.calls("sendMessage")) > 5, ANSWER_S, "the first answers")
    with server.dead_network():
        time.sleep(10)
        ended = time.monotonic()
    check_answered_once(bot, photos)
    assert max(server.answers_to(photo)[0].at for photo in photos) - ended < 15
    assert len(server.requests) - before <= 600


def test_a_slow_server_gets_no_answer_twice(server: BotApiServer, start: Start) -> None:
    bot, (ana, ben) = start(), people(server, 2)
    seconds(ben)
    server.faults.always("sendMessage", Slow(12.5), chat_id=ana.id)
    photo = send([ana], 1)
    check_answered_once(bot, photo)
    assert server.calls("editMessageText") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_does_not_wait_for_chats_that_wait(number: signal.Signals, server: BotApiServer, start: Start) -> None:
    bot, (ana, ben, cem) = start(), people(server, 3)
    seconds(cem)
    server.faults.next("sendMessage", too_many(60), chat_id=ana.id)
    server.faults.always("sendMessage", Slow(30), chat_id=ben.id)
    waiting = send([ana, ben], 6)
    server.state.wait(lambda: server.faults.left == 0, ANSWER_S, "the 429")
    time.sleep(0.5)
    began = time.monotonic()
    assert bot.stop(number) == 0
    assert time.monotonic() - began < 5
    assert "Traceback" not in bot.output
    assert "Unclosed" not in bot.output
    server.faults.clear()
    bot.start()
    answer(ana.private(), waiting[0])
