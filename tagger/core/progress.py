"""The one place that draws a progress bar. It goes to stderr, and only where somebody watches."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import AbstractContextManager
from typing import NoReturn, Protocol

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from tagger.core.types import Result


class Progress(Protocol):
    """What a run tells while it works."""

    def start(self, photos: int) -> None:
        """The photos that are new or changed; called once."""
        ...

    def advance(self, result: Result) -> None: ...

    def close(self) -> None: ...


class Silent:
    def start(self, photos: int) -> None:
        pass

    def advance(self, result: Result) -> None:
        pass

    def close(self) -> None:
        pass


class Bar:
    """photos/s, and how many were tagged, showed none, and failed; shown only on a terminal."""

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


def beside_the_bar() -> AbstractContextManager[None]:
    """While this is open, log lines stand above the bar instead of cutting through it."""
    return logging_redirect_tqdm()
