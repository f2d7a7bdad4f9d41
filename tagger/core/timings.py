"""Where a run's time goes.

The one rule: each stage is timed in one thread, so its seconds compare with the wall clock. Stages that run side by
side (the engine and the decoders) may add up to more than it.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Stage = Literal["scan", "decode_wait", "engine", "store", "compare"]


class StageTimings:
    """Adds up the seconds of each stage."""

    def __init__(self) -> None:
        self._spent_s: defaultdict[Stage, float] = defaultdict(float)

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        """Time what happens in this context."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent_s[stage] += time.perf_counter() - began

    def seconds(self) -> dict[Stage, float]:
        """Seconds by stage, so far."""
        return {stage: round(spent, 3) for stage, spent in self._spent_s.items()}
