"""Seconds that a run spends in each stage.

The one rule: each stage is timed in one thread, so its seconds compare with the wall clock; concurrent stages (the
engine and the decoders) may add up to more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["scan", "decode_wait", "engine", "store", "compare"]


@dataclass(slots=True)
class StageTimings:
    """Adds up the seconds of each stage."""

    _spent_s: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        """Time the block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._spent_s[stage] = self._spent_s.get(stage, 0.0) + time.perf_counter() - began

    def seconds(self) -> dict[str, float]:
        """The seconds of each stage so far."""
        return {stage: round(spent, 3) for stage, spent in self._spent_s.items()}

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add the seconds that another process spent."""
        for stage, spent in seconds.items():
            self._spent_s[stage] = self._spent_s.get(stage, 0.0) + spent
