"""`tagger serve` whose scheduler reads the time from standard input, where `benchmarks.memory.day` writes it.

Nothing else is changed: jobs, watch, bot, model and database are those of the command.
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

TICK_S = 0.05  # how soon a moment that was read is noticed


class HurriedClock:
    """Replaces `datetime` where APScheduler asks for the time."""

    moment: datetime

    @classmethod
    def now(cls, zone: Any = None) -> datetime:
        return cls.moment.astimezone(zone)


def follow(moments: Iterable[str]) -> None:
    for line in moments:
        HurriedClock.moment = datetime.fromisoformat(line.strip())
    os.kill(os.getpid(), signal.SIGTERM)  # the benchmark has gone


def main() -> None:
    HurriedClock.moment = datetime.fromisoformat(sys.stdin.readline().strip())
    threading.Thread(target=follow, args=(sys.stdin,), daemon=True).start()
    apscheduler.schedulers.base.datetime = HurriedClock
    schedule.TICK_S = TICK_S
    tagger_main(["serve", *sys.argv[1:]], prog_name="tagger")


if __name__ == "__main__":
    main()
