"""A day of jobs and new photos in a few minutes, by a clock that hurries: does anything grow?

python -m benchmarks.day [--hours 24]

The scheduler's threads, the jobs, the model and the database are real; only the time that the library reads is not.
Each simulated ten minutes bring a photo and a nightly run, each hour a backup, a canary and a digest.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import apscheduler.schedulers.base
import numpy as np
from PIL import Image

from benchmarks.setting import say_setting
from db.session import open_store
from tagger import log
from tagger.config import load_settings
from tagger.jobs import Work, run_job, times_of
from tagger.predict import load
from tagger.schedule import Schedule

STEP = timedelta(minutes=10)
PATIENCE_S = 300
WARM_HOURS = 6  # allocators, caches and connection pools find their size
TIMES = {
    "nightly": "*/10 * * * *",
    "backup": "5 * * * *",
    "canary": "15 * * * *",
    "digest": "25 * * * *",
    "prune": "35 3 * * *",
    "until": "off",
}


class HurriedClock:
    moment = datetime(2026, 10, 24, 12, tzinfo=UTC)

    @classmethod
    def now(cls, zone: Any = None) -> datetime:
        return cls.moment.astimezone(zone)


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds."""

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def now(cls) -> Held:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return cls(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, threading.active_count(), len(os.listdir("/proc/self/fd")))


class Counted:
    """Knows which jobs have ended."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.ended: list[str] = []
        self.total = 0

    def __call__(self, name: str, due_at: datetime) -> None:
        try:
            run_job(name, self._work, due_at=due_at)
        finally:
            self.ended.append(name)

    def wait_for(self, jobs: int) -> None:
        until = time.monotonic() + PATIENCE_S
        while len(self.ended) < jobs:
            if time.monotonic() > until:
                sys.exit(f"Of {jobs} jobs only {self.ended} have ended")
            time.sleep(0.01)
        self.total += jobs


def draw(file: Path, number: int) -> None:
    pixels = np.random.default_rng(number).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((800, 600)).save(file)


def simulate(place: Path, hours: int) -> list[Held]:
    library = place / "library"
    library.mkdir()
    settings = load_settings({"folders": (library,), "jobs": TIMES})
    held: list[Held] = []
    with open_store(str(place / "tags.sqlite")) as store:
        counted = Counted(Work(settings, store, lambda: load(settings.bundle)))
        clock = Schedule(times_of(settings.jobs), None, counted)
        clock.open()
        for step in range(hours * 6):
            draw(library / f"{step:05}.jpg", step)
            HurriedClock.moment += STEP
            counted.ended.clear()
            due = sum(moment <= HurriedClock.moment for moment in clock.coming().values())
            clock.tick()
            counted.wait_for(due)
            time.sleep(0.05)  # a job's thread reports to the library a moment after the job
            if step % 6 == 5:
                held.append(Held.now())
                print(f"hour {len(held):>2}  {held[-1].memory_mb:6.0f} MB  {held[-1].threads} threads  "
                      f"{held[-1].files} files  {counted.total} jobs", flush=True)  # fmt: skip
        clock.close()
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24)
    options = parser.parse_args()
    say_setting()
    log.set_up("error")
    apscheduler.schedulers.base.datetime = HurriedClock
    with TemporaryDirectory() as place:
        held = simulate(Path(place), options.hours)
    first, last = held[min(WARM_HOURS, len(held)) - 1], held[-1]
    print(f"\nFrom hour {min(WARM_HOURS, len(held))} to hour {len(held)}: {last.memory_mb - first.memory_mb:+.0f} MB, "
          f"{last.threads - first.threads:+} threads, {last.files - first.files:+} files")  # fmt: skip


if __name__ == "__main__":
    main()
