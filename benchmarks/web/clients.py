"""Clients of the gallery that cost as little as possible, since they share the machine with it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import quote

from benchmarks.web.server import Address

BOUNDARY = b"benchmark"


@dataclass(frozen=True, slots=True)
class Load:
    """What many clients got.

    Args:
        statuses: how many answers of each status; 0 is a broken connection.
        per_s: answers with 200 per second.
    """

    statuses: Counter[int]
    per_s: float


def get(path: str) -> bytes:
    """A request for a path, which may have a query."""
    return f"GET {quote(path, safe='/?=&:')} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def suggest(photo: bytes) -> bytes:
    """A request with a photo."""
    part = b'Content-Disposition: form-data; name="photo"; filename="photo.jpg"\r\n\r\n'
    body = b"--" + BOUNDARY + b"\r\n" + part + photo + b"\r\n--" + BOUNDARY + b"--\r\n"
    return post(body)


def post(body: bytes, length: int | None = None) -> bytes:
    """A request to `/suggest`, which may lie about the length of its body."""
    head = (
        "POST /api/v1/suggest HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n"
        f"Content-Length: {len(body) if length is None else length}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> int:
    """Read an answer; its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def suggest_together(address: Address, photos: Sequence[Path], clients: int, seconds: float) -> Load:
    """Send photos from many clients at once, each one after another on its own connection."""
    requests = itertools.cycle([suggest(photo.read_bytes()) for photo in photos])
    statuses: Counter[int] = Counter()
    began = time.monotonic()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(*address)
        while time.monotonic() < began + seconds:
            try:
                writer.write(next(requests))
                await writer.drain()
                statuses[await answer(reader)] += 1
            except (OSError, asyncio.IncompleteReadError):
                statuses[0] += 1
                reader, writer = await asyncio.open_connection(*address)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return Load(statuses, statuses[200] / (time.monotonic() - began))


async def ordinary(address: Address, requests: Sequence[bytes], seconds: float) -> float:
    """The median milliseconds that a client waits for all of these requests, one after another, again and again."""
    reader, writer = await asyncio.open_connection(*address)
    spent_ms: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until or not spent_ms:
        began = time.perf_counter()
        for request in requests:
            writer.write(request)
            status = await answer(reader)
            if status != 200:
                raise RuntimeError(f"an ordinary client got {status}")
        spent_ms.append((time.perf_counter() - began) * 1000)
    writer.close()
    return median(spent_ms)


async def browse(address: Address, paths: Sequence[str], pause_s: float, stop: asyncio.Event) -> int:
    """Look at pages as a person does, with a pause after each, until told to stop; how many there were."""
    reader, writer = await asyncio.open_connection(*address)
    seen = 0
    for path in itertools.cycle(paths):
        if stop.is_set():
            break
        seen += 1
        writer.write(get(path))
        await answer(reader)
        await asyncio.sleep(pause_s)
    writer.close()
    return seen
