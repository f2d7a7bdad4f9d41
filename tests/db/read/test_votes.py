"""Votes are listed by file, and what most people say comes first."""

from __future__ import annotations

import pytest

from db.engine import Store
from db.read.filters import FileFilter
from db.read.listings import all_hits
from db.read.votes import votes
from tests.db.samples import assessed, decide, digest, inherited, tag_run


@pytest.fixture
def voted(store: Store) -> Store:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg"), assessed("/p/c.jpg"), inherited("/q/a.jpg", "a.jpg")])
    a, b = digest("a.jpg"), digest("b.jpg")
    for who in ("ann", "ben", "cid"):
        decide(store, a, "shows", "machu_picchu", who=who, is_trusted=False)
    decide(store, a, "shows", "machu_picchu", who="cid", answer_id=7, is_trusted=False)  # once for each person
    decide(store, a, "none", None, who="dan", is_trusted=False)
    decide(store, b, "shows", "sacre_coeur", who="ann", is_trusted=False)
    decide(store, b, "none", None, who="ann", is_trusted=False)
    decide(store, digest("c.jpg"), "none", None)  # a decision
    return store


@pytest.mark.parametrize("page_size", [1, 2, 100])
def test_votes_are_listed_by_file(voted: Store, page_size: int) -> None:
    with voted.read() as connection:
        hits = list(all_hits(votes, connection, FileFilter(), page_size=page_size))
    assert [(hit.path, hit.verdict, hit.landmark, hit.people) for hit in hits] == [
        ("/p/a.jpg", "shows", "machu_picchu", 3),
        ("/p/a.jpg", "none", None, 1),
        ("/p/b.jpg", "none", None, 1),
        ("/q/a.jpg", "shows", "machu_picchu", 3),
        ("/q/a.jpg", "none", None, 1),
    ]


def test_filters_narrow_the_listing(voted: Store) -> None:
    with voted.read() as connection:
        hits = votes(connection, FileFilter(under="/q")).hits
    assert {hit.path for hit in hits} == {"/q/a.jpg"}
