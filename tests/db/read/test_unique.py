"""Of photos that look the same a listing shows one, and says how many it stands for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from db.engine import Store
from db.read.filters import PhotoFilter, TagFilter
from db.read.listings import all_hits, nones, tags
from db.read.planning import planner
from db.write import comparisons
from db.write.comparisons import PhotoHash
from db.write.files import Scanned, mark_missing
from tests.db.samples import TAKEN, assessed, decide, digest, inherited, tag_run

HOUR = timedelta(hours=1)


@pytest.fixture(params=[0, planner.FEW], ids=["walking", "narrowed"])
def library(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """a, b and c look the same, c is the largest and not tagged; d is alone and lies in two places; e waits."""
    monkeypatch.setattr(planner, "FEW", request.param)
    photos: list[Scanned] = [
        assessed("/p/a.jpg", width=800, taken_at=TAKEN, phash=1),
        assessed("/p/b.jpg", width=800, taken_at=TAKEN - HOUR, phash=2),
        assessed("/q/c.jpg", None, width=900, phash=3),
        assessed("/q/d.jpg", phash=4),
        inherited("/q/d2.jpg", "d.jpg"),
        assessed("/q/e.jpg", None, phash=5),
    ]
    tag_run(store, photos)
    with store.write() as connection:
        comparisons.assign_groups(connection, {1: 1, 2: 1, 3: 1, 4: 4}.items())
    return store


def unique_tags(store: Store, **filters: Any) -> list[tuple[str, int]]:
    """Paths, each with how many others it stands for."""
    with store.read() as connection:
        hits = all_hits(tags, connection, TagFilter(unique=True, **filters), page_size=1)
        return [(hit.path, hit.others) for hit in hits]


def test_one_of_each_group_is_listed_the_oldest_of_equally_large_ones(library: Store) -> None:
    assert unique_tags(library) == [("/p/b.jpg", 1), ("/q/d.jpg", 1)]


def test_a_larger_picture_is_better_than_an_older_one(library: Store) -> None:
    decide(library, digest("c.jpg"), "shows", "eiffel_tower")
    assert unique_tags(library) == [("/q/c.jpg", 2), ("/q/d.jpg", 1)]


def test_the_choice_is_made_among_what_passes_the_filter(library: Store) -> None:
    assert unique_tags(library, taken_since=TAKEN) == [("/p/a.jpg", 0), ("/q/d.jpg", 1)]
    assert unique_tags(library, under="/q") == [("/q/d.jpg", 1)]
    with library.write() as connection:
        mark_missing(connection, ["/p/b.jpg", "/q/d.jpg"])
    assert unique_tags(library) == [("/p/a.jpg", 0), ("/q/d2.jpg", 0)]
    assert unique_tags(library, include_gone=True) == [("/p/b.jpg", 1), ("/q/d.jpg", 1)]


def test_photos_without_a_landmark_are_listed_once_too_and_those_not_compared_yet_are_alone(library: Store) -> None:
    with library.read() as connection:
        hits = nones(connection, PhotoFilter(unique=True)).hits
    assert [(hit.path, hit.others) for hit in hits] == [("/q/c.jpg", 0), ("/q/e.jpg", 0)]


@pytest.mark.sqlite  # which counts the steps of a query
def test_a_large_group_whose_best_photo_comes_last_takes_no_longer_than_it_is_large(store: Store) -> None:
    spent = []
    for size in (500, 1000):
        larger: list[Scanned] = [assessed(f"/p/{number:04}.jpg", width=number) for number in range(size - 500, size)]
        tag_run(store, larger)
        with store.write() as connection:
            comparisons.assign_groups(connection, ((photo, 1) for photo in range(1, size + 1)))
        spent.append(steps(store))
        assert unique_tags(store) == [(f"/p/{size - 1:04}.jpg", size - 1)]
    assert spent[1] < 3 * spent[0]


def steps(store: Store) -> int:
    """How many thousand steps SQLite takes to list one of each."""
    ticks: list[None] = []
    with store.read() as connection:
        sqlite = connection.connection.driver_connection
        assert sqlite is not None
        sqlite.set_progress_handler(lambda: ticks.append(None), 1000)
        tags(connection, TagFilter(unique=True))
        sqlite.set_progress_handler(None, 0)
    return len(ticks)


def test_what_waits_to_be_compared_is_told_with_all_looks(library: Store) -> None:
    with library.read() as connection:
        assert comparisons.has_uncompared(connection)
        found = list(comparisons.photo_hashes(connection))
    assert found[1] == PhotoHash(2, 2, TAKEN - HOUR, 4 / 3, 1)
    assert [look.group for look in found] == [1, 1, 1, 4, None]
    with library.write() as connection:
        comparisons.assign_groups(connection, [(5, 5)])
        assert not comparisons.has_uncompared(connection)
