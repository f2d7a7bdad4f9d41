"""Listings: what each filter lets through, and pages that neither skip nor repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.engine import Store
from db.errors import UnknownCountry, UnknownLandmark, UnknownModel, UnknownRun
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from db.read.listings import all_hits, failures, nones, tags
from db.read.planning import planner
from db.read.rows import FailureHit
from db.write.files import Scanned, mark_missing
from tests.db.samples import MODEL, NEWER, TAKEN, assessed, decide, digest, failed, tag_run, tagged, untagged

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
PAST, FUTURE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


@pytest.fixture(params=[0, planner.FEW], ids=["walking", "narrowed"])
def library(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two runs; all_hits test sees it once with each way of starting a listing."""
    monkeypatch.setattr(planner, "FEW", request.param)
    first: list[Scanned] = [
        assessed("/p/2023/a.jpg", "eiffel_tower", score=0.95, taken_at=TAKEN - 365 * 24 * HOUR),
        assessed("/p/2024/b.jpg", "sacre_coeur", score=0.8),
        assessed("/p/2024/c.jpg", None),
        failed("/p/2024/d.jpg"),
    ]
    tag_run(store, first)
    tag_run(store, [assessed("/p/20240/e.jpg", "machu_picchu", score=0.7), failed("/q/f.jpg", kind="empty")])
    return store


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "abe"),
        ({"landmarks": ("eiffel_tower",)}, "a"),
        ({"landmarks": ("Sacre Coeur",)}, "b"),
        ({"landmarks": ("Sacre Coeur", "eiffel_tower")}, "ab"),
        ({"countries": ("FRANCE",)}, "ab"),
        ({"countries": ("France",), "landmarks": ("machu_picchu",)}, ""),
        ({"min_score": 0.8}, "ab"),
        ({"under": "/p/2024"}, "b"),
        ({"under": "/p/2024/"}, "b"),
        ({"under": "/"}, "abe"),
        ({"under": "/p/202_"}, ""),
        ({"under": "/p/%"}, ""),
        ({"taken_since": TAKEN}, "be"),
        ({"taken_until": TAKEN}, "a"),
        ({"taken_since": TAKEN, "taken_until": TAKEN + HOUR}, "be"),
        ({"answered_since": FUTURE}, ""),
        ({"answered_since": PAST, "answered_until": FUTURE}, "abe"),
        ({"run": 1}, "ab"),
        ({"run": 2}, "e"),
        ({"model": "lite"}, "abe"),
        ({"model": "aaaa"}, "abe"),
        ({"countries": ("france",), "min_score": 0.9, "run": 1, "under": "/p", "model": "lite"}, "a"),
    ],
    ids=str,
)
def test_a_filter_lets_through(library: Store, filters: dict[str, Any], names: str) -> None:
    assert "".join(path[-5] for path, _ in tagged(library, **filters)) == names


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, "c"),
        ({"under": "/p/2024"}, "c"),
        ({"under": "/q"}, ""),
        ({"taken_since": TAKEN + HOUR}, ""),
        ({"answered_since": PAST}, "c"),
        ({"run": 1, "model": "lite"}, "c"),
        ({"run": 2}, ""),
    ],
    ids=str,
)
def test_a_filter_lets_through_photos_without_a_landmark(library: Store, filters: dict[str, Any], names: str) -> None:
    assert "".join(path[-5] for path in untagged(library, **filters)) == names


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (FileFilter(), "df"),
        (FileFilter(under="/q"), "f"),
        (FileFilter(run=1), "d"),
        (FileFilter(answered_since=FUTURE), ""),
    ],
    ids=str,
)
def test_a_filter_lets_through_failures(library: Store, filters: FileFilter, names: str) -> None:
    with library.read() as connection:
        assert "".join(hit.path[-5] for hit in all_hits(failures, connection, filters)) == names


def test_a_tag_says_everything_about_itself(library: Store) -> None:
    with library.read() as connection:
        hit = tags(connection, TagFilter(landmarks=("eiffel_tower",))).hits[0]
    assert (hit.path, hit.sha256, hit.landmark, hit.name) == (
        "/p/2023/a.jpg",
        digest("a.jpg"),
        "eiffel_tower",
        "Eiffel Tower",
    )
    assert (hit.country, hit.city, hit.lat, hit.lon) == ("France", "Paris", 48.858, 2.294)
    assert (hit.source, hit.rank, hit.score, hit.model_name, hit.model_version) == ("machine", 1, 0.95, "lite", "1")
    assert (hit.run, hit.taken_at) == (1, TAKEN - 365 * 24 * HOUR)
    assert NOW <= hit.tagged_at <= datetime.now(UTC)


def test_a_failure_says_everything_about_itself(library: Store) -> None:
    with library.read() as connection:
        (hit,) = failures(connection, FileFilter(under="/q")).hits
    message = "the file ends before the image does"
    assert hit == FailureHit("/q/f.jpg", "empty", message, 1, hit.first_at, hit.first_at, 2, next_at=hit.next_at)
    assert hit.next_at is not None
    assert hit.next_at > NOW


def test_gone_files_are_left_out_unless_asked_for(library: Store) -> None:
    with library.write() as connection:
        mark_missing(connection, ["/p/2023/a.jpg", "/p/2024/c.jpg", "/q/f.jpg"])
        assert [hit.path for hit in failures(connection, FileFilter()).hits] == ["/p/2024/d.jpg"]
    assert [path[-5] for path, _ in tagged(library)] == ["b", "e"]
    assert untagged(library) == []
    assert len(tagged(library, include_gone=True)) == 3


def test_a_model_or_a_run_asked_for_answers_instead_of_the_newest(library: Store) -> None:
    tag_run(library, [assessed("/p/2023/a.jpg", "machu_picchu"), assessed("/p/2024/b.jpg", None)], model=NEWER)
    old = [("/p/2023/a.jpg", "eiffel_tower"), ("/p/2024/b.jpg", "sacre_coeur")]
    assert tagged(library, under="/p/2023") == [("/p/2023/a.jpg", "machu_picchu")]
    assert tagged(library, model=MODEL.model_id)[:2] == tagged(library, run=1) == old
    assert untagged(library) == ["/p/2024/b.jpg", "/p/2024/c.jpg"]
    assert untagged(library, run=1) == ["/p/2024/c.jpg"]


def test_a_decision_made_today_is_found_by_its_day(library: Store) -> None:
    decide(library, digest("c.jpg"), "shows", "machu_picchu")
    assert ("/p/2024/c.jpg", "machu_picchu") in tagged(library, answered_since=PAST)
    assert ("/p/2024/c.jpg", "machu_picchu") in tagged(library, landmarks=("machu_picchu",))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_neither_skip_nor_repeat(library: Store, size: int) -> None:
    tag_run(library, [assessed(f"/r/{number:02}.jpg", "eiffel_tower" if number % 3 else None) for number in range(20)])
    decide(library, digest("01.jpg"), "shows", "machu_picchu")
    decide(library, digest("01.jpg"), "shows", "sacre_coeur")
    for filters in (TagFilter(), TagFilter(under="/r"), TagFilter(landmarks=("eiffel_tower",))):
        with library.read() as connection:
            whole = tags(connection, filters, limit=1000)
            assert tuple(all_hits(tags, connection, filters, page_size=size)) == whole.hits
            assert whole.next_after is None
    with library.read() as connection:
        paths = [hit.path for hit in all_hits(nones, connection, PhotoFilter(), page_size=size)]
    assert paths == sorted(set(paths))
    assert len(paths) == 8


def test_a_page_may_begin_before_or_behind_the_folder(library: Store) -> None:
    with library.read() as connection:
        for after, expected in (("/a", 1), ("/p/2024/b.jpg", 0), ("/z", 0)):
            assert len(tags(connection, TagFilter(under="/p/2024"), after=after).hits) == expected


@pytest.mark.parametrize(
    ("filters", "error", "sentence"),
    [
        ({"landmarks": ("eifel tower",)}, UnknownLandmark, "Did you mean 'eiffel_tower'"),
        ({"landmarks": ("xyz",)}, UnknownLandmark, "'tagger labels' lists all of them"),
        ({"countries": ("Frnce",)}, UnknownCountry, "No landmark is in 'Frnce'. Did you mean 'France'"),
        ({"model": "light"}, UnknownModel, "No model is called 'light'. Did you mean 'lite'"),
        ({"run": 9}, UnknownRun, "There is no run 9. 'tagger runs' lists all of them"),
    ],
    ids=str,
)
def test_a_name_that_is_not_known_is_an_error(
    library: Store, filters: dict[str, Any], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error) as raised:
        tagged(library, **filters)
    assert sentence in str(raised.value)
