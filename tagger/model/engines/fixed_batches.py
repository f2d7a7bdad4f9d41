"""Batches of a few fixed shapes for a CUDA device: graphs, pinned memory, and copies beside the work.

A CUDA graph starts all kernels of a network at once, but only for the shape and the memory that it was captured with.
So a batch is cut into pieces of known shapes, the last one padded with zeros. Each shape has two slots of memory: while
the network works on one, the next piece is copied into the other.

The one rule: a slot is written again only after the event of its last use.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

log = logging.getLogger(__name__)

SLOTS = 2  # one at work, one being filled
WARM_UPS = 3  # before a capture, so that libraries have chosen kernels and taken their memory
MOST_PADDING = 0.25  # of a shape; with more to pad, smaller shapes are faster

Forward = Callable[[torch.Tensor], torch.Tensor]
Work = Callable[[], object]


class Queues(Protocol):
    """Two queues of work on a device, each in order, and events between them."""

    def enqueue(self, name: Literal["copy", "compute"], work: Work, *, after: Sequence[Any] = ()) -> Any:
        """Queue work that starts after some events; returns the event of its end."""
        ...

    def wait(self, event: Any) -> None: ...


class CudaQueues:
    """Two streams of a CUDA device."""

    def __init__(self, device: torch.device) -> None:
        self._streams = {name: _stream(device) for name in ("copy", "compute")}

    def enqueue(self, name: Literal["copy", "compute"], work: Work, *, after: Sequence[Any] = ()) -> Any:
        stream = self._streams[name]
        for event in after:
            stream.wait_event(event)
        with torch.cuda.stream(stream):
            work()
        return stream.record_event()

    def wait(self, event: Any) -> None:
        event.synchronize()


class Slot:
    """Memory for one piece, on the host and on the device, and the network bound to it."""

    def __init__(self, forward: Forward, size: int, *, size_px: int, width: int, device: torch.device) -> None:
        shape, pinned = (size, size_px, size_px, 3), device.type == "cuda"
        self.size = size
        self.host_in = torch.zeros(shape, dtype=torch.uint8, pin_memory=pinned)  # (size, H, W, 3)
        self.host_out = torch.zeros((size, width), pin_memory=pinned)  # (size, width)
        self._device_in = torch.zeros(shape, dtype=torch.uint8, device=device)
        self._device_out = torch.zeros((size, width), device=device)
        self._infer = captured(lambda: self._device_out.copy_(forward(self._device_in)), device)

    def fill(self, pixels: NDArray[np.uint8]) -> None:
        """Write a piece (N, H, W, 3), N ≤ size, and zeros behind it."""
        self.host_in[: len(pixels)] = torch.from_numpy(np.array(pixels))
        self.host_in[len(pixels) :] = 0

    def upload(self) -> None:
        self._device_in.copy_(self.host_in, non_blocking=True)

    def infer(self) -> None:
        self._infer()
        self.host_out.copy_(self._device_out, non_blocking=True)


class FixedBatches:
    """A network that answers batches of any size in pieces of fixed shapes.

    Args:
        forward: from pixels (N, H, W, 3) uint8 to rows (N, width) float32, both on the device.
        queues: of the device.
        sizes: of the pieces, ascending; a size takes memory when it is first used.
    """

    def __init__(
        self,
        forward: Forward,
        queues: Queues,
        device: torch.device,
        *,
        sizes: Sequence[int],
        size_px: int,
        width: int,
    ) -> None:
        self.sizes = tuple(sizes)
        self._queues, self._width = queues, width
        self._new_slot = partial(Slot, forward, size_px=size_px, width=width, device=device)
        self._slots: dict[int, deque[Slot]] = {}

    def keep(self, largest: int) -> None:
        """Use no larger pieces than this, and free the memory of those."""
        self.sizes = tuple(size for size in self.sizes if size <= largest)
        self._slots = {size: slots for size, slots in self._slots.items() if size <= largest}

    @torch.inference_mode()
    def rows(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run a batch of pixels (N, H, W, 3).

        Returns:
            (N, width), in the order of the batch.

        Raises:
            torch.OutOfMemoryError: a shape that was not used before does not fit into the device's memory.
        """
        rows = np.empty((len(batch), self._width), dtype=np.float32)
        running: deque[tuple[Slot, Any, slice]] = deque()
        try:
            for place, size in pieces(len(batch), self.sizes):
                slot = self._next_slot(size)
                while any(slot is other for other, *_ in running):
                    self._collect(running.popleft(), rows)
                slot.fill(batch[place])
                uploaded = self._queues.enqueue("copy", slot.upload)
                running.append((slot, self._queues.enqueue("compute", slot.infer, after=[uploaded]), place))
        finally:  # after an error, too: the next call writes to the same slots
            while running:
                self._collect(running.popleft(), rows)
        return rows

    def _next_slot(self, size: int) -> Slot:
        """The slot of a size that was used least recently."""
        if size not in self._slots:
            self._slots[size] = deque(self._new_slot(size) for _ in range(SLOTS))
        self._slots[size].rotate()
        return self._slots[size][0]

    def _collect(self, run: tuple[Slot, Any, slice], rows: NDArray[np.float32]) -> None:
        slot, done, place = run
        self._queues.wait(done)
        rows[place] = slot.host_out.numpy()[: place.stop - place.start]


def pieces(count: int, sizes: Sequence[int]) -> Iterator[tuple[slice, int]]:
    """Cut a batch into pieces.

    Args:
        count: photos in the batch.
        sizes: ascending.

    Yields:
        Where a piece is in the batch, and the size to which it is padded.
    """
    start = 0
    while (left := count - start) > 0:
        larger = next((size for size in sizes if size >= left), None)
        smaller = max((size for size in sizes if size <= left), default=None)
        pads_little = larger is not None and larger - left <= larger * MOST_PADDING
        size = larger if larger is not None and (pads_little or smaller is None) else smaller
        assert size is not None
        yield slice(start, min(start + size, count)), size
        start += size


def captured(work: Work, device: torch.device) -> Work:
    """A CUDA graph of the work; the work itself on a CPU, or where it cannot be captured."""
    if device.type != "cuda":
        return work
    stream = _stream(device)
    stream.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(stream), torch.inference_mode():
        for _ in range(WARM_UPS):
            work()
    torch.cuda.current_stream(device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    try:
        with torch.inference_mode(), torch.cuda.graph(graph, capture_error_mode="thread_local"):
            work()
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        log.warning("The network runs without a CUDA graph, so it is slower: %s", error)
        return work
    return graph.replay


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
