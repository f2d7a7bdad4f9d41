"""Can this process do its work? For whoever restarts it if not.

The one rule: a job that failed, or the bot or the watch that ended, makes nobody unhealthy; starting the process again
would not help. It is told beside.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from db.engine import Store
from db.write.jobs import last_starts
from tagger.core.errors import StoreError
from tagger.core.text import format_bytes

BEAT_S = 120.0  # the schedule looks at the clock four times as often
ENOUGH_DISK_BYTES = 50_000_000
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Health:
    """Args:
    reasons: why it cannot; none if it can.
    notes: what somebody may want to look at.
    """

    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_fine(self) -> bool:
        return not self.reasons


def examine(store: Store, beat_age_s: float, troubles: Mapping[str, str] = NONE) -> Health:
    """Look at the database, the disk and the clock.

    Args:
        beat_age_s: how long ago the schedule last looked at its clock.
        troubles: what ended by itself beside the jobs, and why.
    """
    reasons: list[str] = []
    notes = [f"{part}: {why}" for part, why in troubles.items()]
    try:
        with store.read() as connection:
            last = last_starts(connection)
        notes += [f"{row.job} {row.status}: {row.message}" for row in last.values() if row.status in ("failed", "died")]
        free = shutil.disk_usage(Path(store.file).parent).free
        if free < ENOUGH_DISK_BYTES:
            reasons.append(f"only {format_bytes(free)} are free where the database lies")
    except (StoreError, OSError) as error:
        reasons.append(str(error))
    if beat_age_s > BEAT_S:
        reasons.append(f"the schedule has not looked at its clock for {beat_age_s:.0f} s")
    return Health(tuple(reasons), tuple(notes))
