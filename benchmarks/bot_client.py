"""What a request to the Bot API costs the Telegram bot: by its own client, and by its library's.

LANDMARK_DATA=… python -m benchmarks.bot_client [--requests 2000]
"""

from __future__ import annotations

import argparse
import asyncio
import time

from telegram.ext import ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.botapi import Server
from benchmarks.setting import say_setting, table
from tagger.bot.transport.client import AiohttpRequest

ROUNDS = 3


async def cpu_ms(server: Server, request: BaseRequest, requests: int) -> float:
    """Milliseconds of this process's processor time for each request; the server has a process of its own."""
    async with ExtBot(server.token, f"{server.url}/bot", request=request) as bot:
        await bot.get_me()
        began = time.process_time()
        for _ in range(requests):
            await bot.get_me()
        return (time.process_time() - began) * 1000 / requests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    say_setting()
    with Server() as server:
        own = min(asyncio.run(cpu_ms(server, AiohttpRequest(server.url), options.requests)) for _ in range(ROUNDS))
        library = min(asyncio.run(cpu_ms(server, HTTPXRequest(), options.requests)) for _ in range(ROUNDS))
    rows = [
        ("the bot's client (aiohttp)", f"{own:.2f} ms"),
        ("the library's client (httpx)", f"{library:.2f} ms"),
        ("ratio", f"{library / own:.1f}"),
    ]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
