"""How soon does the Telegram bot answer a photo, how many photos/s does it answer, and with how much memory?"""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.processes import ask, cost, print_table, run_seconds, tagger_command
from benchmarks.telegram import Bot, Server

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


def load(server: Server, photos: list[Path], chats: int) -> tuple[float, int, bool]:
    """Photos/s from the first update to the last answer, answers in all, and whether each chat's are in order."""
    before = {(row["chat_id"], row["message_id"]) for row in server.photos()}
    server("photos", files=[str(photo) for photo in photos], chats=chats)
    server.wait_answered(len(before) + len(photos), poll_s=0.5)  # each poll takes processor time from the bot
    rows = [row for row in server.photos() if (row["chat_id"], row["message_id"]) not in before]
    first = min(row["handed_out"][0] for row in rows)
    last = max(answer["at"] for row in rows for answer in row["answers"])
    in_order = all(
        one["answers"][0]["message_id"] < other["answers"][0]["message_id"]
        for one, other in pairwise(rows)
        if one["chat_id"] == other["chat_id"]
    )
    return len(rows) / (last - first), sum(len(row["answers"]) for row in rows), in_order


def main(*, data: Path, photos: int = 500, chats: int = 50, single: int = 200) -> None:
    with TemporaryDirectory() as name, Server() as server:
        place = Path(name)
        together = enlarged(real_photos(data), place / "photos", photos, TELEGRAM)
        alone = enlarged(real_photos(data)[::-1], place / "single", single + WARM_UP, TELEGRAM)
        worker = worker_rate(place / "photos", photos, place / "worker.sqlite")
        bot = Bot(server, place)
        latencies(server, alone[:WARM_UP])
        seconds = latencies(server, alone[WARM_UP:])
        rate, answers, in_order = load(server, together, chats)
        peak_mb = bot.peak_mb
        bot.stop()
        answered, inherited = ask(bot.database, "SELECT tagged + none, inherited FROM run ORDER BY id DESC")[0]
    rows = [
        ("one photo, median", f"{median(seconds) * 1000:.0f} ms"),
        ("one photo, 99th percentile", f"{quantiles(seconds, n=100)[98] * 1000:.0f} ms"),
        (f"{photos} photos from {chats} chats", f"{rate:.1f} photos/s"),
        ("the folder worker over the same photos", f"{worker:.1f} photos/s"),
        ("ratio", f"{rate / worker:.0%}"),
        ("answers", f"{answers}, {'in order' if in_order else 'NOT IN ORDER'} within each chat"),
        ("contents tagged", f"{answered - inherited} of {photos + len(alone)} sent, {inherited} known before"),
        ("peak memory", f"{peak_mb:.0f} MB"),
    ]
    print_table(rows)
