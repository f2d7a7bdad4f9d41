"""The landmarks of a library: how many photos show each, and since when.

Photos are counted by block. A landmark's first and last ones are looked for in the blocks that may have them, by the
bounds of their times, so that not all of its photos are read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, TableClause, bindparam, func, select

from db.blocks import landmarks_by_block
from db.dialect import of_greatest
from db.read.catalog import landmarks
from db.schema.blocks import SIZE, PhotoBlock
from db.schema.models import File, Photo
from db.schema.views import machine_tag, person_tag
from tagger.core import types

if TYPE_CHECKING:
    from db.schema.base import AnySelect


@dataclass(frozen=True, slots=True)
class LandmarkCard:
    """A landmark.

    Args:
        landmark: what the store knows of it.
        photos: how many present photos show it.
        first_at: when the earliest was taken; None without photos.
        last_at: when the latest was taken.
        sha256: of the latest.
    """

    landmark: types.Landmark
    photos: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    sha256: str | None = None


def _in_blocks(view: TableClause, *columns: ColumnElement[Any]) -> AnySelect:
    """A statement that finds aggregates over the present photos in some blocks that a view tags with a landmark."""
    photo = view.c.photo_id
    is_present = select(File.id).where(File.photo_id == photo, File.gone_at.is_(None)).exists()
    in_range = photo.between(bindparam("low"), bindparam("high"))  # which an index knows
    shown = select(*columns).join_from(view, Photo, Photo.id == photo)
    is_shown = (view.c.landmark_id == bindparam("landmark"), view.c.is_current, is_present)
    return shown.where(*is_shown, in_range, (photo // SIZE).in_(bindparam("blocks", expanding=True)))


# Of both views: no photo has a landmark in both. Built once, which takes longer than to run them.
FIRST = [_in_blocks(view, func.min(Photo.taken_at)) for view in (machine_tag, person_tag)]
NEWEST = (func.max(Photo.taken_at), of_greatest(Photo.sha256, Photo.taken_at))
LAST = [_in_blocks(view, *NEWEST) for view in (machine_tag, person_tag)]


class _Block(NamedTuple):
    """A block of photos, and the bounds of their times."""

    id: int
    first_at: datetime
    last_at: datetime


def landmark_cards(connection: Connection) -> list[LandmarkCard]:
    """All landmarks, those with the most photos first."""
    bounds = select(PhotoBlock.id, PhotoBlock.first_taken_at, PhotoBlock.last_taken_at)
    blocks = {row[0]: _Block(*row) for row in connection.execute(bounds)}
    counts: Counter[int] = Counter()
    shown_in: defaultdict[int, list[_Block]] = defaultdict(list)
    for block, landmark, photos in landmarks_by_block(connection):
        counts[landmark] += photos
        shown_in[landmark].append(blocks[block])
    cards = []
    for id_, of_landmark in landmarks(connection).items():
        last_at, cover = _last(connection, id_, shown_in[id_]) or (None, None)
        first_at = _first(connection, id_, shown_in[id_])
        cards.append(LandmarkCard(of_landmark, counts[id_], first_at, last_at, cover))
    return sorted(cards, key=lambda card: (-card.photos, card.landmark.name))


def _first(connection: Connection, landmark: int, blocks: Sequence[_Block]) -> datetime | None:
    """When the earliest photo of a landmark was taken."""
    found: datetime | None = None
    for batch in _growing(sorted(blocks, key=lambda block: block.first_at)):
        if found is not None and found <= batch[0].first_at:
            break
        times = [at for (at,) in _found(connection, FIRST, landmark, batch)]
        found = min(times if found is None else (found, *times), default=None)
    return found


def _last(connection: Connection, landmark: int, blocks: Sequence[_Block]) -> tuple[datetime, str] | None:
    """When the latest photo of a landmark was taken, and its digest."""
    found: tuple[datetime, str] | None = None
    for batch in _growing(sorted(blocks, key=lambda block: block.last_at, reverse=True)):
        if found is not None and found[0] >= batch[0].last_at:
            break
        photos = _found(connection, LAST, landmark, batch)
        found = max(photos if found is None else (found, *photos), default=None)
    return found


def _growing(blocks: Sequence[_Block]) -> Iterator[Sequence[_Block]]:
    """The blocks in batches, each twice as large as the one before: mostly the first has what is looked for."""
    size = 1
    while blocks:
        yield blocks[:size]
        blocks, size = blocks[size:], 2 * size


def _found(
    connection: Connection, statements: Sequence[AnySelect], landmark: int, blocks: Sequence[_Block]
) -> list[tuple[Any, ...]]:
    """What statements find in some blocks, without those that find no photo."""
    numbers = [block.id for block in blocks]
    within = {"low": min(numbers) * SIZE, "high": (max(numbers) + 1) * SIZE - 1, "blocks": numbers}
    rows = [connection.execute(one, {"landmark": landmark, **within}).one() for one in statements]
    return [tuple(row) for row in rows if row[0] is not None]
