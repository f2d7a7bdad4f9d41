"""What is the peak memory of the Telegram bot and its decoders if ten people send a PNG bomb at the same moment?

The bomb is a file of 437 kB with 60,000 x 60,000 pixels, 3.6 GB when decoded. The figure is the sum of the largest
resident sets of all processes, each at its own time.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.processes import print_table
from benchmarks.telegram import Bot, Server
from tests import bombs

SIDE_PX = 60_000
MOST_MB = 600


def answers(server: Server) -> list[dict[str, Any]]:
    return [answer for row in server("answers") if row["kind"] == "document" for answer in row["answers"]]


def main(*, data: Path, people: int = 10, timeout_s: float = 120.0) -> int:
    with TemporaryDirectory() as name, Server() as server:
        place = Path(name)
        (place / "bomb.png").write_bytes(bomb := bombs.png(SIDE_PX, SIDE_PX, colour_type=0, bits=1))
        bot = Bot(server, place)
        server("photos", files=[str(enlarged(real_photos(data), place / "photos", 1, TELEGRAM)[0])], chats=1)
        server.wait_answered(1)
        before_mb, start = bot.tree_peak_mb, time.monotonic()
        server("documents", file=str(place / "bomb.png"), people=people)
        while len(found := answers(server)) < people and time.monotonic() < start + timeout_s:
            time.sleep(0.2)
        seconds, peak_mb = max(answer["at"] for answer in found) - start, bot.tree_peak_mb
        refused = sum("too many pixels" in answer["text"] for answer in found)
        bot.stop()
    print_table(
        [
            ("after one photo", f"{before_mb:.0f} MB"),
            (f"{people} bombs of {len(bomb) // 1000} kB", f"{peak_mb:.0f} MB, at most {MOST_MB} wanted"),
            ("answers", f"{refused} say “too many pixels”, the last after {seconds:.1f} s"),
        ]
    )
    return int(peak_mb > MOST_MB)
