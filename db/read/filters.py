"""The filters of listings; None, False and () filter nothing, `since` is inclusive, `until` exclusive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """The filters of every listing."""

    under: str | None = None  # a folder; everything below it
    run: int | None = None  # only rows that this run wrote
    answered_since: datetime | None = None  # aware: time of the answer, decision or last failure
    answered_until: datetime | None = None
    include_gone: bool = False  # also files that are gone


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFilter(FileFilter):
    """More filters, of listings of readable photos."""

    taken_since: datetime | None = None  # naive: the camera's local time
    taken_until: datetime | None = None
    model: str | None = None  # its name, or the beginning of its id; its answers count instead of the current ones
    unique: bool = False  # only one of photos that look the same, see `db.read.unique`


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter(PhotoFilter):
    """More filters, of the listing of tags."""

    landmarks: Sequence[str] = ()  # by key, name or alias; any of them
    countries: Sequence[str] = ()  # in any case; any of them
    min_score: float | None = None  # of the machine's tags; decisions always pass
