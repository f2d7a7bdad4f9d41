"""From samples of any depth to 8 bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FLOAT_RANGES = (1.0, 255.0, 65535.0)  # in which floats are stored
MAX_HIGHLIGHT = 16.0  # floats from 0 to 1 go above 1 where it is very bright, but only few of them above this
SAMPLED_SIDE = 100  # rows and columns
BAND_ROWS = 64

Scale = Callable[[NDArray[Any]], NDArray[np.uint8]]  # of a band of rows


def eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale samples to 0 to 255.

    Args:
        samples: (H, W) or (H, W, S). Unsigned integers, of which all bits count; signed ones, whose range begins at 0
            if none is negative; or floats, from 0 to 1 unless they are clearly in a wider range.

    Returns:
        The same shape.
    """
    if samples.dtype == np.uint8:
        return samples
    scaled = _float_scale(samples) if samples.dtype.kind == "f" else _integer_scale(samples)
    levels = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), BAND_ROWS):  # whole, each step would copy all samples
        levels[top : top + BAND_ROWS] = scaled(samples[top : top + BAND_ROWS])
    return levels


def _integer_scale(samples: NDArray[Any]) -> Scale:
    bits = 8 * samples.dtype.itemsize
    is_signed = samples.dtype.kind == "i"
    has_negative = is_signed and samples.size > 0 and samples.min() < 0

    def scaled(band: NDArray[Any]) -> NDArray[np.uint8]:
        levels = band.astype(f"u{samples.dtype.itemsize}")
        if is_signed:
            levels = levels ^ (1 << (bits - 1)) if has_negative else levels << 1
        return (levels >> (bits - 8)).astype(np.uint8)

    return scaled


def _float_scale(samples: NDArray[Any]) -> Scale:
    sampled = samples[tuple(slice(None, None, -(-side // SAMPLED_SIDE)) for side in samples.shape)].astype(np.float32)
    top = 1.0
    if samples.size and np.percentile(np.nan_to_num(sampled), 90) > MAX_HIGHLIGHT:
        highest = float(np.nan_to_num(samples.max(initial=0, where=~np.isnan(samples)).astype(np.float32)))
        top = next((limit for limit in FLOAT_RANGES if highest <= limit), highest)

    def scaled(band: NDArray[Any]) -> NDArray[np.uint8]:
        values = np.nan_to_num(band.astype(np.float32))
        return (values * np.float32(255 / top)).clip(0, 255).astype(np.uint8)

    return scaled
