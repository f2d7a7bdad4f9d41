"""How soon does the Telegram bot answer a photo, how many photos/s does it answer, and with how much memory?

The server that stands in for Telegram works on the same cores; its share of a photo's processor time, which a real bot
does not pay, is a row of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.processes import ask, cost, print_table, run_seconds, tagger_command
from benchmarks.telegram import Bot, Server
from tagger.core.run_options import CORES

WARM_UP = 5  # the first photos wait for the start


def worker_rate(folder: Path, photos: int, database: Path) -> float:
    """Photos/s of `tagger tag` over the same photos, from the start of its run to the end."""
    cost(tagger_command("tag", folder, "--db", database))
    return photos / run_seconds(database)


def latencies(server: Server, photos: list[Path]) -> list[float]:
    """Seconds from the moment a photo is handed out to the arrival of its answer, one photo at a time."""
    before = len(server.photos())
    for number, photo in enumerate(photos, start=before + 1):
        server("photos", files=[str(photo)], chats=1)
        server.wait_answered(number)
        time.sleep(0.05)
    return [row["answers"][0]["at"] - row["handed_out"][0] for row in server.photos()[before:]]


@dataclass(frozen=True, slots=True)
class Load:
    """How photos from many chats were answered.

    Args:
        photos: how many.
        seconds: from the first update to the last answer.
        answers: in all.
        in_order: whether each chat's answers are in the order of its photos.
        bot_cpu_s: the processor time of the bot and its decoders.
        server_cpu_s: that of the server that stands in for Telegram, on the same cores.
    """

    photos: int
    seconds: float
    answers: int
    in_order: bool
    bot_cpu_s: float
    server_cpu_s: float

    @property
    def busy(self) -> float:
        """The share of the cores' time in which they worked."""
        return (self.bot_cpu_s + self.server_cpu_s) / (CORES * self.seconds)

    @property
    def rows(self) -> list[tuple[str, str]]:
        bot_ms, server_ms = (1000 * seconds / self.photos for seconds in (self.bot_cpu_s, self.server_cpu_s))
        return [
            ("answers", f"{self.answers}, {'in order' if self.in_order else 'NOT IN ORDER'} within each chat"),
            ("processor time of a photo, the bot", f"{bot_ms:.1f} ms"),
            ("processor time of a photo, the server", f"{server_ms:.1f} ms, on the same {CORES} cores"),
            ("time in which the cores work", f"{self.busy:.0%}"),
        ]


def load(server: Server, bot: Bot, photos: list[Path], chats: int) -> Load:
    before = {(row["chat_id"], row["message_id"]) for row in server.photos()}
    server("photos", files=[str(photo) for photo in photos], chats=chats)
    bot_cpu_s, server_cpu_s = bot.cpu_s, server.cpu_s
    server.wait_answered(len(before) + len(photos), poll_s=0.5)  # each poll takes processor time from the bot
    bot_cpu_s, server_cpu_s = bot.cpu_s - bot_cpu_s, server.cpu_s - server_cpu_s
    rows = [row for row in server.photos() if (row["chat_id"], row["message_id"]) not in before]
    first = min(row["handed_out"][0] for row in rows)
    last = max(answer["at"] for row in rows for answer in row["answers"])
    in_order = all(
        one["answers"][0]["message_id"] < other["answers"][0]["message_id"]
        for one, other in pairwise(rows)
        if one["chat_id"] == other["chat_id"]
    )
    return Load(len(rows), last - first, sum(len(row["answers"]) for row in rows), in_order, bot_cpu_s, server_cpu_s)


def main(*, data: Path, photos: int = 500, chats: int = 50, single: int = 200) -> None:
    with TemporaryDirectory() as name, Server() as server:
        place = Path(name)
        together = enlarged(real_photos(data), place / "photos", photos, TELEGRAM)
        alone = enlarged(real_photos(data)[::-1], place / "single", single + WARM_UP, TELEGRAM)
        worker = worker_rate(place / "photos", photos, place / "worker.sqlite")
        bot = Bot(server, place)
        latencies(server, alone[:WARM_UP])
        seconds = latencies(server, alone[WARM_UP:])
        loaded = load(server, bot, together, chats)
        peak_mb = bot.peak_mb
        bot.stop()
        answered, inherited = ask(bot.database, "SELECT tagged + none, inherited FROM run ORDER BY id DESC")[0]
    rate = loaded.photos / loaded.seconds
    rows = [
        ("one photo, median", f"{median(seconds) * 1000:.0f} ms"),
        ("one photo, 99th percentile", f"{quantiles(seconds, n=100)[98] * 1000:.0f} ms"),
        (f"{photos} photos from {chats} chats", f"{rate:.1f} photos/s"),
        ("the folder worker over the same photos", f"{worker:.1f} photos/s"),
        ("ratio", f"{rate / worker:.0%}"),
        *loaded.rows,
        ("contents tagged", f"{answered - inherited} of {photos + len(alone)} sent, {inherited} known before"),
        ("peak memory", f"{peak_mb:.0f} MB"),
    ]
    print_table(rows)
