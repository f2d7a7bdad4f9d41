"""Each worker's part of the report of the run that they share."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from tagger.core.timings import StageTimings
from tagger.library.report import MOST_NAMED, MOST_SLOW, FailedPhoto, RunState, SlowPhoto


def part_of(state: RunState) -> dict[str, Any]:
    """What a worker has to report so far, as JSON values."""
    return {
        "stages": state.stages.seconds(),
        "failures": dict(state.failures),
        "failed": [asdict(photo) for photo in state.failed],
        "slowest": [asdict(photo) for photo in state.slowest],
    }


def join_parts(state: RunState, parts: Iterable[Mapping[str, Any]]) -> None:
    """Replace what a worker has to report by what all have."""
    stages, failures = StageTimings(), Counter[str]()
    failed: list[FailedPhoto] = []
    slowest: list[SlowPhoto] = []
    for part in parts:
        stages.add(part["stages"])
        failures.update(part["failures"])
        failed += [FailedPhoto(**photo) for photo in part["failed"]]
        slowest += [SlowPhoto(**photo) for photo in part["slowest"]]
    state.stages, state.failures = stages, failures
    state.failed, state.slowest = failed[:MOST_NAMED], heapq.nlargest(MOST_SLOW, slowest)
