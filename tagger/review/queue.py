"""The order of a review: the photos that teach most come first.

Those are photos for which the model nearly gave another answer, and among these the ones of landmarks that few photos
show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from db.engine import Connection, Store
from db.read import catalog
from db.read.filters import TagFilter
from db.read.folders import require_files
from db.read.listings import all_hits, tags
from db.read.review import Candidate, candidates, review_photo, tag_counts
from db.read.rows import ReviewPhoto
from tagger.library.roots import stored_name
from tagger.review.files import unchanged_file

UNSURE_MARGIN = 0.5
MARGIN_STEP = 0.1  # margins within a step count as equal, so that rare landmarks come before common ones


def review_order(
    connection: Connection,
    filters: TagFilter | None = None,
    *,
    folders: Sequence[str] = (),
    unsure: bool = False,
    who: str,
) -> list[Candidate]:
    """The photos to review, in order: those that the person skipped before come last.

    Args:
        connection: any.
        filters: only photos with a tag that they find.
        folders: only files in one of these, by their names in the store.
        unsure: only photos with a margin below `UNSURE_MARGIN`.
        who: the person who reviews.

    Raises:
        UnknownName: a filter names something that the store does not have.
    """
    found = (candidate for candidate in candidates(connection, who=who) if candidate.is_tag)
    if unsure:
        found = (candidate for candidate in found if candidate.margin < UNSURE_MARGIN)
    if filters is not None or folders:
        contents = set(_contents(connection, filters or TagFilter(), folders))
        found = (candidate for candidate in found if candidate.sha256 in contents)
    counts = tag_counts(connection)

    def place(candidate: Candidate) -> tuple[float, int, int, float, int]:
        skipped = candidate.skipped_at.timestamp() if candidate.skipped_at else 0.0
        step = int(candidate.margin / MARGIN_STEP)
        return (skipped, step, counts[candidate.landmark], candidate.margin, candidate.photo)

    return sorted(found, key=place)


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


def stored_folders(connection: Connection, folders: Iterable[str]) -> list[str]:
    """The names of folders in the store, by their absolute paths.

    Raises:
        UnknownFolder: the store has no file in one of them.
    """
    names = [stored_name(connection, folder) for folder in folders]
    for name in names:
        require_files(connection, name, include_gone=False)
    return names


def _contents(connection: Connection, filters: TagFilter, folders: Sequence[str]) -> Iterator[str]:
    for narrowed in [replace(filters, under=folder) for folder in folders] or [filters]:
        for hit in all_hits(tags, connection, narrowed):
            yield hit.sha256
