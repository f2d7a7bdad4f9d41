"""Is each photo answered exactly once if SIGKILL stops the Telegram bot again and again?

The kills come at random, 0.2 to 1.5 s apart; then the server answers one message with a 429 and one with a 502.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.telegram import Bot, Server

BETWEEN_S = (0.2, 1.5)


def killed(photos: list[Path], chats: int, pauses_s: list[float]) -> Counter[int]:
    """Number of photos by their number of answers, after kills and restarts."""
    with TemporaryDirectory() as place, Server() as server:
        bot = Bot(server, Path(place))
        server("photos", files=[str(photos[0])], chats=1)
        server.wait_answered(1)
        server("photos", files=[str(photo) for photo in photos[1:]], chats=chats)
        for pause_s in pauses_s:
            time.sleep(pause_s)
            bot.kill()
            bot.start()
        server("fault", method="sendMessage", kind="Refused", arguments={"code": 429, "retry_after_s": 1})
        server("fault", method="sendMessage", kind="GatewayError", arguments={"status": 502})
        server("photos", files=[str(photos[0])], chats=1)  # its answer shows that the new process works
        server.wait_answered(len(photos) + 1)
        server("wait", quiet_s=1.0, timeout_s=120)
        answers = Counter(len(row["answers"]) for row in server.photos())
        bot.stop()
    return answers


def main(*, data: Path, times: int = 30, photos: int = 60, chats: int = 20, kills: int = 4, seed: int = 0) -> None:
    moments, good = random.Random(seed), 0
    with TemporaryDirectory() as place:
        sent = enlarged(real_photos(data), Path(place), photos + 1, TELEGRAM)
        for _ in range(times):
            pauses_s = [moments.uniform(*BETWEEN_S) for _ in range(kills)]
            answers = killed(sent, chats, pauses_s)
            is_good = set(answers) == {1}
            good += is_good
            after = ", ".join(f"{pause_s:.2f}" for pause_s in pauses_s)
            print(f"killed after {after} s: {'each answered once' if is_good else dict(answers)}", flush=True)
    print(f"{good} of {times} times each of {photos} photos in {chats} chats was answered once")
