"""Pictures of the photos that come next, decoded in their own processes and encoded for the terminal in threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Self

from tagger.cli.review.pictures import Area, Protocol, encoded, in_words
from tagger.core.errors import DecoderUnavailable
from tagger.core.run_options import Limits
from tagger.core.types import InputContract
from tagger.image.decoder_pool import DecoderPool

LONGEST_PX = 1024  # of a picture; larger ones take long to send
CONTRACT = InputContract(LONGEST_PX, LONGEST_PX, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))  # of a decoder without a network
PROCESSES = 2
KEPT = 12  # pictures in memory


class Previews:
    """Pictures by the path of their photo; none before `start`.

    Args:
        limits: on the work on one photo.
        timeout_s: the most seconds for one photo.
        on_ready: called when a picture is ready, perhaps in another thread.
    """

    def __init__(self, limits: Limits, *, timeout_s: float, on_ready: Callable[[], None]) -> None:
        self._limits, self._timeout_s, self._on_ready = limits, timeout_s, on_ready
        self._pictures: OrderedDict[tuple[str, Area], Future[str]] = OrderedDict()
        self._threads = ThreadPoolExecutor(PROCESSES, "preview")
        self._pool: DecoderPool | None = None
        self._protocol: Protocol | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._pool:
            self._pool.terminate()  # ends the loads in progress
        self._threads.shutdown()
        if self._pool:
            self._pool.close()

    @property
    def has_started(self) -> bool:
        return self._protocol is not None

    def start(self, protocol: Protocol) -> None:
        """Start decoding, now that the terminal's protocol is known.

        Raises:
            DecoderUnavailable: no process can be started.
        """
        self._pool = DecoderPool(CONTRACT, self._limits, timeout_s=self._timeout_s, photos=PROCESSES)
        self._protocol = protocol

    def picture(self, path: str, area: Area) -> str | None:
        """What shows a photo's picture in an area: prepared now if it was not before; None until it is ready."""
        if self._pool is None or self._protocol is None:
            return None
        key = (path, area)
        if key not in self._pictures:
            future = self._threads.submit(_prepare, self._pool, path, area, self._protocol)
            self._pictures[key] = future
            future.add_done_callback(lambda _future: self._on_ready())
            if len(self._pictures) > KEPT:
                self._pictures.popitem(last=False)[1].cancel()
        self._pictures.move_to_end(key)
        future = self._pictures[key]
        return future.result() if future.done() and not future.cancelled() else None


def _prepare(pool: DecoderPool, path: str, area: Area, protocol: Protocol) -> str:
    try:
        photo = pool.load(path, lambda _content: "preview")
    except (DecoderUnavailable, CancelledError) as error:
        return in_words(str(error), area)
    if photo.pixels is None:
        return in_words(photo.failure.message if photo.failure else "", area)
    return encoded(photo.pixels, protocol, area)
