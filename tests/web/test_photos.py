"""The library over HTTP."""

from __future__ import annotations

import io
import re
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tagger.core.types import FoundFile, Landmark, PhotoInfo, Result, Suggestion, Tagged
from tests.db.samples import assessed
from tests.web.conftest import Gallery, Start
from tests.web.library import FIRST, library, store_photos

API = "/api/v1"


def pages(client: httpx.Client, **parameters: int | str) -> list[list[str]]:
    """The digests of all pages."""
    found: list[list[str]] = []
    after: dict[str, str] = {}
    while True:
        page = client.get(f"{API}/photos", params={**parameters, **after}).json()
        found.append([photo["sha256"] for photo in page["photos"]])
        if page["next"] is None:
            return found
        after = {"after": page["next"]}


def test_pages_hold_each_photo_once_and_the_newest_first(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    digests = library(gallery.store, tmp_path / "photos", 10)
    found = pages(client, limit=4)
    assert [len(page) for page in found] == [4, 4, 2]
    assert [sha256 for page in found for sha256 in page] == digests[::-1]


def test_photos_of_one_moment_are_on_one_page_each(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    digests = library(gallery.store, tmp_path / "photos", 7, taken_at=datetime(2024, 5, 1, 12, 0, 0, 123456))
    assert sorted(sha256 for page in pages(client, limit=2) for sha256 in page) == sorted(digests)


def test_a_photo_is_described_in_words(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 1)
    store_photos(gallery.store, [assessed("/p/none.jpg", None, score=0.4)])
    labels = [photo["label"] for photo in client.get(f"{API}/photos").json()["photos"]]
    assert labels == [
        "No known landmark, 1 May 2024, perhaps Eiffel Tower, unreviewed",
        "Eiffel Tower, 1 May 2024, 50 %, unreviewed",
    ]


def test_labels_are_in_the_language_of_the_browser(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 1)
    german = {"Accept-Language": "xx, de-AT;q=0.8, en;q=0.5"}
    (photo,) = client.get(f"{API}/photos", headers=german).json()["photos"]
    assert photo["label"] == "Eiffel Tower, 1. Mai 2024, 50 %, ungeprüft"
    assert '<html lang="de">' in client.get("/", headers=german).text


def test_the_timeline_leads_to_every_page(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    digests = library(gallery.store, tmp_path / "photos", 450)[::-1]
    timeline = client.get(f"{API}/photos/timeline").json()
    assert (timeline["total"], timeline["page_size"], len(timeline["pages"])) == (450, 200, 3)
    for number, after in enumerate(timeline["pages"]):
        page = client.get(f"{API}/photos", params={"after": after} if after else {}).json()
        assert page["photos"][0]["sha256"] == digests[200 * number]
    assert (timeline["months"][0]["month"], timeline["months"][-1]["month"]) == ("2025-07", "2024-05")
    assert timeline["months"][-1]["start"] == 450 - 31


def test_a_thumbnail_is_a_small_webp_without_metadata(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    for _ in range(2):
        answer = client.get(f"{API}/photos/{sha256}/thumbnail")
        assert answer.headers["content-type"] == "image/webp"
        assert "immutable" in answer.headers["cache-control"]
        image = Image.open(io.BytesIO(answer.content))
        assert (image.format, image.size, dict(image.getexif())) == ("WEBP", (40, 40), {})


def test_a_file_that_has_changed_is_not_shown_as_the_photo(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    (path,) = (tmp_path / "photos").iterdir()
    path.write_bytes(path.read_bytes() + b"changed")
    assert client.get(f"{API}/photos/{sha256}/thumbnail").status_code == 404


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fetc%2fpasswd", "x"])
def test_only_photos_of_the_store_are_served(client: httpx.Client, name: str) -> None:
    for path in ("", "/thumbnail", "/preview"):
        assert client.get(f"{API}/photos/{name}{path}").status_code in (404, 422)


def test_a_photo_s_page_has_all_that_the_store_knows(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1, lat=48.85, lon=2.29)
    photo = client.get(f"{API}/photos/{sha256}").json()
    assert photo["paths"] == [str(tmp_path / "photos" / "00000.jpg")]
    assert photo["suggestions"][0]["key"] == "eiffel_tower"
    assert (photo["lat"], photo["lon"], photo["assessments"][0]["model"]) == (48.85, 2.29, "lite")


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("landmark:eiffel_tower", 6),
        ('landmark:"tour eiffel"', 6),
        ("landmark:machu_picchu", 0),
        ("score:<0.8", 2),
        ("taken:2024-05-02", 1),
        ("status:none", 1),
        ("NOT landmark:machu_picchu score:>=0.8 taken:2024-05-01..2024-05-03", 2),
    ],
)
def test_a_query_finds_what_it_finds_elsewhere(
    gallery: Gallery, client: httpx.Client, tmp_path: Path, query: str, count: int
) -> None:
    library(gallery.store, tmp_path / "photos", 6)
    store_photos(gallery.store, [assessed("/p/none.jpg", None)])
    assert len(pages(client, query=query)[0]) == count
    assert client.get(f"{API}/photos/timeline", params={"query": query}).json()["total"] == count


@pytest.mark.parametrize("query", ["landmark:nowhere", "status:perhaps", "(", "eiffel", "run:99"])
def test_a_query_that_is_wrong_is_explained(client: httpx.Client, query: str) -> None:
    for path in (f"{API}/photos", f"{API}/photos/timeline", f"{API}/places", "/"):
        assert client.get(path, params={"query": query}).status_code in (404, 422)


def test_a_decision_counts_until_it_is_taken_back(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    url = f"{API}/photos/{sha256}/decisions"
    first = client.post(url, json={"verdict": "shows", "landmark": "Machu Picchu"}).json()
    assert [tag["name"] for tag in first["photos"][0]["tags"]] == ["Machu Picchu"]
    second = client.post(url, json={"verdict": "none"}).json()
    assert (second["photos"][0]["tags"], second["photos"][0]["is_reviewed"]) == ([], True)
    undone = client.post(f"{API}/decisions/undo", json={"ids": second["ids"]}).json()
    assert [tag["name"] for tag in undone["photos"][0]["tags"]] == ["Machu Picchu"]
    undone = client.post(f"{API}/decisions/undo", json={"ids": first["ids"]}).json()
    assert ([tag["name"] for tag in undone["photos"][0]["tags"]], undone["photos"][0]["is_reviewed"]) == (
        ["Eiffel Tower"],
        False,
    )
    assert client.post(f"{API}/decisions/undo", json={"ids": first["ids"]}).status_code == 404


def test_several_photos_are_decided_together_or_not_at_all(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    digests = library(gallery.store, tmp_path / "photos", 3)
    decision = {"verdict": "shows", "landmark": "eiffel_tower"}
    refused = client.post(f"{API}/decisions", json=decision | {"photos": [*digests, "0" * 64]})
    assert refused.status_code == 404
    assert not any(photo["is_reviewed"] for photo in client.get(f"{API}/photos").json()["photos"])
    client.post(f"{API}/decisions", json=decision | {"photos": digests})
    assert all(photo["is_reviewed"] for photo in client.get(f"{API}/photos").json()["photos"])


@pytest.mark.parametrize(
    "decision", [{"verdict": "shows"}, {"verdict": "none", "landmark": "x"}, {"verdict": "shows", "landmark": "xyz"}]
)
def test_a_decision_that_makes_no_sense_is_refused(
    gallery: Gallery, client: httpx.Client, tmp_path: Path, decision: dict[str, str]
) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    assert client.post(f"{API}/photos/{sha256}/decisions", json=decision).status_code == 422


@pytest.mark.parametrize(
    "decision", [{"verdict": "perhaps"}, {"verdict": "shows"}, {"verdict": "not", "landmark": "x"}]
)
def test_a_form_that_makes_no_sense_is_refused(
    gallery: Gallery, client: httpx.Client, tmp_path: Path, decision: dict[str, str]
) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    csrf = re.findall(r'name="csrf" content="([^"]+)"', client.get("/").text)[0]
    refused = client.post(f"/photo/{sha256}/decide", data={"csrf": csrf, **decision}, headers={"Accept": "text/html"})
    assert (refused.status_code, "<h1>" in refused.text) == (422, True)


def test_photos_near_one_another_are_one_place(gallery: Gallery, client: httpx.Client) -> None:
    paris = [assessed(f"/p/{number}.jpg", lat=48.85, lon=2.35) for number in range(3)]
    lima = assessed("/p/lima.jpg", lat=-12.05, lon=-77.04)
    store_photos(gallery.store, [*paris, lima, assessed("/p/nowhere.jpg", "machu_picchu")])
    found = {(place["lat"], place["lon"]): place["photos"] for place in client.get(f"{API}/places?zoom=8").json()}
    assert found == {(48.85, 2.35): 3, (-12.05, -77.04): 1, (-13.163, -72.545): 1}
    europe = client.get(f"{API}/places?zoom=8&south=30&west=-20&north=70&east=40").json()
    assert [place["photos"] for place in europe] == [3]
    pacific = client.get(f"{API}/places?zoom=8&south=-90&west=170&north=90&east=-60").json()
    assert sum(place["photos"] for place in pacific) == 2


def test_landmarks_are_counted(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    digests = library(gallery.store, tmp_path / "photos", 4)
    first = client.get(f"{API}/landmarks").json()[0]
    assert (first["landmark"], first["photos"], first["sha256"]) == ("eiffel_tower", 4, digests[-1])
    assert (first["first_at"], first["last_at"]) == ("2024-05-01T12:00:00", "2024-05-04T12:00:00")


def test_runs_are_listed(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 1)
    (run,) = client.get(f"{API}/runs").json()
    assert (run["job"], run["model"], run["status"]) == ("tag", "lite 1", "running")


def test_a_photo_s_page_shows_where_a_score_comes_from(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    found = client.get(f"/photo/{sha256}/why", params={"landmark": "red_rock"})
    assert (found.status_code, "<svg" in found.text) == (200, True)
    assert client.get(f"/photo/{sha256}/why", params={"landmark": "eiffel_tower"}).status_code == 404


def test_every_page_answers(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    (sha256,) = library(gallery.store, tmp_path / "photos", 1)
    pages = ("/", "/review", "/map", "/world.json", "/landmarks", "/runs", "/runs/1", "/try", "/login", "/share")
    for path in (*pages, f"/photo/{sha256}", "/complete?query=lan", "/names?text=eif", "/static/js/grid.js"):
        assert client.get(path).status_code == 200, path


def test_landmarks_are_named_in_the_first_language_that_has_names(start: Start) -> None:
    landmark = Landmark("tower", "Tower", "France", names={"de": "Turm", "pt": "Torre"}, cities={"de": "Paris"})
    gallery = start()
    answer = Tagged((Suggestion(1, landmark, 0.9, is_tag=True),))
    found = FoundFile("/p/a.jpg", 1, 1), Result("/p/a.jpg", "a" * 64, answer, PhotoInfo(40, 30, "JPEG", FIRST))
    store_photos(gallery.store, [found], landmarks=[landmark])
    with gallery.client() as client:
        for accepted, name in (
            ("de", "Turm"),
            ("en; q=0.5, de-AT;q=0.9", "Turm"),
            ("de;q=0, en;q=nan", "Tower"),
            ("xx, en, de", "Tower"),
            ("*", "Tower"),
        ):
            (photo,) = client.get(f"{API}/photos", headers={"Accept-Language": accepted}).json()["photos"]
            assert photo["tags"][0]["name"] == name, accepted
        german = {"Accept-Language": "de"}
        assert "Turm" in client.get(f"/photo/{'a' * 64}", headers=german).text
        assert "Frankreich" in client.get("/landmarks", headers=german).text
        assert "Frankreich" in client.get("/complete?query=country:frank", headers=german).text


def test_countries_have_any_name_in_queries(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    library(gallery.store, tmp_path / "photos", 2)
    assert len(pages(client, query="country:Frankreich")[0]) == 2
