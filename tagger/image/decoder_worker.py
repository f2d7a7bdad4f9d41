"""The decoder process: ``python -m tagger.image.decoder_worker``, started by the decoder pool.

The one rule: a photo that hangs, crashes or exhausts the memory only harms this process.

It reads frames from stdin and writes frames to stdout. The first contains the input contract and the limits, and the
reply is "ready". Then each photo takes two requests: its path, with what identifies its content as reply, and which
part of it is needed, with that part as reply. Either reply may be a failure instead. The process ends when stdin
closes, or after the reply that a photo needs a fresh process.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from PIL import AvifImagePlugin

from tagger.core.run_options import Limits
from tagger.core.types import InputContract
from tagger.image.decode import prepare_own_process
from tagger.image.decoder_protocol import SIZES, Frame, decode_frame, encode_frame, encode_photo
from tagger.image.limits import FRESH_PROCESS, limit_process, memory_limit
from tagger.image.loader import Content, InProcessLoader, Part

SPARE_BYTES = 24_000_000  # for libraries and threads, besides a photo
GRACE_S = 5.0  # beyond the run's own time limit; if it expires, the run itself has died


def main() -> None:
    _step_back()
    prepare_own_process()
    requests, replies = sys.stdin.buffer, _own_stdout()
    if (setup := _receive(requests)) is None:
        return
    limits = Limits(**setup.header["limits"])
    loader = InProcessLoader(InputContract(**setup.header["contract"]), limits, setup.header["thumbnails"])
    memory = _Memory(memory_limit(limits.max_pixels))
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the other cores decode other photos

    def needed_part(content: Content) -> Part:
        _send(replies, encode_frame({"content": content}))
        request = _receive(requests)
        if request is None:
            sys.exit()
        part: Part = request.header["needed"]
        return part

    _send(replies, encode_frame({"ready": True}))
    while (request := _receive(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, setup.header["timeout_s"] + GRACE_S)  # ends a codec that never returns
        memory.measure()
        photo = loader.load(request.header["path"], needed_part)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if photo.failure and photo.failure.kind == FRESH_PROCESS:
            _send(replies, encode_frame({FRESH_PROCESS: True}))
            return
        _send(replies, encode_photo(photo))


def _step_back() -> None:
    """Ignore stop signals, which the run handles, and be the first process to be killed when memory runs out."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text("1000")


class _Memory:
    """This process's memory. An allocation beyond the estimate fails, so that only the photo fails.

    Args:
        photo_bytes: what a photo may take besides what the process uses now.
    """

    def __init__(self, photo_bytes: int) -> None:
        self._status = -1
        with suppress(OSError, ValueError):  # not on Linux
            self._status = os.open("/proc/self/statm", os.O_RDONLY)
            self._allowed = self._held() + photo_bytes
            limit = self._allowed + SPARE_BYTES
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    def measure(self) -> None:
        """Allow only photos for which enough memory is left."""
        if self._status >= 0:
            limit_process(self._allowed - self._held())

    def _held(self) -> int:
        """What counts against RLIMIT_DATA."""
        return int(os.pread(self._status, 256, 0).split()[5]) * resource.getpagesize()


def _own_stdout() -> BinaryIO:
    """Reserve stdout for replies; output of codecs goes to stderr."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return replies


def _receive(requests: BinaryIO) -> Frame | None:
    """The next request; None after the end of the run."""
    if len(sizes := requests.read(SIZES.size)) < SIZES.size:
        return None
    header_bytes, payload_bytes = SIZES.unpack(sizes)
    return decode_frame(requests.read(header_bytes), requests.read(payload_bytes))


def _send(replies: BinaryIO, frame: bytes) -> None:
    try:
        replies.write(frame)
        replies.flush()
    except BrokenPipeError:  # the run has died
        os._exit(0)


if __name__ == "__main__":
    main()
