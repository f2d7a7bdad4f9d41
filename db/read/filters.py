"""The filters of listings; None, False and () filter nothing, `since` is inclusive, `until` exclusive.

The one rule: a filter is a condition of the query language, so that an option and a query mean the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.read.query_language.tree import ALL, Condition, Interval, Node, Text, all_of, any_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """The filters of every listing."""

    query: Node = ALL  # see `db.read.query_language.grammar`
    under: str | None = None  # a folder; everything below it
    run: int | None = None  # only rows that this run wrote
    answered_since: datetime | None = None  # aware: time of the answer, decision or last failure
    answered_until: datetime | None = None
    include_gone: bool = False  # also files that are gone

    def tree(self) -> Node:
        """The query and the filters together."""
        return all_of([self.query, *self._conditions()])

    def _conditions(self) -> Iterator[Node]:
        if self.under is not None:
            yield Condition("folder", Text((self.under,)))
        if self.run is not None:
            yield Condition("run", Interval(self.run, self.run))
        if self.answered_since or self.answered_until:
            yield Condition("tagged", Interval(self.answered_since, self.answered_until, excludes_high=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoFilter(FileFilter):
    """More filters, of listings of readable photos."""

    taken_since: datetime | None = None  # naive: the camera's local time
    taken_until: datetime | None = None
    model: str | None = None  # its name, or the beginning of its id; its answers count instead of the current ones
    unique: bool = False  # only one of photos that look the same, see `db.read.unique`

    def _conditions(self) -> Iterator[Node]:
        yield from FileFilter._conditions(self)
        if self.taken_since or self.taken_until:
            yield Condition("taken", Interval(self.taken_since, self.taken_until, excludes_high=True))
        if self.model is not None:
            yield Condition("model", Text((self.model,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TagFilter(PhotoFilter):
    """More filters, of the listing of tags."""

    landmarks: Sequence[str] = ()  # by key, name or alias; any of them
    countries: Sequence[str] = ()  # in any case; any of them
    min_score: float | None = None  # of the machine's tags; decisions always pass

    def _conditions(self) -> Iterator[Node]:
        yield from PhotoFilter._conditions(self)
        for key, names in (("landmark", self.landmarks), ("country", self.countries)):
            if names:
                yield any_of(Condition(key, Text(tuple(name.split("*")))) for name in names)
        if self.min_score is not None:
            yield Condition("score", Interval(low=self.min_score))
