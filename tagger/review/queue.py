"""The order of a review: the photos that teach most come first.

Those are photos for which the model nearly gave another answer, and among these the ones of landmarks that few photos
show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from db.engine import Connection, Store
from db.read import catalog
from db.read.filters import TagFilter
from db.read.gallery.matching import matching
from db.read.query_language.tree import ALL, Condition, Node, Text, all_of, any_of
from db.read.review import Candidate, candidates, review_photo
from db.read.rows import ReviewPhoto
from tagger.library.query.search import stored_folder
from tagger.review.files import unchanged_file

EVERYTHING = TagFilter()
UNSURE_MARGIN = 0.5


def review_order(
    connection: Connection, filters: TagFilter = EVERYTHING, *, unsure: bool = False, who: str
) -> list[Candidate]:
    """The photos to review, in order: those that the person skipped before come last.

    Args:
        connection: any.
        filters: only photos that they find: tagged ones, unless the query names another status.
        unsure: only photos with a margin below `UNSURE_MARGIN`.
        who: the person who reviews.

    Raises:
        UnknownName: a filter names something that the store does not have.
    """
    return first_of_review(connection, filters, unsure=unsure, who=who)[1]


def first_of_review(
    connection: Connection,
    filters: TagFilter = EVERYTHING,
    *,
    unsure: bool = False,
    who: str,
    limit: int | None = None,
) -> tuple[int, list[Candidate]]:
    """How many photos there are to review, and the first of them; otherwise as `review_order`."""
    condition = None if filters == EVERYTHING else matching(connection, filters.tree())
    margin_below = UNSURE_MARGIN if unsure else None
    return candidates(connection, who=who, condition=condition, margin_below=margin_below, limit=limit)


def review_photos(store: Store, order: Iterable[Candidate], *, max_bytes: int) -> Iterator[ReviewPhoto]:
    """Yield the photos of a review; those whose files are gone, or have another picture by now, are left out.

    Args:
        store: of the photos.
        order: of the review.
        max_bytes: of a file.
    """
    with store.read() as connection:
        landmarks = catalog.landmarks(connection)
    for candidate in order:
        with store.read() as connection:
            file = unchanged_file(connection, candidate.photo, max_bytes=max_bytes)
            photo = file.path and review_photo(connection, candidate.photo, file.path, landmarks)
        if photo:
            yield photo


def in_folders(connection: Connection, folders: Iterable[str], query: Node = ALL) -> Node:
    """A query for the photos in one of these folders, or anywhere without folders.

    Args:
        connection: any.
        folders: as a person names them.
        query: finds the photos, too.

    Raises:
        UnknownFolder: the store has no file in one of them.
    """
    names = [stored_folder(connection, folder) for folder in folders]
    return all_of([query, any_of(Condition("folder", Text((name,))) for name in names)]) if names else query
