"""The queue of a review over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tagger.library.decisions.decide import login_name
from tagger.review.queue import review_order
from tests.db.samples import assessed
from tests.web.conftest import Gallery
from tests.web.library import library, store_photos

REVIEW = "/api/v1/review"


def order(client: httpx.Client, **parameters: str | int) -> list[str]:
    return [photo["sha256"] for photo in client.get(REVIEW, params=parameters).json()["photos"]]


def test_the_queue_is_that_of_the_terminal(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 6)
    store_photos(gallery.store, [assessed("/p/none.jpg", None)])
    with gallery.store.read() as connection:
        photos = [candidate.photo for candidate in review_order(connection, who="ann")]
    answer = client.get(REVIEW, params={"limit": 4}).json()
    assert (answer["total"], len(answer["photos"])) == (len(photos), 4) == (6, 4)
    assert [photo["tags"][0]["score"] for photo in answer["photos"]] == [0.5, 0.5, 0.9, 0.9]


def test_what_was_skipped_comes_last_and_what_was_decided_not_at_all(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    library(gallery.store, tmp_path / "photos", 3)
    first, second, third = order(client)
    assert client.post(f"/api/v1/photos/{first}/skip").status_code == 204
    assert order(client) == [second, third, first]
    with gallery.store.read() as connection:  # the terminal knows it, too
        assert review_order(connection, who=login_name())[-1].skipped_at is not None
    assert client.delete(f"/api/v1/photos/{first}/skip").status_code == 204
    assert order(client) == [first, second, third]
    client.post(f"/api/v1/photos/{second}/decisions", json={"verdict": "none"})
    assert order(client) == [first, third]


def test_a_query_chooses_what_is_reviewed(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    *_, last = library(gallery.store, tmp_path / "photos", 3)
    assert order(client, query="taken:2024-05-03") == [last]
    assert order(client, query="landmark:machu_picchu") == []


@pytest.mark.parametrize("query", ["landmark:nowhere", "(", "eiffel"])
def test_a_query_that_is_wrong_is_explained(client: httpx.Client, query: str) -> None:
    assert client.get(REVIEW, params={"query": query}).status_code == 422
    for page in ("/review", "/map"):
        assert 'role="alert"' in client.get(page, params={"query": query}).text


def test_only_photos_of_the_store_are_skipped(client: httpx.Client) -> None:
    assert client.post(f"/api/v1/photos/{'0' * 64}/skip").status_code == 404


def test_the_queue_goes_on_after_those_that_were_passed_by(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    library(gallery.store, tmp_path / "photos", 5)
    assert order(client, limit=2) + order(client, limit=2, offset=2) + order(client, offset=4) == order(client)
    assert order(client, offset=5) == []
