"""A process that only decodes photos: ``python -m tagger.image.decoder_worker``. The decoder pool starts it.

The one rule: whatever a photo does to this process (hang, crash, take all memory), it does it to this process alone.

Said on stdin and stdout, in frames: first what to do (the input contract, the limits), answered by "ready". Then for
each photo its path; the answer is its sha256, the question whether it is wanted; and then the look. Or at once a
failure. It ends with its stdin.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, BinaryIO, cast

from tagger.core.types import Limits
from tagger.image.decoder_protocol import SIZES, Frame, frame_of, looked_packed, packed
from tagger.image.loader import InProcessLoader

if TYPE_CHECKING:
    from tagger.core.types import InputContract

GRACE_S = 5.0  # beyond the time limit that the run watches; then the run itself is gone


def main() -> None:
    _step_back()
    requests, answers = sys.stdin.buffer, _own_stdout()
    if (told := _next(requests)) is None:
        return
    looker = InProcessLoader(_contract(told), Limits(**told.header["limits"]))

    def wanted(sha256: str) -> bool:
        _say(answers, packed({"sha256": sha256}))
        answer = _next(requests)
        if answer is None:
            sys.exit()
        return bool(answer.header["wanted"])

    _say(answers, packed({"ready": True}))
    while (asked := _next(requests)) is not None:
        signal.setitimer(signal.ITIMER_REAL, told.header["timeout_s"] + GRACE_S)  # ends even a codec that never returns
        looked = looker.look(asked.header["path"], wanted)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(answers, looked_packed(looked))


def _step_back() -> None:
    """A stop is for the run to decide; and if memory ends, this process is the first to go."""
    for stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(stop, signal.SIG_IGN)
    with suppress(OSError):  # not on Linux
        Path("/proc/self/oom_score_adj").write_text("1000")


def _own_stdout() -> BinaryIO:
    """The answers' way; what a codec prints goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _contract(told: Frame) -> InputContract:
    """With the fields of one; the class itself would load the whole of pydantic."""
    return cast("InputContract", SimpleNamespace(**told.header["contract"]))


def _next(requests: BinaryIO) -> Frame | None:
    """None when the run has ended, in whatever way."""
    if len(sizes := requests.read(SIZES.size)) < SIZES.size:
        return None
    text, payload = SIZES.unpack(sizes)
    return frame_of(requests.read(text), requests.read(payload))


def _say(answers: BinaryIO, said: bytes) -> None:
    answers.write(said)
    answers.flush()


if __name__ == "__main__":
    main()
