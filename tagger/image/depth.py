"""From samples of any depth to 8 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT_RANGES = (1.0, 255.0, 65535.0)  # in which floats are stored
MAX_HIGHLIGHT = 16.0  # floats from 0 to 1 go above 1 where it is very bright, but only few of them above this
SAMPLED = 10_000


def eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale samples to 0 to 255.

    Args:
        samples: unsigned integers, of which all bits count; signed ones, whose range begins at 0 if none is negative;
            or floats, from 0 to 1 unless they are clearly in a wider range.

    Returns:
        The same shape.
    """
    if samples.dtype == np.uint8:
        return samples
    if samples.dtype.kind == "f":
        return _from_floats(samples)
    bits = 8 * samples.dtype.itemsize
    levels = samples.astype(f"u{samples.dtype.itemsize}")
    if samples.dtype.kind == "i":
        levels = levels ^ (1 << (bits - 1)) if samples.size and samples.min() < 0 else levels << 1
    return (levels >> (bits - 8)).astype(np.uint8)


def _from_floats(samples: NDArray[Any]) -> NDArray[np.uint8]:
    values = np.nan_to_num(samples.astype(np.float32))
    usual = float(np.percentile(values.ravel()[:: max(1, values.size // SAMPLED)], 90)) if values.size else 0.0
    top = 1.0
    if usual > MAX_HIGHLIGHT:
        highest = float(values.max())
        top = next((limit for limit in FLOAT_RANGES if highest <= limit), highest)
    return (values * np.float32(255 / top)).clip(0, 255).astype(np.uint8)
