"""Where a listing looks: at the photos of its rarest condition, or at the ranges of paths in which it may find some.

A walk by path is fast if hits are frequent, and slow if they are rare and late. If a set of `candidates` is
small, the listing looks up its members and sorts them. Otherwise it walks, but only through the blocks of photos that
may have a hit.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, True_, and_, false, func, or_, select, true

from db.dialect import of_size, sorted_first
from db.read.files import folder_range
from db.read.planning.candidates import block_condition, opposite_block_condition, opposite_set, photo_set, union
from db.read.query_language.tree import And, Condition, Node, Not, with_simple_negations
from db.schema.blocks import PhotoBlock
from db.schema.models import File
from tagger.core.types import Status

if TYPE_CHECKING:
    from db.schema.base import AnySelect

FEW = 10_000  # this many photos are looked up and sorted in about 30 ms
NO_SET = (FEW + 1, None)


class Span(NamedTuple):
    """A range of paths, which begins at `low` and ends before `high`."""

    low: str = ""
    high: str | None = None

    def contains(self, column: Any = File.path) -> ColumnElement[bool]:
        """Whether a path is in the range."""
        lower = column >= self.low if self.low else true()
        return and_(true(), lower, column < self.high if self.high is not None else true())


class Plan(NamedTuple):
    """Where a listing looks.

    Attributes:
        spans: in the order of their paths; they do not overlap. They may be read once.
        is_candidate: whether a file may be a hit.
    """

    spans: Iterable[Span]
    is_candidate: ColumnElement[bool]


def plan(connection: Connection, tree: Node, status: Status, *, after: str | None, sets: Iterable[AnySelect]) -> Plan:
    """Plan a listing of photos.

    Args:
        connection: any.
        tree: the query, with names looked up.
        status: of the photos.
        after: where the previous page ended.
        sets: further supersets of the photos that the listing may find.
    """
    within_paths = path_range(tree, after)
    tree = with_simple_negations(tree)
    rare = _smallest_set(connection, tree, status)
    found = [rare, *((_size(connection, photos), photos) for photos in sets)]
    size, smallest = min(found, key=lambda pair: pair[0])
    if size == 0:
        return Plan([], false())
    if smallest is not None and size <= FEW:
        return Plan([within_paths], File.photo_id.in_(of_size(connection, smallest, size, FEW)))
    may_contain = _may_contain(tree, status)
    if isinstance(may_contain, True_):
        return Plan([within_paths], true())
    return Plan(_spans(connection, may_contain, within_paths), true())


def rare_photos(connection: Connection, tree: Node, status: Status) -> AnySelect | None:
    """A small set of photos that contains all which a query may find with a status; None if there is none."""
    size, photos = _smallest_set(connection, with_simple_negations(tree), status)
    return photos if size <= FEW else None


def path_range(tree: Node, after: str | None) -> Span:
    """The paths that come after one and are in the folders that a query demands."""
    low, high = "" if after is None else f"{after}\0", None  # no path is between a path and itself with a NUL
    for node in tree.nodes if isinstance(tree, And) else (tree,):
        if isinstance(node, Condition) and node.key == "folder":
            low, high = _intersection(Span(low, high), Span(*folder_range(str(node.value))))
    return Span(low, high)


def _intersection(one: Span, other: Span) -> Span:
    highs = [span.high for span in (one, other) if span.high is not None]
    return Span(max(one.low, other.low, key=os.fsencode), min(highs, key=os.fsencode, default=None))


def _smallest_set(connection: Connection, node: Node, status: Status) -> tuple[int, AnySelect | None]:
    """The smallest set that contains all photos which may pass a query, with its size; or none.

    Args:
        connection: any.
        node: with `Not` before conditions only.
        status: of the photos.
    """
    if isinstance(node, Condition | Not):
        photos = _set_of(node, status)
        return NO_SET if photos is None else (_size(connection, photos), photos)
    found = [_smallest_set(connection, inner, status) for inner in node.nodes]
    if isinstance(node, And):
        return min(found, key=lambda pair: pair[0], default=NO_SET)
    sets = [photos for _, photos in found if photos is not None]
    return (sum(size for size, _ in found), union(*sets)) if len(sets) == len(found) else NO_SET


def _set_of(node: Condition | Not, status: Status) -> AnySelect | None:
    if isinstance(node, Condition):
        return photo_set(node, status)
    return opposite_set(node.node, status) if isinstance(node.node, Condition) else None


def _is_before(one: str, other: str | None) -> bool:
    return other is None or os.fsencode(one) < os.fsencode(other)


def _size(connection: Connection, photos: AnySelect) -> int:
    """The number of photos in a set, counted only as far as necessary."""
    return connection.execute(select(func.count()).select_from(photos.limit(FEW + 1).subquery())).scalar_one()


def _may_contain(node: Node, status: Status) -> ColumnElement[bool]:
    """Whether a block may have photos that pass a query."""
    if isinstance(node, Condition):
        return block_condition(node, status)
    if isinstance(node, Not):
        return opposite_block_condition(node.node, status) if isinstance(node.node, Condition) else true()
    inner = [_may_contain(one, status) for one in node.nodes]
    if isinstance(node, And):
        decisive = [condition for condition in inner if not isinstance(condition, True_)]
        return and_(*decisive) if decisive else true()
    return true() if any(isinstance(condition, True_) for condition in inner) else or_(false(), *inner)


def _spans(connection: Connection, condition: ColumnElement[bool], within_paths: Span) -> Iterator[Span]:
    """The ranges of paths of some blocks."""
    blocks = select(PhotoBlock.first_path, PhotoBlock.last_path)
    blocks = blocks.where(PhotoBlock.last_path >= within_paths.low, condition)
    if within_paths.high is not None:
        blocks = blocks.where(PhotoBlock.first_path < within_paths.high)
    in_order = sorted_first(connection, blocks, PhotoBlock.id, PhotoBlock.first_path, true())
    low, end = "", ""  # of the range that the next blocks may continue
    # A page is often full after the first blocks; PostgreSQL does not look at the others then.
    with closing(connection.execute(in_order, execution_options={"stream_results": True})) as paths:
        for first, last in paths:
            beyond = f"{last}\0"
            if low and not _is_before(end, first):
                end = max(end, beyond, key=os.fsencode)
                continue
            yield from _common(Span(low, end), within_paths)
            low, end = first, beyond
    yield from _common(Span(low, end), within_paths)


def _common(one: Span, other: Span) -> Iterator[Span]:
    """What two ranges have in common, unless that is nothing."""
    common = _intersection(one, other)
    if _is_before(common.low, common.high):
        yield common
