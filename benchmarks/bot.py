"""The Telegram bot: how soon is a photo answered, how many at once, in how much memory?

LANDMARK_DATA=… python -m benchmarks.bot [--photos 500] [--chats 50] [--single 200]
"""

from __future__ import annotations

import argparse
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.botapi import Bot, Server
from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command

SIZE = (1280, 960)  # what Telegram's apps send at most


def worker_rate(folder: Path, photos: list[Path], database: Path) -> float:
    """Photos/s of `tagger tag` over the same photos, from the start of its run to the end."""
    subprocess.run([tagger_command(), "tag", folder, "--db", database], check=True, stderr=subprocess.DEVNULL)
    with closing(sqlite3.connect(database)) as connection:
        took = "SELECT (julianday(finished_at) - julianday(started_at)) * 86400 FROM run"
        (seconds,) = connection.execute(took).fetchone()
    return float(len(photos) / seconds)


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
    server.wait_answered(len(before) + len(photos))
    rows = [row for row in server.photos() if (row["chat_id"], row["message_id"]) not in before]
    first = min(row["handed_out"][0] for row in rows)
    last = max(answer["at"] for row in rows for answer in row["answers"])
    in_order = all(
        one["answers"][0]["message_id"] < other["answers"][0]["message_id"]
        for one, other in pairwise(rows)
        if one["chat_id"] == other["chat_id"]
    )
    return len(rows) / (last - first), sum(len(row["answers"]) for row in rows), in_order


def looks(database: Path) -> tuple[int, int]:
    """Photos that were looked at, and those that were known."""
    with closing(sqlite3.connect(database)) as connection:
        every, known = connection.execute("SELECT tagged + none, inherited FROM run ORDER BY id DESC").fetchone()
    return int(every - known), int(known)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=500)
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--single", type=int, default=200)
    options = parser.parse_args()
    say_setting()
    with TemporaryDirectory() as name, Server() as server:
        place = Path(name)
        every = enlarged(real_photos(), place / "photos", options.photos, SIZE)
        single = enlarged(real_photos()[::-1], place / "single", options.single + 5, SIZE)
        worker = worker_rate(place / "photos", every, place / "worker.sqlite")
        bot = Bot(server, place)
        latencies(server, single[:5])  # the first ones wait for the start
        alone = latencies(server, single[5:])
        rate, answers, in_order = load(server, every, options.chats)
        peak_mb = bot.peak_mb
        bot.stop()
        looked_at, known = looks(bot.database)
    rows = [
        ("one photo, median", f"{median(alone) * 1000:.0f} ms"),
        ("one photo, 99th percentile", f"{quantiles(alone, n=100)[98] * 1000:.0f} ms"),
        (f"{options.photos} photos from {options.chats} chats", f"{rate:.1f} photos/s"),
        ("the folder worker over the same photos", f"{worker:.1f} photos/s"),
        ("share", f"{rate / worker:.0%}"),
        ("answers", f"{answers}, {'in order' if in_order else 'NOT IN ORDER'} within each chat"),
        ("contents looked at", f"{looked_at} of {options.photos + options.single + 5} sent, {known} known"),
        ("peak memory", f"{peak_mb:.0f} MB"),
    ]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
