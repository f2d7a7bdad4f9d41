"""Compare the speed of engines on this machine.

They take turns in one process, so that a slow minute affects all alike.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from statistics import median

import numpy as np
from numpy.typing import NDArray

from tagger.model.engines import Engine

ROUNDS = 21
ROUND_S = 0.4  # per engine and round: short, so that all meet the same disturbances
SEED = 7


def photos_per_second(
    engines: Mapping[str, tuple[Engine, int]], *, rounds: int = ROUNDS, round_s: float = ROUND_S
) -> dict[str, float]:
    """The median rate of each engine on the same random pixels.

    Args:
        engines: by name, each with the side of its photos in px.
    """
    side_px = max(size for _, size in engines.values())
    largest_batch = max(engine.batch_size for engine, _ in engines.values())
    rng = np.random.default_rng(SEED)
    pixels = rng.integers(0, 256, (largest_batch, side_px, side_px, 3), dtype=np.uint8)  # (N, H, W, 3)
    batches = {name: np.ascontiguousarray(pixels[: e.batch_size, :px, :px]) for name, (e, px) in engines.items()}
    for name, (engine, _) in engines.items():
        engine.logits(batches[name])  # the first call allocates memory
    rates: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(rounds):
        for name, (engine, _) in engines.items():
            rates[name].append(_rate(engine, batches[name], round_s))
    return {name: round(median(values), 1) for name, values in rates.items()}


def _rate(engine: Engine, batch: NDArray[np.uint8], seconds: float) -> float:
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds or not done:
        engine.logits(batch)
        done += len(batch)
    return done / (time.perf_counter() - start)
