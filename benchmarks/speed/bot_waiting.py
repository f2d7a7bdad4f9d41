"""Who waits for whom at the Telegram bot, and what does an outage cost?

Each row is a separate bot that has already answered a photo. Seconds are from the moment a photo is sent, or from the
end of the outage, to the arrival of the answer. A slow server and a 429 are those of one chat.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.processes import print_table
from benchmarks.telegram import Bot, Server

CHAT = 10_000  # the first of the server's chats; photos go to the chats in turn
FLOOD = {"groups": 10, "texts": 300, "text": "/help"}
OUTAGE_S, SLOW_S, RETRY_AFTER_S = 25, 12.5, 20
MARGIN_S = 0.2  # until the server is away

Photos = list[Path]


@contextmanager
def running(photos: Photos) -> Iterator[tuple[Server, Bot]]:
    """A server, and a bot that has answered a photo."""
    with TemporaryDirectory() as place, Server() as server:
        bot = Bot(server, Path(place))
        send(server, photos[:1], 1)
        server.wait_answered(1)
        yield server, bot
        bot.kill()


def send(server: Server, photos: Photos, chats: int) -> float:
    """When they were sent; the server's clock is the machine's."""
    at = time.monotonic()
    server("photos", files=[str(photo) for photo in photos], chats=chats)
    return at


def answered(server: Server, count: int, after: float) -> float:
    """Seconds until as many photos are answered."""
    server.wait_answered(count)
    last: float = max(answer["at"] for row in server.photos() for answer in row["answers"])
    return last - after


def answers(server: Server) -> str:
    """How many photos got how many answers."""
    return f"{dict(Counter(len(row['answers']) for row in server.photos()))}"


def another_chat(photos: Photos) -> str:
    with running(photos) as (server, _):
        server("fault", method="sendMessage", kind="too_many", arguments={"retry_after_s": RETRY_AFTER_S}, chat_id=CHAT)
        send(server, photos[1:2], 1)
        time.sleep(1)
        sent = send(server, photos[2:4], 2)  # the second one is in another chat
        seconds = answered(server, 2, sent)
    return f"{seconds:.2f} s"


def flooded(photos: Photos) -> str:
    with running(photos) as (server, _):
        server("limit_rates")
        server("flood", **FLOOD)
        sent = send(server, photos[1:2], 1)
        while not server.photos()[-1]["answers"]:
            time.sleep(0.02)
        seconds = server.photos()[-1]["answers"][0]["at"] - sent
    return f"{seconds:.2f} s"


def outage(cause: Callable[[Server], Any]) -> Callable[[Photos], str]:
    def measure(photos: Photos) -> str:
        with running(photos) as (server, _):
            before = sum(server("state")["calls"].values())
            send(server, photos[1:], 20)
            time.sleep(0.2)
            cause(server)
            time.sleep(OUTAGE_S + MARGIN_S)
            server("clear_faults")
            seconds = answered(server, len(photos), time.monotonic())
            calls = Counter(server("state")["calls"])
            return (
                f"{max(seconds, 0):.1f} s after its end, {sum(calls.values()) - before} calls, "
                f"{calls['editMessageText']} of them edits"
            )

    return measure


def slow(photos: Photos) -> str:
    with running(photos) as (server, _):
        server("fault", method="sendMessage", kind="Slow", arguments={"seconds": SLOW_S}, times=0, chat_id=CHAT)
        send(server, photos[1:4], 1)
        server.wait_answered(4)
        time.sleep(SLOW_S)
        return answers(server)


def stopped(photos: Photos) -> str:
    with running(photos) as (server, bot):
        server("fault", method="sendMessage", kind="too_many", arguments={"retry_after_s": 3600}, chat_id=CHAT)
        send(server, photos[1:7], 1)
        time.sleep(1)
        before = time.monotonic()
        bot.stop()
        return f"{time.monotonic() - before:.1f} s"


def main(*, data: Path, photos: int = 60) -> None:
    bad_gateway: dict[str, Any] = {"method": "*", "kind": "GatewayError", "arguments": {"status": 502}, "times": 0}
    measured: dict[str, Callable[[Photos], str]] = {
        f"a photo while another chat waits {RETRY_AFTER_S} s for a 429": another_chat,
        f"a private photo while {FLOOD['groups']} groups get {FLOOD['texts']} commands each": flooded,
        f"{photos} photos, 502 for {OUTAGE_S} s": outage(lambda server: server("fault", **bad_gateway)),
        f"{photos} photos, no connection for {OUTAGE_S} s": outage(lambda server: server("offline", seconds=OUTAGE_S)),
        f"photos by their answers, each sent in {SLOW_S} s": slow,
        "SIGTERM while a chat waits an hour for a 429": stopped,
    }
    with TemporaryDirectory() as place:
        sent = enlarged(real_photos(data), Path(place), photos + 1, TELEGRAM)
        print_table([(name, measure(sent)) for name, measure in measured.items()])
