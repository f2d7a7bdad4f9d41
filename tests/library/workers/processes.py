"""`tagger worker` as processes, each with a clock of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SKEWED = Path(__file__).with_name("skewed.py")
LIMIT_S = 60.0


@contextmanager
def worker(
    *arguments: object, clock_s: float = 0.0, settings: Mapping[str, object]
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is killed at the end of the context.

    Args:
        arguments: of the command.
        clock_s: how far its clock is ahead.
        settings: of the tagger, by name.
    """
    start = [str(SKEWED), str(clock_s)] if clock_s else ["-m", "tagger"]
    command = [sys.executable, *start, "worker", *map(str, arguments)]
    given = {f"TAGGER_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(command, env=os.environ | given)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll until a condition is true."""
    until = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)
