"""The order of a review: what teaches most comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db.engine import Store
from db.read.filters import TagFilter
from db.read.query_language.grammar import parse
from db.read.rows import NearbyPhoto, ReviewPhoto
from tagger.review.queue import in_folders, review_order, review_photos
from tests.db.samples import TAKEN, decide, digest, tag_run
from tests.db.samples import assessed as assessed_photo
from tests.review.conftest import Library, names

SURE, CLOSE = 0.95, 0.51


def order(store: Store, **options: object) -> list[ReviewPhoto]:
    with store.read() as connection:
        found = review_order(connection, who="ann", **options)  # type: ignore[arg-type]
    return list(review_photos(store, found, max_bytes=1000))


def test_the_smallest_margin_comes_first_and_among_equal_ones_the_rare_landmark(store: Store, library: Library) -> None:
    library.add("sure.jpg", ("eiffel_tower", SURE), ("sacre_coeur", 0.01))
    library.add("close.jpg", ("eiffel_tower", CLOSE), ("sacre_coeur", 0.46))
    library.add("close_and_rare.jpg", ("machu_picchu", CLOSE), ("sacre_coeur", 0.44))
    library.add("alone.jpg", ("sacre_coeur", 0.55))
    assert names(order(store)) == ["close_and_rare.jpg", "close.jpg", "alone.jpg", "sure.jpg"]
    assert names(order(store, unsure=True)) == ["close_and_rare.jpg", "close.jpg"]


def test_only_tags_that_nobody_decided_about_are_reviewed(store: Store, library: Library) -> None:
    for name in ("open.jpg", "voted.jpg", "rejected.jpg", "none.jpg", "gone.jpg"):
        library.add(name, ("eiffel_tower", CLOSE))
    tag_run(store, [assessed_photo(str(library.folder / "no_tag.jpg"), None)])
    decide(store, digest("voted.jpg"), "not", "eiffel_tower", is_trusted=False)
    decide(store, digest("rejected.jpg"), "not", "eiffel_tower")
    decide(store, digest("none.jpg"), "none", None)
    (library.folder / "gone.jpg").unlink()
    assert names(order(store)) == ["open.jpg", "voted.jpg"]


def test_filters_and_folders_narrow_a_review(store: Store, library: Library) -> None:
    for folder, landmark in (("a", "eiffel_tower"), ("b", "machu_picchu"), ("c", "eiffel_tower")):
        library.add(f"{folder}/{folder}.jpg", (landmark, CLOSE))
    a, b = (str(library.folder / name) for name in "ab")
    with store.read() as connection:
        both = in_folders(connection, [a, b])
    assert names(order(store, filters=TagFilter(query=both))) == ["b.jpg", "a.jpg"]
    assert names(order(store, filters=TagFilter(landmarks=["eiffel_tower"]))) == ["a.jpg", "c.jpg"]
    assert names(order(store, filters=TagFilter(query=both, landmarks=["eiffel_tower"]))) == ["a.jpg"]


def test_a_query_may_ask_for_photos_without_a_tag(store: Store, library: Library) -> None:
    library.add("tag.jpg", ("eiffel_tower", CLOSE))
    library.add("missed.jpg", ("eiffel_tower", 0.4), is_tag=False)
    missed = order(store, filters=TagFilter(query=parse("status:none")))
    assert [(photo.path[-10:], photo.best.is_tag) for photo in missed] == [("missed.jpg", False)]


def test_a_photo_says_what_helps_to_decide(store: Store, library: Library) -> None:
    taken = {"before.jpg": -120, "now.jpg": 0, "later.jpg": 30, "after.jpg": 5400}
    for name, seconds in taken.items():
        library.add(name, ("eiffel_tower", 0.6), ("sacre_coeur", 0.3), taken_at=TAKEN + timedelta(seconds=seconds))
    decide(store, digest("before.jpg"), "shows", "machu_picchu")
    decide(store, digest("later.jpg"), "none", None)
    for who in ("ben", "eve"):
        decide(store, digest("now.jpg"), "shows", "sacre_coeur", who=who, is_trusted=False)
    now = next(photo for photo in order(store) if photo.path.endswith("now.jpg"))
    assert (now.best.landmark.id, round(now.margin, 9)) == ("eiffel_tower", 0.3)
    assert (now.before, now.after) == (NearbyPhoto(120, "Machu Picchu"), NearbyPhoto(30, None))
    assert [(vote.people, vote.landmark) for vote in now.votes] == [(2, "Sacré-Cœur")]
    (after,) = (photo for photo in order(store) if photo.path.endswith("after.jpg"))
    assert after.before is None


@pytest.mark.parametrize(("content", "is_shown"), [(b"a.jpg", True), (b"another", False)])
def test_a_file_that_was_written_since_the_scan_is_compared(
    store: Store, library: Library, content: bytes, is_shown: bool
) -> None:
    path = library.add("a.jpg", ("eiffel_tower", CLOSE))
    path.unlink()
    path.write_bytes(content)
    assert names(order(store)) == (["a.jpg"] if is_shown else [])


def test_of_several_files_the_first_that_exists_shows_the_photo(store: Store, library: Library) -> None:
    library.add("a.jpg", ("eiffel_tower", CLOSE)).unlink()
    copy = library.add("b/a.jpg", ("eiffel_tower", CLOSE))
    assert [photo.path for photo in order(store)] == [str(copy)]
