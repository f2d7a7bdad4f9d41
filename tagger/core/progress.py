"""How a run reports its progress."""

from __future__ import annotations

from typing import Protocol

from tagger.core.types import Result


class Progress(Protocol):
    """Follows one run."""

    def start(self, photos: int) -> None:
        """The run begins with this many new or changed photos; called once."""
        ...

    def advance(self, result: Result) -> None:
        """One photo is done."""
        ...

    def close(self) -> None:
        """The run has ended, successfully or not."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, photos: int) -> None:
        pass

    def advance(self, result: Result) -> None:
        pass

    def close(self) -> None:
        pass
