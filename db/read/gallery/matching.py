"""Which photos a query finds."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Connection, and_, false, or_, select, true

from db.read.filters import PhotoFilter
from db.read.listings import is_none, is_tagged, is_withdrawn
from db.read.pages import Query, query_of
from db.read.planning.candidates import union
from db.read.planning.planner import rare_photos
from db.read.query_language.tree import ALL, Node
from db.read.search import statuses
from db.schema.models import File, Photo
from tagger.core.types import Status

HITS: dict[Status, Callable[[Query], ColumnElement[bool]]] = {
    "tagged": is_tagged,
    "none": is_none,
    "withdrawn": is_withdrawn,
}


def matching(connection: Connection, tree: Node) -> ColumnElement[bool]:
    """Whether a photo has a present file, and is found by a query.

    Args:
        connection: any.
        tree: the query, which finds the same as in `tagger query`. Files that could not be read are no photos.

    Raises:
        UnknownName: it names something that the store does not have.
    """
    if tree == ALL:
        return _has_file(File.gone_at.is_(None))
    filters = PhotoFilter(query=tree)
    query, found = query_of(connection, filters), [status for status in statuses(filters.query) if status in HITS]
    is_hit = or_(false(), *(HITS[status](query) for status in found))
    return and_(_is_candidate(connection, query, found), _has_file(query.matches_photo(), is_hit))


def _has_file(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return select(File.id).where(File.photo_id == Photo.id, *conditions).correlate(Photo).exists()


def _is_candidate(connection: Connection, query: Query, found: list[Status]) -> ColumnElement[bool]:
    """Whether a photo is in the small sets of all statuses, if there are such: they are faster than a walk by date."""
    sets = [rare_photos(connection, query.tree, status) for status in found]
    small = [photos for photos in sets if photos is not None]
    return Photo.id.in_(union(*small)) if small and len(small) == len(sets) else true()
