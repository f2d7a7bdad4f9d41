"""SIGKILL at random moments while the Telegram bot answers: is each photo answered, and once?

LANDMARK_DATA=… python -m benchmarks.bot_killed [--times 30] [--photos 60] [--chats 10] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.botapi import Bot, Server
from benchmarks.setting import enlarged, real_photos, say_setting

SIZE = (1280, 960)
LONGEST_S = 1.5  # 60 photos take about a second


def killed_once(photos: list[Path], chats: int, after_s: float) -> Counter[int]:
    """How many photos have how many answers, after a kill and a restart."""
    with TemporaryDirectory() as place, Server() as server:
        bot = Bot(server, Path(place))
        server("photos", files=[str(photos[0])], chats=1)
        server.wait_answered(1)
        server("photos", files=[str(photo) for photo in photos[1:]], chats=chats)
        time.sleep(after_s)
        bot.kill()
        bot.start()
        server("photos", files=[str(photos[0])], chats=1)  # its answer says that the new process is at work
        server.wait_answered(len(photos) + 1)
        server("wait", quiet_s=1.0, timeout_s=120)
        answers = Counter(len(row["answers"]) for row in server.photos())
        bot.stop()
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--chats", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    say_setting()
    moments, good = random.Random(options.seed), 0
    with TemporaryDirectory() as place:
        photos = enlarged(real_photos(), Path(place), options.photos + 1, SIZE)
        for _ in range(options.times):
            after_s = moments.uniform(0.02, LONGEST_S)
            answers = killed_once(photos, options.chats, after_s)
            is_good = set(answers) == {1}
            good += is_good
            print(f"killed after {after_s:.2f} s: {'each answered once' if is_good else dict(answers)}", flush=True)
    print(f"{good} of {options.times} times each of {options.photos} photos in {options.chats} chats was answered once")


if __name__ == "__main__":
    main()
