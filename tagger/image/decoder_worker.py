"""The decoder process: ``python -m tagger.image.decoder_worker``, started by the decoder pool.

The one rule: a photo that hangs, crashes or exhausts the memory only harms this process.

It reads frames from stdin and writes frames to stdout. The first contains the input contract and the limits, and the
reply is "ready". Then each photo takes two requests: its path, with its content's sha256 as reply, and whether to
decode it, with the photo as reply. Either reply may be a failure instead. The process ends when stdin closes.
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
from tagger.image.limits import memory_limit
from tagger.image.loader import InProcessLoader

SPARE_BYTES = 24_000_000  # for libraries and threads, besides a photo
GRACE_S = 5.0  # beyond the run's own time limit; if it expires, the run itself has died


def main() -> None:
    _step_back()
    prepare_own_process()
    requests, replies = sys.stdin.buffer, _own_stdout()
    if (setup := _receive(requests)) is None:
        return
    limits = Limits(**setup.header["limits"])
    loader = InProcessLoader(InputContract(**setup.header["contract"]), limits)
    _limit_memory(memory_limit(limits.max_pixels))

    def should_decode(sha256: str) -> bool:
        _send(replies, encode_frame({"sha256": sha256}))
        request = _receive(requests)
        if request is None:
            sys.exit()
        return bool(request.header["is_needed"])

    _send(replies, encode_frame({"ready": True}))
    while (request := _receive(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, setup.header["timeout_s"] + GRACE_S)  # ends a codec that never returns
        photo = loader.load(request.header["path"], should_decode)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(replies, encode_photo(photo))


def _step_back() -> None:
    """Ignore stop signals, which the run handles, and be the first process to be killed without memory."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text("1000")


def _limit_memory(photo_bytes: int) -> None:
    """Let an allocation fail that is larger than any estimate, so that the photo fails and nothing else.

    Args:
        photo_bytes: that a photo may take beside what the process holds now.
    """
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the other cores decode other photos
    with suppress(OSError, ValueError, StopIteration):  # not on Linux
        status = Path("/proc/self/status").read_text().splitlines()
        held = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))
        limit = held + photo_bytes + SPARE_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


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
    replies.write(frame)
    replies.flush()


if __name__ == "__main__":
    main()
