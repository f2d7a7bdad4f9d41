"""What a run reports while it works."""

from __future__ import annotations

from typing import Protocol

from tagger.core.types import Result


class Progress(Protocol):
    """Follows one run."""

    def start(self, photos: int) -> None:
        """The run begins with so many new or changed photos; called once."""
        ...

    def advance(self, result: Result) -> None:
        """One of them is done."""
        ...

    def close(self) -> None:
        """The run has ended, in whatever way."""
        ...


class Silent:
    """Shows nothing."""

    def start(self, photos: int) -> None:
        pass

    def advance(self, result: Result) -> None:
        pass

    def close(self) -> None:
        pass
