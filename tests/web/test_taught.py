"""Naming photos over HTTP: a landmark's name decides, and a new one teaches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from sqlalchemy import delete

from db.schema.taught import Embedding
from tagger.core.run_options import Limits
from tagger.library.locks.run import run_lock
from tagger.library.runner import LibraryRun
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS
from tests.library.taught.palette import ORANGE, VIOLET, PaletteEngine, painted, palette_bundle
from tests.web.conftest import Gallery, Start

API = "/api/v1"
PLACE = {"name": "Grandma's House"}


@pytest.fixture
def gallery(start: Start, tmp_path: Path) -> Gallery:
    """A gallery on six violet and four orange photos, which its model cannot name, and one of each that it can."""
    tagger = Tagger(palette_bundle(tmp_path / "palette"), PaletteEngine(), Limits())
    gallery = start(tagger=tagger)
    for name, colour, count in (("violet", VIOLET, 6), ("orange", ORANGE, 4), *((n, c, 1) for n, c in COLOURS.items())):
        painted(tmp_path / "library", colour, count, name)
    list(LibraryRun(gallery.store, tagger.bundle, [str(tmp_path / "library")], lambda: tagger).results())
    return gallery


def photos(folder: Path, name: str) -> list[str]:
    """The digests of the painted photos of a colour."""
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted((folder / "library").glob(f"{name}*"))]


def name(client: httpx.Client, contents: Sequence[str], **place: object) -> httpx.Response:
    return client.post(f"{API}/taught", json={"photos": list(contents), **PLACE, **place})


def tagged(client: httpx.Client, landmark: str = "grandmas_house") -> int:
    return int(client.get(f"{API}/photos/timeline", params={"query": f"landmark:{landmark}"}).json()["total"])


def test_a_new_name_teaches_a_place_and_decides_about_its_photos(client: httpx.Client, tmp_path: Path) -> None:
    violet = photos(tmp_path, "violet")
    done = name(client, violet[:3], lat=48.1, lon=11.5, country="Germany").json()
    assert (done["landmark"], done["name"], done["is_taught"]) == ("grandmas_house", "Grandma's House", True)
    assert [(photo["tags"][0]["landmark"], photo["is_reviewed"]) for photo in done["photos"]] == [
        ("grandmas_house", True)
    ] * 3
    assert tagged(client) == 6
    (place,) = client.get(f"{API}/taught").json()
    assert (place["photos"], place["lat"], place["lon"], place["country"]) == (3, 48.1, 11.5, "Germany")
    unseen = (tmp_path / "library" / "violet5.png").read_bytes()
    answer = client.post(f"{API}/suggest", files={"photo": ("unseen.png", unseen)}).json()
    assert answer["suggestions"][0]["landmark"] == "grandmas_house"


def test_a_taught_place_learns_from_more_photos_of_that_name(client: httpx.Client, tmp_path: Path) -> None:
    violet = photos(tmp_path, "violet")
    name(client, violet[:3])
    assert name(client, violet[3:4]).json()["is_taught"]
    assert client.get(f"{API}/taught").json()[0]["photos"] == 4


def test_photos_that_were_tagged_otherwise_teach_with_a_warning(client: httpx.Client, tmp_path: Path) -> None:
    violet = photos(tmp_path, "violet")
    assert name(client, violet[:3]).json()["overlap"] is None
    overlap = name(client, [*violet[3:], *photos(tmp_path, "orange")[:2]], name="Cabin").json()["overlap"]
    assert overlap == {"landmark": "grandmas_house", "name": "Grandma's House", "tagged": 3, "photos": 5}


def test_the_name_of_a_landmark_only_decides(client: httpx.Client, tmp_path: Path) -> None:
    done = name(client, photos(tmp_path, "orange")[:1], name="red rock").json()
    assert (done["landmark"], done["is_taught"], len(done["ids"])) == ("red_rock", False, 1)
    assert client.get(f"{API}/taught").json() == []


def test_a_taught_place_is_removed_once_and_its_decisions_stay(client: httpx.Client, tmp_path: Path) -> None:
    name(client, photos(tmp_path, "violet")[:3])
    assert [client.delete(f"{API}/taught/grandmas_house").status_code for _ in range(2)] == [204, 404]
    assert tagged(client) == 3
    assert name(client, photos(tmp_path, "violet")[3:]).json()["is_taught"]
    assert tagged(client) == 6


def test_photos_that_the_large_network_has_not_seen_are_read(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    violet = photos(tmp_path, "violet")
    with gallery.store.write() as connection:
        connection.execute(delete(Embedding))
    assert name(client, violet[:3]).status_code == 201
    with gallery.store.write() as connection:
        connection.execute(delete(Embedding))
    file = tmp_path / "library" / "orange0.png"
    orange = photos(tmp_path, "orange")
    file.write_bytes(file.read_bytes() + b"changed")
    refused = name(client, orange[:3], name="Cabin")
    assert (refused.status_code, "changed" in refused.json()["detail"]) == (422, True)
    file.unlink()


def test_what_cannot_be_taught_is_refused_in_a_sentence(client: httpx.Client, tmp_path: Path) -> None:
    violet = photos(tmp_path, "violet")
    for refused, status, words in (
        (name(client, violet[:2]), 422, "3 to 50 photos"),
        (name(client, ["0" * 64] * 3), 404, "not in the store"),
        (name(client, violet[:3], name="!?"), 422, "letters"),
        (name(client, violet[:3], lat=48.1), 422, "both"),
    ):
        assert (refused.status_code, words in refused.json()["detail"]) == (status, True)
    assert client.get(f"{API}/taught").json() == []


def test_nothing_is_taught_during_a_run(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    with run_lock(gallery.store):
        refused = name(client, photos(tmp_path, "violet"))
    assert (refused.status_code, "in progress" in refused.json()["detail"]) == (409, True)


def test_a_model_without_embeddings_says_so(start: Start, tmp_path: Path) -> None:
    gallery = start()
    tagger = Tagger(palette_bundle(tmp_path / "p"), PaletteEngine(), Limits())
    painted(tmp_path / "library", VIOLET, 3, "violet")
    list(LibraryRun(gallery.store, tagger.bundle, [str(tmp_path / "library")], lambda: tagger).results())
    with gallery.client() as client:
        refused = name(client, photos(tmp_path, "violet"))
        assert (refused.status_code, "embeddings" in refused.json()["detail"]) == (422, True)
        assert client.get(f"{API}/unknown").json() == []


def test_groups_of_photos_without_a_name_are_named_by_a_form(client: httpx.Client) -> None:
    assert [len(place["photos"]) for place in client.get(f"{API}/unknown").json()] == [6, 4]
    panel = client.get("/unknown/places").text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', panel)[0]
    contents = re.findall(r'name="photos" value="([^"]+)"', panel)[:6]
    done = client.post("/unknown", data={"csrf": csrf, "name": "Grandma's House", "photos": contents})
    assert (done.status_code, done.headers["location"]) == (303, "/?query=landmark%3Agrandmas_house")
    assert [len(place["photos"]) for place in client.get(f"{API}/unknown").json()] == [4]
    page = client.get("/landmarks").text
    assert "Remove Grandma&#39;s House" in page
    done = client.post("/landmarks/forget", data={"csrf": csrf, "landmark": "grandmas_house"})
    assert (done.status_code, client.get(f"{API}/taught").json()) == (303, [])


def test_photos_that_were_decided_are_left_out_at_once_until_that_is_taken_back(
    client: httpx.Client, tmp_path: Path
) -> None:
    def groups() -> list[int]:
        return [len(place["photos"]) for place in client.get(f"{API}/unknown").json()]

    assert groups() == [6, 4]
    orange = photos(tmp_path, "orange")
    stored = client.post(f"{API}/decisions", json={"verdict": "none", "photos": orange[:1]}).json()
    assert groups() == [6]
    client.post(f"{API}/decisions/undo", json={"ids": stored["ids"]})
    assert groups() == [6, 4]


@pytest.mark.parametrize("path", ["/unknown", "/unknown/places", f"{API}/unknown", f"{API}/taught"])
def test_who_has_not_logged_in_sees_no_places(start: Start, path: str) -> None:
    with start(web_listen="0.0.0.0:0", password="correct horse").client() as client:
        assert client.get(path).status_code in (303, 401)
