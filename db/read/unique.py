"""One of several photos that look the same: the largest, then the oldest, then the first path.

The one rule: the choice is made among the files that pass the listing's filters, so that no group drops out of a
listing because its best photo is not in it. Files of one content count as looking the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select

from db.batching import in_batches
from db.schema.models import File, Photo

FILES_PER_FETCH = 200  # four for each hit of a page, as many as a burst has
ALIKE = func.coalesce(Photo.group_id, -Photo.id).label("alike")  # an uncompared photo is its own group
BEST_FIRST = (-Photo.width * Photo.height, Photo.taken_at, Photo.id, File.path)


class Best(NamedTuple):
    """The file that stands for a group, and how many others it stands for."""

    file: int
    others: int


def best_of_groups(
    connection: Connection, files: Iterator[Any], limit: int, passes: ColumnElement[bool]
) -> tuple[list[Any], dict[int, int]]:
    """The first files of a listing that are the best of their groups.

    All files of a group are ranked when its first file is met. Searching for a better one for each file would take
    quadratic time in the group's size if the best comes last.

    Args:
        connection: any.
        files: the rows of the listing, in its order, with the columns `file_id` and `ALIKE`.
        limit: how many files are returned at most.
        passes: the listing's filters, whatever the page.

    Returns:
        The listing's rows, and by photo how many other files each stands for.
    """
    best: dict[int, Best] = {}
    found: list[Any] = []
    while len(found) < limit and (batch := list(islice(files, FILES_PER_FETCH))):
        best |= _best(connection, {row.alike for row in batch} - best.keys(), passes)
        found += [row for row in batch if row.file_id == best[row.alike].file]
    return found[:limit], {row.id: best[row.alike].others for row in found}


def _best(connection: Connection, groups: Collection[int], passes: ColumnElement[bool]) -> dict[int, Best]:
    place = func.row_number().over(partition_by=ALIKE, order_by=BEST_FIRST).label("place")
    others = (func.count().over(partition_by=ALIKE) - 1).label("others")
    ranked_files = select(ALIKE, File.id, others, place).select_from(File).join(Photo)
    found: dict[int, Best] = {}
    for batch in in_batches(groups):
        alike = or_(Photo.group_id.in_(batch), Photo.id.in_([-group for group in batch if group < 0]))
        # A subquery: given a join, SQLite would walk all files of the listing's folder.
        ranking = ranked_files.where(File.photo_id.in_(select(Photo.id).where(alike)), passes).subquery()
        for row in connection.execute(select(ranking).where(ranking.c.place == 1)):
            found[row.alike] = Best(row.id, row.others)
    return found
