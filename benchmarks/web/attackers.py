"""Clients that want to harm others: each kind does what it does again and again, for as long as the block lasts."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing.synchronize import Event

from benchmarks.web.clients import answer, get, post, suggest
from benchmarks.web.server import Address
from tests.drawn import bomb

GIGABYTE = 10**9
CHUNK = bytes(64_000)
CLOSED = 0
SLOW_S = 2.0  # between two bytes
NICE = 19  # attackers have machines of their own, and shall not take this one's cores
MALFORMED = (
    post(b"--benchmark\r\nContent-Disposition: form-data\r\n\r\n"),
    post(b"--another\r\n\r\nnothing\r\n"),
    post(b"--benchmark\r\n" + b"X: y\r\n" * 2000),
    post(
        b'--benchmark\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n' + b"\r\n--benchmar" * 500
    ),
)

Attack = Callable[[Address, int], Coroutine[None, None, int]]
Statuses = dict[str, Counter[int]]


async def slow_head(address: Address, _number: int) -> int:
    """A byte of a head every now and then."""
    reader, writer = await asyncio.open_connection(*address)
    with suppress(OSError, TimeoutError):
        for byte in get("/")[:-2]:
            writer.write(bytes([byte]))
            await writer.drain()
            async with asyncio.timeout(SLOW_S):
                if await reader.read(1) == b"":
                    break
    writer.close()
    return CLOSED


async def slow_body(address: Address, _number: int) -> int:
    """A body that stops."""
    return await _send(address, post(b"--benchmark\r\n", 5000))


async def endless_body(address: Address, number: int) -> int:
    """A gigabyte, announced or in chunks."""
    reader, writer = await asyncio.open_connection(*address)
    head = post(b"", GIGABYTE)
    if number % 2:
        head = head.replace(f"Content-Length: {GIGABYTE}".encode(), b"Transfer-Encoding: chunked")
    writer.write(head)
    reading = asyncio.create_task(answer(reader))
    with suppress(OSError):
        for _ in range(GIGABYTE // len(CHUNK)):
            if reading.done():
                break
            writer.write(b"%x\r\n%b\r\n" % (len(CHUNK), CHUNK) if number % 2 else CHUNK)
            await writer.drain()
            await asyncio.sleep(0)
    try:
        return await reading
    except (OSError, asyncio.IncompleteReadError):
        return CLOSED
    finally:
        writer.close()


async def bombs(address: Address, _number: int) -> int:
    """A small file that would be a huge picture."""
    return await _send(address, BOMB)


async def malformed(address: Address, number: int) -> int:
    """A form that is none."""
    return await _send(address, MALFORMED[number % len(MALFORMED)])


BOMB = suggest(bomb())
ATTACKS: dict[str, tuple[Attack, int, float]] = {  # how many at once, and the pause after each in seconds
    "slow heads": (slow_head, 100, 0.0),
    "slow bodies": (slow_body, 20, 0.0),
    "bodies of a gigabyte": (endless_body, 2, 1.0),
    "bombs": (bombs, 1, 1.0),
    "malformed forms": (malformed, 4, 0.5),
}


async def _send(address: Address, request: bytes) -> int:
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(request)
        return await answer(reader)
    except (OSError, asyncio.IncompleteReadError):
        return CLOSED
    finally:
        writer.close()


@contextmanager
def attacked(address: Address) -> Iterator[Statuses]:
    """All attacks at once, from another process; after the block, which statuses each kind got."""
    context = multiprocessing.get_context("spawn")
    stop, statuses = context.Event(), context.Queue()
    process = context.Process(target=_attack, args=(address, stop, statuses))
    process.start()
    seen: Statuses = {}
    try:
        statuses.get()  # it has begun
        yield seen
    finally:
        stop.set()
        seen |= statuses.get()
        process.join()


def _attack(address: Address, stop: Event, statuses: multiprocessing.Queue[Statuses | None]) -> None:
    os.nice(NICE)
    seen: Statuses = {name: Counter() for name in ATTACKS}

    async def repeat(name: str, attack: Callable[[int], Coroutine[None, None, int]], pause_s: float) -> None:
        for number in range(10**9):
            try:
                seen[name][await attack(number)] += 1
            except OSError:
                seen[name][CLOSED] += 1
            await asyncio.sleep(pause_s or 0.01)

    async def run() -> None:
        tasks = [
            asyncio.create_task(repeat(name, partial(attack, address), pause_s))
            for name, (attack, count, pause_s) in ATTACKS.items()
            for _ in range(count)
        ]
        statuses.put(None)
        await asyncio.to_thread(stop.wait)
        for task in tasks:
            task.cancel()

    asyncio.run(run())
    statuses.put(seen)
