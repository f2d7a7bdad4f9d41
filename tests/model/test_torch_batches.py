"""How the torch engine finds its batch size, and what it does when memory runs out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra 'gpu' is not installed")

from tagger.core.errors import EngineFailed  # noqa: E402
from tagger.model.engines.torch import Logits, Pixels, best_batch_size, in_fitting_batches  # noqa: E402


def small_device(batch: Pixels) -> Logits:
    """Holds four photos; a photo's answer is its first pixel."""
    if len(batch) > 4:
        raise torch.OutOfMemoryError("too much")
    return batch[:, 0, 0, :1].astype(np.float32)


def numbered(count: int) -> Pixels:
    return np.arange(count, dtype=np.uint8).repeat(12).reshape(count, 2, 2, 3)


def test_a_batch_that_does_not_fit_is_halved_until_it_does() -> None:
    rows, size = in_fitting_batches(small_device, numbered(37), 32)
    assert rows[:, 0].tolist() == list(range(37))
    assert size == 4


def test_a_photo_that_does_not_fit_alone_is_an_error() -> None:
    def no_device(_batch: Pixels) -> Logits:
        raise torch.OutOfMemoryError("nothing left")

    with pytest.raises(EngineFailed, match="not even one photo"):
        in_fitting_batches(no_device, numbered(8), 8)


def test_other_errors_are_not_retried() -> None:
    def broken(_batch: Pixels) -> Logits:
        raise RuntimeError("device-side assert")

    with pytest.raises(EngineFailed, match="device-side assert"):
        in_fitting_batches(broken, numbered(8), 8)


def test_the_largest_batch_that_fits_is_the_limit() -> None:
    assert best_batch_size(small_device, 2, (2, 4, 8, 16)) <= 4


def test_a_larger_batch_that_gains_nothing_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock_s = 0.0
    monkeypatch.setattr("tagger.model.engines.torch.time", SimpleNamespace(perf_counter=lambda: clock_s))

    def fixed_cost_up_to_eight(batch: Pixels) -> Logits:
        nonlocal clock_s
        clock_s += 0.01 * max(1, len(batch) / 8)
        return np.zeros((len(batch), 1), dtype=np.float32)

    assert best_batch_size(fixed_cost_up_to_eight, 2, (2, 4, 8, 16, 32)) == 8
