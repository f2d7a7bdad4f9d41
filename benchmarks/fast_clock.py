"""`tagger serve` whose scheduler reads the time from standard input, where `benchmarks.memory.day` writes it.

Jobs, watch, bot, model and database are those of the command.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import apscheduler.schedulers.base

from tagger.cli import main as tagger_main
from tagger.jobs import schedule

TICK_S = 0.05  # how often a new moment is noticed


class FastClock:
    """Replaces `datetime` in APScheduler."""

    moment: datetime

    @classmethod
    def now(cls, zone: Any = None) -> datetime:
        return cls.moment.astimezone(zone)


def follow(moments: Iterable[str]) -> None:
    for line in moments:
        FastClock.moment = datetime.fromisoformat(line.strip())
    os.kill(os.getpid(), signal.SIGTERM)  # the benchmark has ended


def main() -> None:
    FastClock.moment = datetime.fromisoformat(sys.stdin.readline().strip())
    threading.Thread(target=follow, args=(sys.stdin,), daemon=True).start()
    apscheduler.schedulers.base.datetime = FastClock
    schedule.TICK_S = TICK_S
    tagger_main(["serve", *sys.argv[1:]], prog_name="tagger")


if __name__ == "__main__":
    main()
