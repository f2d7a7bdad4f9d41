"""The health of this process, for supervisors that restart it.

The one rule: a failed job, or a bot or watch that ended, is only a note: the process stays healthy, since a restart
would not help.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from db.engine import Store
from db.read.catalog import last_starts
from tagger.core.errors import StoreError
from tagger.core.text import format_bytes

MAX_TICK_AGE_S = 120.0  # the schedule ticks four times as often
MIN_FREE_BYTES = 50_000_000
NO_PROBLEMS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a process."""

    reasons: tuple[str, ...]  # why it is unhealthy; empty if it is not
    notes: tuple[str, ...]  # problems that a restart does not solve

    @property
    def is_fine(self) -> bool:
        return not self.reasons


def examine(store: Store, tick_age_s: float, problems: Mapping[str, str] = NO_PROBLEMS) -> Health:
    """Check the database, the disk and the clock.

    Args:
        store: the process's own.
        tick_age_s: seconds since the last tick of the schedule.
        problems: parts that ended by themselves, and why.
    """
    reasons: list[str] = []
    notes = [f"{part}: {problem}" for part, problem in problems.items()]
    try:
        with store.read() as connection:
            last = last_starts(connection)
        notes += [f"{row.job} {row.status}: {row.message}" for row in last.values() if row.status in ("failed", "died")]
        free = shutil.disk_usage(Path(store.file).parent).free
        if free < MIN_FREE_BYTES:
            reasons.append(f"only {format_bytes(free)} are free on the disk of the database")
    except (StoreError, OSError) as error:
        reasons.append(str(error))
    if tick_age_s > MAX_TICK_AGE_S:
        reasons.append(f"the schedule has not ticked for {tick_age_s:.0f} s")
    return Health(tuple(reasons), tuple(notes))
