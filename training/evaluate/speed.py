"""How fast engines are beside one another on this machine.

The one rule: all of them take turns within one process, so that a slow minute of the machine hits all alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tagger.model.engines import Engine

ROUNDS = 21
SECONDS = 0.4  # that an engine runs in each round: short, so that all meet the same disturbances
SEED = 7


def photos_a_second(
    engines: Mapping[str, tuple[Engine, int]], *, rounds: int = ROUNDS, seconds: float = SECONDS
) -> dict[str, float]:
    """The median rate of each engine over some rounds, on the same random pixels.

    Args:
        engines: by name, each with the side of its photos in px.
    """
    side_px = max(size for _, size in engines.values())
    most = max(engine.batch_size for engine, _ in engines.values())
    numbers = np.random.default_rng(SEED)
    pixels = numbers.integers(0, 256, (most, side_px, side_px, 3), dtype=np.uint8)  # (N, H, W, 3)
    batches = {name: np.ascontiguousarray(pixels[: e.batch_size, :px, :px]) for name, (e, px) in engines.items()}
    for name, (engine, _) in engines.items():
        engine.logits(batches[name])  # the first call allocates
    rates: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, (engine, _) in engines.items():
            rates[name].append(_rate(engine, batches[name], seconds))
    return {name: round(median(values), 1) for name, values in rates.items()}


def _rate(engine: Engine, batch: NDArray[np.uint8], seconds: float) -> float:
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds or not done:
        engine.logits(batch)
        done += len(batch)
    return done / (time.perf_counter() - begun)
