"""Pieces of fixed shapes give every photo its own row, in whatever order a device gets round to its queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the extra 'gpu' is not installed")

from tagger.model.bundle import open_bundle  # noqa: E402
from tagger.model.engines.fixed_batches import FixedBatches, pieces  # noqa: E402
from tagger.model.engines.torch import TorchEngine, in_fitting_batches  # noqa: E402

CPU = torch.device("cpu")


@dataclass
class Task:
    work: Callable[[], object]
    after: Sequence[Task]
    is_done: bool = False


@dataclass
class LateQueues:
    """A device that works only when somebody waits, and then prefers one of its queues."""

    preferred: str
    heeds_events: bool = True
    tasks: dict[str, list[Task]] = field(default_factory=lambda: {"copy": [], "compute": []})

    def enqueue(self, name: str, work: Callable[[], object], *, after: Sequence[Any] = ()) -> Task:
        task = Task(work, after if self.heeds_events else ())
        self.tasks[name].append(task)
        return task

    def wait(self, event: Task) -> None:
        while not event.is_done:
            task = next(self._ready())
            task.work()
            task.is_done = True

    def _ready(self) -> Iterator[Task]:
        for name in sorted(self.tasks, key=lambda name: name != self.preferred):
            waiting = [task for task in self.tasks[name] if not task.is_done]
            if waiting and all(before.is_done for before in waiting[0].after):
                yield waiting[0]


class PromptQueues(LateQueues):
    """A device that works at once, and fails as soon as it is asked."""

    def enqueue(self, name: str, work: Callable[[], object], *, after: Sequence[Any] = ()) -> Task:  # noqa: ARG002
        work()
        return Task(work, (), is_done=True)


def first_pixel(pixels: Any) -> Any:
    """A network whose answer is a photo's first pixel, and how many photos came together."""
    return torch.stack([pixels[:, 0, 0, 0].float(), torch.full((len(pixels),), len(pixels))], dim=1)


def fixed(queues: LateQueues, sizes: Sequence[int] = (2, 4), forward: Any = first_pixel) -> FixedBatches:
    return FixedBatches(forward, queues, CPU, sizes=sizes, size_px=2, width=2)


def numbered(count: int) -> NDArray[np.uint8]:
    return np.arange(1, count + 1, dtype=np.uint8).repeat(12).reshape(count, 2, 2, 3)


@pytest.mark.parametrize("count", range(1, 40))
def test_pieces_cover_a_batch_once_and_pad_little(count: int) -> None:
    found = list(pieces(count, (2, 4, 16)))
    assert [number for place, _ in found for number in range(count)[place]] == list(range(count))
    assert sum(size for _, size in found) - count <= max(1, count / 3)


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [8]), (8, [8]), (9, [8, 8]), (25, [32]), (90, [32, 32, 32]), (100, [128]), (129, [128, 8])]
)
def test_the_shapes_of_a_batch(count: int, sizes: list[int]) -> None:
    assert [size for _, size in pieces(count, (8, 32, 128))] == sizes


@pytest.mark.parametrize("preferred", ["copy", "compute"])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 19, 37])
def test_every_photo_gets_its_row_whichever_queue_is_faster(preferred: str, count: int) -> None:
    rows = fixed(LateQueues(preferred)).rows(numbered(count))
    assert rows[:, 0].tolist() == list(range(1, count + 1))
    assert set(rows[:, 1].tolist()) <= {2, 4}  # the network sees no other shapes


def test_without_events_rows_would_be_wrong() -> None:
    rows = fixed(LateQueues("compute", heeds_events=False)).rows(numbered(19))
    assert rows[:, 0].tolist() != list(range(1, 20))


def test_padding_does_not_remember_earlier_photos() -> None:
    seen: list[int] = []

    def forward(pixels: Any) -> Any:
        seen.append(int(pixels.sum()))
        return first_pixel(pixels)

    batches = fixed(LateQueues("copy"), (4,), forward)
    batches.rows(numbered(8))
    seen.clear()
    batches.rows(numbered(3))
    assert seen == [int(numbered(3).sum())]


def test_a_shape_that_does_not_fit_leaves_the_smaller_ones() -> None:
    def small_device(pixels: Any) -> Any:
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("too much")
        return first_pixel(pixels)

    batches = fixed(PromptQueues("copy"), (2, 4), small_device)
    rows, size = in_fitting_batches(batches.rows, numbered(9), 8)
    assert (rows[:, 0].tolist(), size) == (list(range(1, 10)), 2)


def test_a_size_that_is_given_up_is_not_used_again() -> None:
    batches = fixed(LateQueues("copy"), (2, 4, 8))
    batches.rows(numbered(8))
    batches.keep(4)
    assert set(batches.rows(numbered(8))[:, 1].tolist()) == {4}


@pytest.mark.slow
def test_the_shipped_network_answers_in_pieces_as_it_does_at_once() -> None:
    bundle = open_bundle()
    engine, size_px = TorchEngine(bundle), bundle.card.input.size_px
    photos = np.random.default_rng(0).integers(0, 256, (5, size_px, size_px, 3), dtype=np.uint8)
    outputs = engine.outputs(photos)
    assert outputs.features is not None
    expected = np.concatenate([outputs.logits, outputs.features], axis=1)
    queues, width = LateQueues("copy"), expected.shape[1]
    batches = FixedBatches(engine._forward, queues, CPU, sizes=(2, 4), size_px=size_px, width=width)
    assert np.allclose(batches.rows(photos), expected, atol=1e-3)
