"""Turns within a chat and between chats."""

from __future__ import annotations

import asyncio
from functools import partial

from tagger.bot.transport.chat_queue import ChatQueue, FairSlots


def request(slots: FairSlots, order: list[int], *chats: int) -> None:
    for chat in chats:
        slots.request(chat, partial(order.append, chat))


def test_free_places_go_round_robin_between_chats() -> None:
    slots, order = FairSlots(2, per_chat=2), list[int]()
    request(slots, order, 1, 1, 1, 1, 2, 2, 3)
    for done in range(5):
        slots.release(order[done])
    assert order == [1, 2, 1, 2, 3, 1]  # the last one waits for the half of what is free


def test_a_chat_has_only_so_many_places() -> None:
    slots, order = FairSlots(100, per_chat=3), list[int]()
    request(slots, order, *[1] * 5, 2)
    assert order == [1, 1, 1, 2]


def test_chats_that_hold_their_places_leave_some_to_others() -> None:
    slots, order = FairSlots(128, per_chat=32), list[int]()
    request(slots, order, *[chat for chat in range(10) for _ in range(32)])
    taken = len(order)
    request(slots, order, 99)
    assert order[taken:] == [99]


def test_somebody_who_stops_waiting_takes_no_place() -> None:
    async def run() -> int:
        slots = FairSlots(1, per_chat=1)
        async with slots.slot(1):
            waiting = [asyncio.create_task(hold(slots, chat)) for chat in (2, 3)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await asyncio.sleep(0)
        await waiting[1]
        async with slots.slot(4):
            return slots.waiting_count

    async def hold(slots: FairSlots, chat: int) -> None:
        async with slots.slot(chat):
            pass

    assert asyncio.run(asyncio.wait_for(run(), 5)) == 0


def test_updates_of_a_chat_have_their_turn_in_order_and_other_chats_do_not_wait() -> None:
    async def run() -> list[int]:
        queue, order = ChatQueue(), list[int]()
        for update, chat in ((1, 7), (2, 7), (3, 8)):
            queue.join(update, chat)

        async def handle(update: int) -> None:
            await queue.wait_turn(update)
            order.append(update)
            queue.leave(update)

        await asyncio.gather(*(handle(update) for update in (3, 2, 1)))
        return order

    assert asyncio.run(run()) == [3, 1, 2]
