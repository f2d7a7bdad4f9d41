"""The last day in a few lines: what is bad first, then what was done. A text for a chat, a mail or a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from db.engine import Store
from db.read import catalog
from db.read.statistics import Statistics, statistics
from db.rows import JobRunRow, RunRow
from db.write.jobs import starts_since

MOST_RUNS = 500
OWN = "digest"
BOT = "telegram"  # its run goes on for as long as it does, and is no news


def write(store: Store, *, since: datetime) -> str:
    """What runs and jobs did after a moment."""
    with store.read() as connection:
        jobs = [row for row in starts_since(connection, since) if row.job != OWN]
        newest = catalog.runs(connection, limit=MOST_RUNS)
        figures_now = statistics(connection)
    runs = [row for row in reversed(newest) if row.started_at >= since and row.start.job != BOT]
    return "\n".join([*_troubles(runs, jobs), *_photos(runs), *_jobs(jobs), *_library(figures_now)])


def _troubles(runs: Sequence[RunRow], jobs: Sequence[JobRunRow]) -> Iterator[str]:
    ended_runs = [(f"run {row.id} ({row.start.job})", row.status, row.error) for row in runs]
    ended_jobs = [(row.job, row.status, row.message) for row in jobs]
    bad = [told for told in (*ended_runs, *ended_jobs) if told[1] in ("failed", "died")]
    for name, status, message in bad:
        yield f"! {name} {status}" + (f": {message}" if message else "")
    if not bad:
        yield "All is well."


def _photos(runs: Sequence[RunRow]) -> Iterator[str]:
    if not runs:
        yield "No run in this time."
        return
    counts = [row.counts for row in runs]
    told = ", ".join(
        f"{sum(getattr(count, name) for count in counts):,} {word}"
        for name, word in (
            ("tagged", "tagged"),
            ("none", "without a known landmark"),
            ("failed", "failed"),
            ("gone", "gone"),
        )
    )
    stopped = sum(row.status in ("stopped", "interrupted") for row in runs)
    end = f"; {stopped} stopped before the end, the next goes on" if stopped else ""
    yield f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}: {told}{end}"


def _jobs(jobs: Sequence[JobRunRow]) -> Iterator[str]:
    last = {row.job: row for row in jobs}
    for name, row in last.items():
        if row.status not in ("failed", "died"):
            yield f"{name} {row.status}" + (f": {row.message}" if row.message else "")


def _library(now: Statistics) -> Iterator[str]:
    failures = ", ".join(f"{count} {kind}" for kind, count in sorted(now.failures.items()))
    yield f"The library has {now.photos:,} photos in {now.files:,} files." + (
        f" Not readable: {failures}; {now.quarantined} of them are not tried again." if failures else ""
    )
