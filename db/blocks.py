"""Count the photos of landmarks block by block, see `db.schema.blocks`: only changed blocks are counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, false, func, insert, select, union_all

from db.dialect import first_path, is_any, last_path
from db.schema.blocks import SIZE, BlockCount, PhotoBlock
from db.schema.models import File, Photo
from db.schema.views import machine_tag, person_tag

if TYPE_CHECKING:
    from db.schema.base import AnySelect

COUNTS = ["block_id", "landmark_id", "photos"]
BOUNDS = ["id", "first_path", "last_path", "first_taken_at", "last_taken_at", "has_gps", "is_stale"]


def photos_by_landmark(connection: Connection) -> Counter[int]:
    """How many present photos show each landmark, by its row id: as counted, or counted now in the stale blocks."""
    counts: Counter[int] = Counter()
    for _, landmark, photos in landmarks_by_block(connection):
        counts[landmark] += photos
    return counts


def landmarks_by_block(connection: Connection) -> Iterator[tuple[int, int, int]]:
    """Blocks with each landmark in them, by its row id, and the number of present photos that show it."""
    counted = select(PhotoBlock.id, BlockCount.landmark_id, BlockCount.photos)
    counted = counted.join(BlockCount, BlockCount.block_id == PhotoBlock.id).where(~PhotoBlock.is_stale)
    for statement in (counted, *map(_landmarks_in, _stale_blocks(connection))):
        for row in connection.execute(statement):
            yield row[0], row[1], row[2]


def refresh_blocks(connection: Connection) -> None:
    """Count the landmarks in the stale blocks, and find their narrowest bounds."""
    for blocks in _stale_blocks(connection):
        _refresh(connection, blocks)


def refresh_all_blocks(connection: Connection) -> None:
    """Count the landmarks in all blocks, and find their bounds, after writes that no trigger has seen."""
    last = connection.execute(select(func.max(Photo.id))).scalar()
    if last is not None:
        _refresh(connection, range(last // SIZE + 1))


def _refresh(connection: Connection, blocks: range) -> None:
    ids = (blocks.start, blocks.stop - 1)
    connection.execute(delete(BlockCount).where(BlockCount.block_id.between(*ids)))
    connection.execute(delete(PhotoBlock).where(PhotoBlock.id.between(*ids)))
    connection.execute(insert(PhotoBlock).from_select(BOUNDS, _bounds_of(blocks)))
    connection.execute(insert(BlockCount).from_select(COUNTS, _landmarks_in(blocks)))


def _stale_blocks(connection: Connection) -> list[range]:
    """The blocks that were changed and not counted since; neighbours together."""
    stale = select(PhotoBlock.id).where(PhotoBlock.is_stale).order_by(PhotoBlock.id)
    found: list[range] = []
    for block in connection.execute(stale).scalars():
        start = found.pop().start if found and found[-1].stop == block else block
        found.append(range(start, block + 1))
    return found


def _landmarks_in(blocks: range) -> AnySelect:
    """A statement that counts the present photos in some blocks by block and landmark."""
    counts = []
    for view in (machine_tag, person_tag):  # no photo has a landmark in both, nor twice
        is_present = select(File.id).where(File.photo_id == view.c.photo_id, File.gone_at.is_(None)).exists()
        in_blocks = view.c.photo_id.between(blocks.start * SIZE, blocks.stop * SIZE - 1)
        counted = select((view.c.photo_id // SIZE).label("block"), view.c.landmark_id)
        counts.append(counted.where(in_blocks, view.c.is_current, is_present))
    shown = union_all(*counts).subquery()
    return select(shown.c.block, shown.c.landmark_id, func.count()).group_by(shown.c.block, shown.c.landmark_id)


def _bounds_of(blocks: range) -> AnySelect:
    block = (Photo.id // SIZE).label("block")
    paths = (first_path(File.path), last_path(File.path))
    times = (func.min(Photo.taken_at), func.max(Photo.taken_at))
    bounds = select(block, *paths, *times, is_any(Photo.lat.is_not(None)), false()).join(File)
    return bounds.where(Photo.id.between(blocks.start * SIZE, blocks.stop * SIZE - 1)).group_by(block)
