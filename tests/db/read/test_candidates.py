"""The photos of a review, in its order, and how many there are."""

from __future__ import annotations

from sqlalchemy import select

from db.engine import Store
from db.read.gallery.matching import matching
from db.read.photos import find_photo
from db.read.query_language.grammar import parse
from db.read.review import candidates
from db.schema.models import Photo
from db.write.review import skip_photo
from tests.db.samples import assessed, decide, digest, tag_run


def test_the_first_of_a_review_come_with_the_number_of_all(store: Store) -> None:
    landmarks = {"close": "eiffel_tower", "rare": "machu_picchu", "sure": "eiffel_tower", "skipped": "eiffel_tower"}
    scores = {"close": 0.21, "rare": 0.23, "sure": 0.95, "skipped": 0.2}
    batch = [assessed(f"/p/{name}.jpg", best, score=scores[name]) for name, best in landmarks.items()]
    tag_run(store, [*batch, assessed("/p/none.jpg", None), assessed("/p/decided.jpg")])
    decide(store, digest("decided.jpg"), "not", "eiffel_tower")
    with store.write() as connection:
        skip_photo(connection, find_photo(connection, digest("skipped.jpg")), who="ann")
    with store.read() as connection:
        photos = dict(connection.execute(select(Photo.id, Photo.sha256)).all())
        total, found = candidates(connection, who="ann", limit=3)
        nothing = candidates(connection, who="ann", condition=matching(connection, parse("taken:1999")))
    assert total == 4
    assert [photos[candidate.photo] for candidate in found] == [
        digest(f"{one}.jpg") for one in ("rare", "close", "sure")
    ]
    assert nothing == (0, [])
