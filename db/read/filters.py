"""What listings are asked for. A filter that is None, or False, asks for nothing; `since` is inclusive, `until` not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """What every listing understands."""

    under: str | None = None  # a folder; everything below it
    run: int | None = None  # only what this run wrote
    answered_since: datetime | None = None  # aware: when the machine or a person answered, or a failure was last met
    answered_until: datetime | None = None
    include_gone: bool = False  # also files that are no longer there


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFilter(FileFilter):
    """What listings of readable photos understand too."""

    taken_since: datetime | None = None  # naive: the camera's wall clock
    taken_until: datetime | None = None
    model: str | None = None  # its name, or the beginning of its id; its answers count instead of the newest ones
    unique: bool = False  # only one of photos that look the same, see `db.read.unique`


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter(PhotoFilter):
    """What the listing of tags understands too."""

    landmark: str | None = None  # key, name or alias
    country: str | None = None  # in any case
    min_score: float | None = None  # for the machine's tags; what people say has no score and always passes
