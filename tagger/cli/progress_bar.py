"""The progress bar of a run: on stderr, and only on a terminal."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import AbstractContextManager
from typing import NoReturn

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from tagger.core.types import Result


class ProgressBar:
    """A `tagger.core.progress.Progress` with photos/s, and how many were tagged, showed no landmark, and failed."""

    def __init__(self) -> None:
        self._statuses: Counter[str] = Counter()
        self._bar: tqdm[NoReturn] | None = None

    def start(self, photos: int) -> None:
        self._bar = tqdm(total=photos, unit=" photos", file=sys.stderr, disable=None, smoothing=0.05)

    def advance(self, result: Result) -> None:
        self._statuses[result.answer.status] += 1
        if self._bar is not None:
            counts = {status: self._statuses[status] for status in ("tagged", "none", "failed")}
            self._bar.set_postfix(counts, refresh=False)
            self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def log_above_bar() -> AbstractContextManager[None]:
    """Print log lines above the bar instead of through it, while this is open."""
    return logging_redirect_tqdm()
