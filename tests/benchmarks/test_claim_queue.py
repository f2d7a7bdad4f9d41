"""The simulation of the claim queue keeps the queue's promises, and shows what a loss costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("simpy")

from benchmarks.claim_queue import Setup, simulate, speeds

FLEET = Setup(photos=20_000, workers=20)
HARSH: dict[str, Any] = {"life_h": 0.02, "sleep_h": 0.05, "slow": 0.1}


@pytest.mark.parametrize("changes", [{}, HARSH, HARSH | {"batch": 1}, HARSH | {"lease_s": 600.0}])
def test_every_photo_is_stored_once(changes: dict[str, Any]) -> None:
    outcome = simulate(replace(FLEET, **changes))
    assert outcome.stored == sum(photos for _, photos in outcome.finished) == FLEET.photos


def test_without_losses_a_fleet_is_as_fast_as_its_workers_together() -> None:
    outcome = simulate(replace(FLEET, photos=200_000))
    assert outcome.repeated == outcome.suspects == 0
    assert 200_000 / sum(speeds(FLEET)) / outcome.seconds > 0.95


def test_a_slow_disk_loses_nothing_but_time() -> None:
    slow = simulate(replace(FLEET, slow=0.1, lease_s=10.0))  # a batch takes 37 s on it
    assert (slow.lost, slow.repeated) == (0, 0)


def test_smaller_batches_lose_less_by_a_death() -> None:
    small, large = (simulate(replace(FLEET, life_h=0.05, batch=batch)) for batch in (16, 256))
    assert small.suspects < large.suspects


def test_a_simulation_gives_the_same_figures_again() -> None:
    setup = replace(FLEET, life_h=0.02, sleep_h=0.05, slow=0.1)
    assert simulate(setup) == simulate(setup)
