"""What does a Bot API request cost with the bot's own client, and with its library's?"""

from __future__ import annotations

import asyncio
import time

from telegram.ext import ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.processes import print_table
from benchmarks.telegram import Server
from tagger.bot.transport.client import AiohttpRequest

ROUNDS = 3


async def cpu_ms(server: Server, request: BaseRequest, requests: int) -> float:
    """CPU milliseconds per request in this process; the server runs in another."""
    async with ExtBot(server.token, f"{server.url}/bot", request=request) as bot:
        await bot.get_me()
        start = time.process_time()
        for _ in range(requests):
            await bot.get_me()
        return (time.process_time() - start) * 1000 / requests


def main(requests: int = 2000) -> None:
    with Server() as server:
        own = min(asyncio.run(cpu_ms(server, AiohttpRequest(server.url), requests)) for _ in range(ROUNDS))
        library = min(asyncio.run(cpu_ms(server, HTTPXRequest(), requests)) for _ in range(ROUNDS))
    rows = [
        ("the bot's client (aiohttp)", f"{own:.2f} ms"),
        ("the library's client (httpx)", f"{library:.2f} ms"),
        ("ratio", f"{library / own:.1f}"),
    ]
    print_table(rows)
