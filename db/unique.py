"""Of photos that look the same, one: the largest picture, of equally large ones the oldest, then the first path.

The one rule: the choice is made among the files that pass the listing's filter, so that no group drops out of a
listing because its best photo is not in it. Files of one content count as looking the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, tuple_
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from db.models import File, Photo

FileTable = type[File] | AliasedClass[File]
PhotoTable = type[Photo] | AliasedClass[Photo]
Passes = Callable[..., ColumnElement[bool]]  # (file, photo, after=None): whether a file passes a listing's filter


def is_best(passes: Passes) -> ColumnElement[bool]:
    """No file of a photo that looks the same is better."""
    file, photo = aliased(File), aliased(Photo)
    is_better = tuple_(*_order(file, photo)) < tuple_(*_order(File, Photo))
    return ~_alike(file, photo, passes).where(is_better).correlate(File, Photo).exists()


def others(connection: Connection, photo_ids: Collection[int], passes: Passes) -> dict[int, int]:
    """How many other files each of these photos stands for."""
    file, photo = aliased(File), aliased(Photo)
    # Counted photo by photo: as a join SQLite would rather walk all files of the listing's folder.
    alike = _alike(file, photo, passes).with_only_columns(func.count() - 1).correlate(Photo).scalar_subquery()
    return dict(connection.execute(select(Photo.id, alike).where(Photo.id.in_(photo_ids))).all())


def _alike(file: Any, photo: Any, passes: Passes) -> Select[tuple[int]]:
    """The files that pass and look the same; one whose photo was not compared with others yet like itself alone."""
    is_alike = or_(photo.id == Photo.id, photo.group_id == Photo.group_id)
    return select(file.id).join(photo, photo.id == file.photo_id).where(is_alike, passes(file, photo))


def _order(file: Any, photo: Any) -> tuple[Any, ...]:
    return -photo.width * photo.height, photo.taken_at, photo.id, file.path
