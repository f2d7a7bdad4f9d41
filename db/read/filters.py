"""What listings are asked for. A filter that is None, or False, asks for nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """What every listing understands.

    Args:
        under: a folder; everything below it.
        run: only what this run wrote.
        answered_since: aware, inclusive: when the machine or a person answered; of a failure the last attempt.
        answered_until: aware, exclusive.
        include_gone: also files that are no longer there.
    """

    under: str | None = None
    run: int | None = None
    answered_since: datetime | None = None
    answered_until: datetime | None = None
    include_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFilter(FileFilter):
    """What listings of readable photos understand too.

    Args:
        taken_since: naive, inclusive: the camera's wall clock.
        taken_until: naive, exclusive.
        model: its name, or the beginning of its id; then this model's answers count instead of the newest ones.
        unique: only one of photos that look the same, see `db.read.unique`.
    """

    taken_since: datetime | None = None
    taken_until: datetime | None = None
    model: str | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter(PhotoFilter):
    """What the listing of tags understands too.

    Args:
        landmark: key, name or alias.
        country: in any case.
        min_score: for the machine's tags; what people say has no score and always passes.
    """

    landmark: str | None = None
    country: str | None = None
    min_score: float | None = None
