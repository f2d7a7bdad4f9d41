"""A review stores each decision at once, and takes it back."""

from __future__ import annotations

import pytest

from db.engine import Store
from db.write.forget import forget_files
from tagger.review.queue import review_order
from tagger.review.session import ReviewSession
from tests.db.samples import decide, digest, tagged
from tests.review.conftest import Library

pytestmark = pytest.mark.usefixtures("photos")
PHOTOS = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")


@pytest.fixture
def photos(library: Library) -> Library:
    for place, name in enumerate(PHOTOS):
        library.add(name, ("eiffel_tower", 0.5 + place / 10), ("sacre_coeur", 0.1))
    return library


def review(store: Store) -> ReviewSession:
    with store.read() as connection:
        order = review_order(connection, who="ann")
    return ReviewSession(store, order, who="ann", max_bytes=1000)


def current(session: ReviewSession) -> str | None:
    photo = session.current()
    return photo.path.rsplit("/", 1)[-1] if photo else None


def tags(store: Store) -> dict[str, str]:
    return {path.rsplit("/", 1)[-1]: landmark for path, landmark in tagged(store)}


def test_each_decision_is_stored_and_the_next_photo_comes(store: Store) -> None:
    session = review(store)
    assert (current(session), session.confirm()) == ("a.jpg", True)
    assert (current(session), session.reject()) == ("b.jpg", True)
    assert (current(session), session.choose("machu_picchu")) == ("c.jpg", True)
    assert (current(session), session.place, session.total, session.none()) == ("d.jpg", 4, 4, True)
    assert current(session) is None
    assert tags(store) == {"a.jpg": "eiffel_tower", "c.jpg": "machu_picchu"}
    assert session.counts == {"confirmed": 1, "rejected": 1, "corrected": 1, "none": 1}
    assert current(review(store)) is None


def test_undo_goes_back_step_by_step(store: Store) -> None:
    before = tags(store)
    session = review(store)
    for act in (session.confirm, session.skip, session.none, lambda: session.choose("eiffel_tower")):
        session.current()
        act()
    assert (current(session), session.place) == ("b.jpg", 2)  # it was skipped
    for name, outcome in (("d.jpg", "confirmed"), ("c.jpg", "none"), ("b.jpg", "skipped"), ("a.jpg", "confirmed")):
        step = session.undo()
        assert step and (step.outcome, current(session)) == (outcome, name)
    assert session.undo() is None
    assert (tags(store), session.counts, session.left) == (before, {}, 4)


def test_skipped_photos_come_last_in_the_next_review_too(store: Store) -> None:
    first = review(store)
    first.current()
    first.skip()
    assert current(first) == "b.jpg"
    first.skip()
    first.current()
    first.undo()
    again = review(store)
    shown = []
    while name := current(again):
        shown.append(name)
        again.none()
    assert shown == ["b.jpg", "c.jpg", "d.jpg", "a.jpg"]


def test_what_cannot_be_decided_any_more_is_passed_over(store: Store, photos: Library) -> None:
    session = review(store)
    session.current()
    session.prefetch(3)
    (photos.folder / "b.jpg").unlink()
    (photos.folder / "c.jpg").write_bytes(b"another photo")
    session.confirm()
    assert current(session) == "d.jpg"
    assert session.passed_over == {"gone": 1, "changed": 1}


def test_a_skipped_photo_that_was_passed_over_since_can_be_taken_back(store: Store, photos: Library) -> None:
    session = review(store)
    for _ in range(2):
        session.current()
        session.skip()
    for name in ("a.jpg", "c.jpg", "d.jpg"):
        (photos.folder / name).rename(photos.folder / f"{name}.away")
    assert current(session) == "b.jpg"
    session.undo()
    (photos.folder / "a.jpg.away").rename(photos.folder / "a.jpg")
    session.undo()
    assert (current(session), session.undo()) == ("a.jpg", None)


def test_a_photo_that_is_decided_elsewhere_meanwhile_is_left_alone(store: Store) -> None:
    session = review(store)
    session.current()
    session.prefetch(3)
    decide(store, digest("a.jpg"), "shows", "machu_picchu", who="ben")
    decide(store, digest("b.jpg"), "none", None, who="ben")
    assert not session.none()
    assert (current(session), session.counts, session.passed_over) == ("c.jpg", {}, {})
    assert tags(store)["a.jpg"] == "machu_picchu"


def test_a_skipped_photo_can_be_forgotten(store: Store, photos: Library) -> None:
    session = review(store)
    session.current()
    session.skip()
    assert forget_files(store, str(photos.folder)).photos == 4
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM skip").scalar() == 0
