"""Summarise the last day in a few lines: failures first, then what was done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from db.engine import Store
from db.read import catalog
from db.read.catalog import starts_since
from db.read.statistics import Statistics, statistics
from db.rows import JobRunRow, RunRow

MAX_RUNS = 500
DIGEST = "digest"
BOT = "telegram"  # its run lasts as long as the bot and is not reported
BAD = ("failed", "died")
COUNTS = {"tagged": "tagged", "none": "without a known landmark", "failed": "failed", "gone": "gone"}
RARE = {"moved": "moved", "excluded": "excluded"}  # counted only if there are some


def write(store: Store, *, since: datetime) -> str:
    """Summarise runs and jobs since a moment."""
    with store.read() as connection:
        jobs = [row for row in starts_since(connection, since) if row.job != DIGEST]
        newest = catalog.runs(connection, limit=MAX_RUNS)
        now = statistics(connection)
    runs = [row for row in reversed(newest) if row.started_at >= since and row.start.job != BOT]
    return "\n".join([*_failures(runs, jobs), _runs(runs), *_jobs(jobs), _library(now)])


def _failures(runs: Sequence[RunRow], jobs: Sequence[JobRunRow]) -> Iterator[str]:
    ends = [(f"run {row.id} ({row.start.job})", row.status, row.error) for row in runs]
    ends += [(row.job, row.status, row.message) for row in jobs]
    bad = [f"! {name} {_end(status, message)}" for name, status, message in ends if status in BAD]
    yield from bad or ["All is well."]


def _runs(runs: Sequence[RunRow]) -> str:
    if not runs:
        return "There were no runs in this period."
    sums = {name: sum(getattr(row.counts, name) for row in runs) for name in (*COUNTS, *RARE)}
    words = COUNTS | {name: word for name, word in RARE.items() if sums[name]}
    counts = ", ".join(f"{sums[name]:,} {word}" for name, word in words.items())
    stopped = sum(row.status in ("stopped", "interrupted") for row in runs)
    note = f"; {stopped} stopped before the end, and the next run continues" if stopped else ""
    return f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}: {counts}{note}"


def _jobs(jobs: Sequence[JobRunRow]) -> Iterator[str]:
    last = {row.job: row for row in jobs}
    yield from (f"{name} {_end(row.status, row.message)}" for name, row in last.items() if row.status not in BAD)


def _end(status: str, message: str | None) -> str:
    return f"{status}: {message}" if message else status


def _library(now: Statistics) -> str:
    text = f"The library has {now.photos:,} photos in {now.files:,} files."
    if not now.failures:
        return text
    failures = ", ".join(f"{count} {kind}" for kind, count in sorted(now.failures.items()))
    return f"{text} Could not be read: {failures}; in quarantine: {now.quarantined}."
