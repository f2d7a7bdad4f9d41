"""Search photos of several statuses at once: their listings as one, by path."""

from __future__ import annotations

import os
from typing import Any, get_args

from sqlalchemy import Connection

from db.read.filters import FileFilter
from db.read.listings import Listing, failures, nones, tags, withdrawn
from db.read.query_language.tree import And, Condition, Node, Not, keys
from db.read.rows import FailureHit, NoneHit, Page, TagHit
from tagger.core.types import Status

Hit = TagHit | NoneHit | FailureHit

LISTINGS: dict[Status, Listing[Any, Any]] = {
    "tagged": tags,
    "none": nones,
    "failed": failures,
    "withdrawn": withdrawn,
}


def statuses(query: Node) -> list[Status]:
    """The statuses of the photos that a query may find: tagged, unless it names a status or a kind of failure."""
    if not {"status", "kind"} & keys(query):
        return ["tagged"]
    return [status for status in get_args(Status) if _is_true(query, status) is not False]


def search(connection: Connection, filters: FileFilter, *, after: str | None = None, limit: int = 50) -> Page[Hit]:
    """The photos and files that a query finds, of all statuses that it names, by path.

    Args:
        connection: any.
        filters: of the listings.
        after: where the previous page ended.
        limit: files on the page.

    Raises:
        UnknownName: the filters name an unknown landmark, place, model or run.
    """
    pages = [LISTINGS[status](connection, filters, after=after, limit=limit) for status in statuses(filters.query)]
    if len(pages) == 1:
        return pages[0]
    hits = sorted((hit for page in pages for hit in page.hits), key=lambda hit: os.fsencode(hit.path))
    paths = list(dict.fromkeys(hit.path for hit in hits))
    # Beyond the end of a page, its listing may have more.
    ends = [page.next_after for page in pages if page.next_after is not None] + paths[limit - 1 : limit]
    end = min(ends, key=os.fsencode, default=None)
    if end is None or not paths or (end == paths[-1] and not any(page.next_after for page in pages)):
        return Page(tuple(hits), None)
    return Page(tuple(hit for hit in hits if os.fsencode(hit.path) <= os.fsencode(end)), end)


def _is_true(query: Node, status: Status) -> bool | None:
    """Whether a query is true of everything with a status, or of nothing; None if of some."""
    if isinstance(query, Condition):
        if query.key == "kind":
            return None if status == "failed" else False
        return str(query.value) == status if query.key == "status" else None
    if isinstance(query, Not):
        inner = _is_true(query.node, status)
        return None if inner is None else not inner
    values = {_is_true(node, status) for node in query.nodes}
    decisive = not isinstance(query, And)  # the value of one that decides all
    if decisive in values:
        return decisive
    return None if None in values else not decisive
