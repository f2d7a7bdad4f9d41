"""Is each photo answered exactly once if SIGKILL stops the Telegram bot at random moments?"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.telegram import Bot, Server

LONGEST_S = 1.5  # 60 photos take about a second


def killed_once(photos: list[Path], chats: int, after_s: float) -> Counter[int]:
    """Number of photos by their number of answers, after a kill and a restart."""
    with TemporaryDirectory() as place, Server() as server:
        bot = Bot(server, Path(place))
        server("photos", files=[str(photos[0])], chats=1)
        server.wait_answered(1)
        server("photos", files=[str(photo) for photo in photos[1:]], chats=chats)
        time.sleep(after_s)
        bot.kill()
        bot.start()
        server("photos", files=[str(photos[0])], chats=1)  # its answer shows that the new process works
        server.wait_answered(len(photos) + 1)
        server("wait", quiet_s=1.0, timeout_s=120)
        answers = Counter(len(row["answers"]) for row in server.photos())
        bot.stop()
    return answers


def main(*, data: Path, times: int = 30, photos: int = 60, chats: int = 10, seed: int = 0) -> None:
    moments, good = random.Random(seed), 0
    with TemporaryDirectory() as place:
        sent = enlarged(real_photos(data), Path(place), photos + 1, TELEGRAM)
        for _ in range(times):
            after_s = moments.uniform(0.02, LONGEST_S)
            answers = killed_once(sent, chats, after_s)
            is_good = set(answers) == {1}
            good += is_good
            print(f"killed after {after_s:.2f} s: {'each answered once' if is_good else dict(answers)}", flush=True)
    print(f"{good} of {times} times each of {photos} photos in {chats} chats was answered once")
