"""A photo's date is the best that any of its files gives, in whatever order they are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from db.engine import Store
from db.read.filters import PhotoFilter, TagFilter
from db.read.listings import nones, tags
from db.schema.models import Photo
from db.write.files import Scanned
from tagger.core.types import CAMERA_SOURCES, DATE_SOURCES, DateSource, TakenDate
from tests.db.samples import NEWER, TAKEN, assessed, inherited, tag_run

EARLY, LATE = datetime(2019, 3, 4, 20, 5, 6), datetime(2021, 1, 2, 3, 4, 5)  # `TAKEN` is later than both


def copy(path: str, *, modified: datetime, file_date: TakenDate | None = None) -> Scanned:
    """Another file of the content a.jpg, which was known."""
    file, result = inherited(path, "a.jpg")
    return file._replace(mtime_ns=ns(modified)), replace(result, file_date=file_date)


def ns(when: datetime) -> int:
    return int(when.timestamp()) * 10**9


def dates(store: Store) -> list[Any]:
    with store.read() as connection:
        return [tuple(row) for row in connection.execute(select(Photo.taken_at, Photo.taken_from))]


def test_without_a_date_the_earliest_modification_time_of_all_files_counts(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", taken_at=None, mtime_ns=ns(LATE))])
    assert dates(store) == [(LATE, "mtime")]
    tag_run(store, [copy("/q/a.jpg", modified=EARLY)])
    assert dates(store) == [(EARLY, "mtime")]
    tag_run(store, [copy("/r/a.jpg", modified=LATE)])
    assert dates(store) == [(EARLY, "mtime")]


def test_a_copy_with_a_date_in_its_name_improves_the_date(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", taken_at=None, mtime_ns=ns(EARLY))])
    tag_run(store, [copy("/q/IMG.jpg", modified=EARLY, file_date=TakenDate(LATE, "name"))])
    assert dates(store) == [(LATE, "name")]


def test_a_copy_that_lost_its_time_changes_nothing(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", taken_at=None, mtime_ns=ns(LATE))])
    tag_run(store, [copy("/q/a.jpg", modified=datetime(1980, 1, 1)), inherited("/r/a.jpg", "a.jpg")])
    assert dates(store) == [(LATE, "mtime")]


def test_no_copy_changes_what_the_photo_itself_says(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", taken_at=LATE, taken_from="xmp")])
    tag_run(store, [copy("/q/IMG.jpg", modified=EARLY, file_date=TakenDate(EARLY, "takeout"))])
    assert dates(store) == [(LATE, "xmp")]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_the_order_of_the_files_does_not_matter(store: Store, order: tuple[int, ...]) -> None:
    files: list[tuple[datetime, TakenDate | None]] = [
        (EARLY, None),
        (LATE, TakenDate(TAKEN, "name")),
        (LATE, TakenDate(LATE, "name")),
        (EARLY, None),
    ]
    (modified, found), *others = (files[number] for number in order)
    own: dict[str, Any] = {"taken_at": found and found.taken_at, "taken_from": "name", "mtime_ns": ns(modified)}
    batch = [assessed("/p/a.jpg", **own)]
    batch += [copy(f"/p/{n}.jpg", modified=modified, file_date=found) for n, (modified, found) in enumerate(others)]
    tag_run(store, batch)
    assert dates(store) == [(LATE, "name")]


@pytest.mark.parametrize("source", DATE_SOURCES)
def test_listings_say_where_a_date_comes_from(store: Store, source: DateSource) -> None:
    taken: dict[str, Any] = {"taken_at": EARLY, "taken_from": source}
    if source == "mtime":
        taken = {"taken_at": None, "mtime_ns": ns(EARLY)}
    tag_run(store, [assessed("/p/a.jpg", **taken), assessed("/p/b.jpg", None, **taken)])
    with store.read() as connection:
        (tag,), (none,) = tags(connection, TagFilter()).hits, nones(connection, PhotoFilter()).hits
    assert (tag.taken_at, tag.taken_from) == (none.taken_at, none.taken_from) == (EARLY, source)


def test_only_the_cameras_clock_comes_before_what_is_beside_the_file() -> None:
    assert DATE_SOURCES[: len(CAMERA_SOURCES)] == CAMERA_SOURCES


def test_reading_a_photo_again_improves_its_date(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", taken_at=None, mtime_ns=ns(EARLY))])
    tag_run(store, [assessed("/p/a.jpg", taken_at=LATE, taken_from="iptc", mtime_ns=ns(EARLY))], model=NEWER)
    assert dates(store) == [(LATE, "iptc")]
