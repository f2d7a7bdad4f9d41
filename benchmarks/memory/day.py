"""Does anything grow in a day of `tagger serve`, compressed into a few minutes by a fast clock?

Jobs, watch, bot, model and database run in one process, as in the command; only its scheduler reads a fake time. Each
simulated ten minutes bring a photo into the library and a nightly run, and in three chats a photo, a tap on its answer
and a command. Each hour brings a backup, a canary and a digest.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, print_table
from benchmarks.telegram import Bot, Server
from tagger.config.cron import parse

START = datetime(2026, 10, 24, 12, tzinfo=UTC)
STEP = timedelta(minutes=10)
STEPS_AN_HOUR = 6
WARM_HOURS = 6  # until allocators, caches and connection pools have their size
TIMEOUT_S = 300
FIRST_PERSON = 10_000  # the server's number for the sender of the first of many photos
CHATS = 3
TIMES = {
    "nightly": "*/10 * * * *",
    "backup": "5 * * * *",
    "canary": "15 * * * *",
    "digest": "25 * * * *",
    "prune": "35 3 * * *",
    "until": "off",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A process's resources."""

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def by(cls, process: int) -> Held:
        proc = Path(f"/proc/{process}")
        pages = int((proc / "statm").read_text().split()[1])
        memory_mb = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return cls(memory_mb, len(os.listdir(proc / "task")), len(os.listdir(proc / "fd")))

    def __str__(self) -> str:
        return f"{self.memory_mb:6.0f} MB  {self.threads} threads  {self.files} files"


def wait_for(what: str, is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + TIMEOUT_S
    while not is_so():
        if time.monotonic() > until:
            sys.exit(f"{what} did not happen within {TIMEOUT_S} s")
        time.sleep(0.05)


def due_until(moment: datetime) -> int:
    """How often jobs were due since the start."""
    first, last = START.replace(tzinfo=None), moment.replace(tzinfo=None)
    times = [cron for text in TIMES.values() if (cron := parse(text))]
    return sum(1 for cron in times for _ in takewhile(lambda due: due <= last, cron.after(first)))


class Day:
    """The world around the process: photos in the library and in chats, and the clock."""

    def __init__(self, server: Server, serve: Bot, library: Path) -> None:
        self._server, self._serve, self._library = server, serve, library
        self._sent = 0

    def ask(self, query: str) -> int:
        return int(ask(self._serve.database, query)[0][0])

    def set_clock(self, moment: datetime) -> None:
        assert self._serve.process.stdin is not None
        self._serve.process.stdin.write(f"{moment.isoformat()}\n")
        self._serve.process.stdin.flush()

    def begin(self, photo: Path) -> None:
        """Wait until the bot answers; the schedule has started before."""
        self.set_clock(START)
        self._server("photos", files=[str(photo)])
        self._sent = 1
        self._server.wait_answered(self._sent)

    def step(self, moment: datetime, photo: Path, sent: list[Path]) -> None:
        """Simulate ten minutes, and wait until all their work is done."""
        shutil.copy(photo, self._library)
        self.set_clock(moment)
        self._server("photos", files=[str(file) for file in sent], chats=CHATS)
        self._sent += len(sent)
        self._server.wait_answered(self._sent)
        for row in self._server.photos()[-len(sent) :]:
            who = {"person": row["chat_id"]}  # a private chat has its person's number
            self._server("tap", **who, message_id=row["answers"][-1]["message_id"], button="None of these")
        self._server("text", person=FIRST_PERSON, text="/places")
        self._server("wait", quiet_s=0.1)
        due = due_until(moment)
        wait_for("the end of all jobs", lambda: self.ask("SELECT count(finished_at) FROM job_run") == due)

    def live(self, photos: list[Path], hours: int) -> list[Held]:
        held: list[Held] = []
        for step in range(hours * STEPS_AN_HOUR):
            own, *sent = (photos.pop() for _ in range(1 + CHATS))
            self.step(START + (step + 1) * STEP, own, sent)
            if (step + 1) % STEPS_AN_HOUR == 0:
                held.append(Held.by(self._serve.process.pid))
                print(f"hour {len(held):>2}  {held[-1]}", flush=True)
        return held


def main(*, data: Path, hours: int = 24) -> None:
    with TemporaryDirectory() as name, Server() as server:
        place, library = Path(name), Path(name) / "library"
        library.mkdir()
        photos = enlarged(real_photos(data), place / "photos", 1 + hours * STEPS_AN_HOUR * (1 + CHATS), SMALL)
        serve = Bot(
            server,
            place,
            *(sys.executable, "-m", "benchmarks.fast_clock"),
            TAGGER_FOLDERS=json.dumps([str(library)]),
            TAGGER_JOBS=json.dumps(TIMES),
            TAGGER_TIMEZONE="UTC",
            TAGGER_METRICS_LISTEN="off",
        )
        day = Day(server, serve, library)
        day.begin(photos.pop())
        held = day.live(photos, hours)
        bad_jobs = day.ask("SELECT count(*) FROM job_run WHERE status <> 'done'")
        rows = [
            ("jobs", f"{day.ask('SELECT count(*) FROM job_run')}, {bad_jobs} not done"),
            ("photos in the library", f"{day.ask('SELECT count(*) FROM file WHERE photo_id IS NOT NULL')}"),
            ("photos answered in chats", f"{len(server.photos())}, each once"),
            ("taps", f"{day.ask('SELECT count(*) FROM decision')}"),
        ]
        assert all(len(row["answers"]) == 1 for row in server.photos())
        serve.stop()
    first, last = held[min(WARM_HOURS, hours) - 1], held[-1]
    grown = f"{last.memory_mb - first.memory_mb:+.0f} MB, {last.threads - first.threads:+} threads, "
    rows.append((f"from hour {min(WARM_HOURS, hours)} to {hours}", f"{grown}{last.files - first.files:+} files"))
    print()
    print_table(rows)
