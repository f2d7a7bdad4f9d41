"""Two browsers, or a browser and a program, decide about one photo."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.conftest import Gallery, Start
from tests.web.library import library

API = "/api/v1"
SHOWS = {"verdict": "shows", "landmark": "eiffel_tower"}
NOT = {"verdict": "not", "landmark": "eiffel_tower"}
OTHER = {"verdict": "shows", "landmark": "machu_picchu"}
NONE = {"verdict": "none"}


@pytest.fixture
def photo(gallery: Gallery, tmp_path: Path) -> str:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    return sha256


def decide_together(clients: Sequence[httpx.Client], photo: str, said: Sequence[dict[str, str]]) -> list[int]:
    """The numbers of decisions that were sent at once, from all clients in turn."""

    def send(number: int) -> int:
        client = clients[number % len(clients)]
        answer = client.post(f"{API}/photos/{photo}/decisions", json=said[number % len(said)])
        assert answer.status_code == 201, answer.text
        (id_,) = answer.json()["ids"]
        return int(id_)

    with ThreadPoolExecutor(8) as threads:
        return sorted(threads.map(send, range(40)))


def history(client: httpx.Client, photo: str) -> list[dict[str, Any]]:
    """The decisions about a photo, the newest first."""
    decisions: list[dict[str, Any]] = client.get(f"{API}/photos/{photo}").json()["decisions"]
    return decisions


def test_of_one_person_s_decisions_in_two_browsers_the_last_counts(gallery: Gallery, photo: str) -> None:
    with gallery.client() as one, gallery.client() as other:
        ids = decide_together((one, other), photo, (SHOWS, NONE, NOT))
        found = history(one, photo)
    assert [decision["id"] for decision in found] == ids[::-1]  # all of them, in the order in which they were stored
    assert found[0]["counts"]
    assert len({decision["key"] for decision in found if decision["counts"]}) == sum(one["counts"] for one in found)


def test_of_two_people_s_decisions_the_last_counts_and_both_stay(start: Start, tmp_path: Path) -> None:
    gallery = start(web_listen="0.0.0.0:0", password="correct horse")
    (photo,) = library(gallery.store, tmp_path / "photos", 1)
    tokens = [gallery.credentials.add_token(name) for name in ("ann", "bob")]
    clients = [gallery.client(headers={"Authorization": f"Bearer {token}"}) for token in tokens]
    decide_together(clients, photo, (SHOWS, NONE))
    last, *earlier = history(clients[0], photo)
    assert last["counts"]
    assert not any(decision["counts"] for decision in earlier)
    assert {decision["who"] for decision in earlier} == {"token:ann", "token:bob"}
    for client in clients:
        client.close()


def test_undoing_an_earlier_decision_keeps_a_later_one_until_that_is_undone_too(
    client: httpx.Client, photo: str
) -> None:
    ids = [client.post(f"{API}/photos/{photo}/decisions", json=said).json()["ids"][0] for said in (SHOWS, NONE, NOT)]
    for undone, left in ((ids[1], "not"), (ids[2], "shows")):
        assert client.post(f"{API}/decisions/undo", json={"ids": [undone]}).status_code == 200
        assert [one["verdict"] for one in history(client, photo) if one["counts"]] == [left]


def test_a_decision_is_taken_back_once(gallery: Gallery, photo: str) -> None:
    with gallery.client() as client:
        ids = client.post(f"{API}/photos/{photo}/decisions", json=OTHER).json()["ids"]

        def undo(_number: int) -> int:
            return client.post(f"{API}/decisions/undo", json={"ids": ids}).status_code

        with ThreadPoolExecutor(8) as threads:
            statuses = sorted(threads.map(undo, range(8)))
    assert statuses == [200] + [404] * 7
