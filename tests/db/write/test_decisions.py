"""People outrank the machine, for ever, and in every query."""

from __future__ import annotations

from typing import Any

import pytest

from db.engine import Store
from db.errors import UnknownLandmark, UnknownPhoto
from db.read.catalog import labels
from db.read.filters import PhotoFilter, TagFilter
from db.read.listings import nones, tags
from db.rows import Verdict
from db.write.decisions import record_decision, revoke_decisions
from tests.db.samples import MODEL, NEWER, assessed, decide, digest, inherited, tag_run, tagged, untagged

ALL_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"under": "/p"},
    {"model": "lite"},
    {"model": MODEL.model_id[:6]},
    {"countries": ("France",)},
    {"landmarks": ("eiffel_tower",)},
    {"min_score": 0.5},
    {"run": 1},
)


@pytest.fixture
def photo(store: Store) -> str:
    tag_run(store, [assessed("/p/a.jpg", "eiffel_tower")])
    return digest("a.jpg")


def shown(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {row.landmark.id: row.photos for row in labels(connection) if row.photos}


def test_shows_replaces_all_tags_of_the_machine(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu")
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]
    assert shown(store) == {"machu_picchu": 1}


def test_several_landmarks_may_be_shown(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu")
    decide(store, photo, "shows", "eiffel_tower")
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/a.jpg", "machu_picchu")]


@pytest.mark.parametrize("verdict", ["not", "none"])
@pytest.mark.parametrize("filters", ALL_FILTERS, ids=str)
def test_a_rejected_tag_is_in_no_listing(store: Store, photo: str, verdict: Verdict, filters: dict[str, Any]) -> None:
    assert tagged(store, **filters) == [("/p/a.jpg", "eiffel_tower")]
    decide(store, photo, verdict, "eiffel_tower" if verdict == "not" else None)
    assert tagged(store, **filters) == []
    assert untagged(store) == untagged(store, model="lite") == untagged(store, run=1) == ["/p/a.jpg"]
    assert shown(store) == {}


def test_not_takes_away_one_landmark_only(store: Store, photo: str) -> None:
    decide(store, photo, "not", "sacre_coeur")
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


def test_a_photo_that_the_machine_does_not_know_may_be_named_by_a_person(store: Store) -> None:
    tag_run(store, [assessed("/p/b.jpg", None)])
    decide(store, digest("b.jpg"), "shows", "Tour Eiffel")
    assert untagged(store) == []
    assert tagged(store, min_score=0.99) == tagged(store, landmarks=("eiffel_tower",)) == [("/p/b.jpg", "eiffel_tower")]


def test_hits_say_who_says_so(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "eiffel_tower")
    tag_run(store, [assessed("/p/b.jpg", None)])
    with store.read() as connection:
        (hit,) = tags(connection, TagFilter()).hits
        (nothing,) = nones(connection, PhotoFilter()).hits
    assert (hit.source, hit.score, hit.rank, hit.model_name, hit.run) == ("person", None, None, None, None)
    assert nothing.source == "machine"


def test_no_model_and_no_move_undoes_a_decision(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu")
    tag_run(store, [assessed("/p/a.jpg", "sacre_coeur")], model=NEWER)
    tag_run(store, [inherited("/q/b.jpg", "a.jpg")], model=NEWER)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu"), ("/q/b.jpg", "machu_picchu")]


def test_the_last_word_counts(store: Store, photo: str) -> None:
    words: tuple[tuple[Verdict, str | None, list[str]], ...] = (
        ("shows", "machu_picchu", ["machu_picchu"]),
        ("none", None, []),
        ("shows", "sacre_coeur", ["sacre_coeur"]),
        ("not", "sacre_coeur", ["eiffel_tower"]),
        ("shows", "sacre_coeur", ["sacre_coeur"]),
    )
    for verdict, landmark, expected in words:
        decide(store, photo, verdict, landmark)
        assert [key for _, key in tagged(store)] == expected


def test_the_last_word_counts_whoever_says_it(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu", who="ann")
    decide(store, photo, "none", None, who="ben")
    assert tagged(store) == []
    decide(store, photo, "not", "eiffel_tower", who="cid")
    decide(store, photo, "shows", "sacre_coeur", who="cid")
    assert tagged(store) == [("/p/a.jpg", "sacre_coeur")]


def test_nobody_revokes_what_another_person_said(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu", who="ann")
    decide(store, photo, "none", None, who="ben")
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT who, revoked_at IS NULL FROM decision ORDER BY id").all()
    assert [tuple(row) for row in rows] == [("ann", 1), ("ben", 1)]


def test_who_takes_a_decision_back_gives_back_what_it_overruled(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu", who="ann")
    decide(store, photo, "none", None, who="ben")
    with store.write() as connection:
        revoke_decisions(connection, photo, who="ben")
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]
    with store.write() as connection:
        revoke_decisions(connection, photo, who="ann")
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


def test_a_tap_in_the_bot_is_a_whole_answer(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu", who="ann")
    with store.write() as connection:
        record_decision(connection, photo, verdict="shows", landmark="sacre_coeur", who="telegram:5", source="telegram")
    assert tagged(store) == [("/p/a.jpg", "sacre_coeur")]


@pytest.mark.parametrize("filters", ALL_FILTERS, ids=str)
def test_a_vote_overrules_nothing(store: Store, photo: str, filters: dict[str, Any]) -> None:
    votes: tuple[tuple[Verdict, str | None], ...] = (("none", None), ("shows", "sacre_coeur"), ("not", "eiffel_tower"))
    for verdict, landmark in votes:
        decide(store, photo, verdict, landmark, who="stranger", is_trusted=False)
        assert tagged(store, **filters) == [("/p/a.jpg", "eiffel_tower")]
        assert untagged(store) == []
        assert shown(store) == {"eiffel_tower": 1}
    decide(store, photo, "shows", "machu_picchu")
    decide(store, photo, "none", None, who="stranger", is_trusted=False)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_the_same_person_may_say_different_things_in_different_places(store: Store, photo: str) -> None:
    for answer_id, landmark in ((0, "sacre_coeur"), (7, "machu_picchu"), (0, "machu_picchu"), (8, "machu_picchu")):
        decide(store, photo, "shows", landmark, answer_id=answer_id, is_trusted=False)
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT answer_id, revoked_at IS NULL FROM decision ORDER BY id").all()
    assert [tuple(row) for row in rows] == [(0, 1), (7, 1), (0, 1), (8, 1)]


def test_revoked_decisions_stay_as_history(store: Store, photo: str) -> None:
    decide(store, photo, "shows", "machu_picchu")
    decide(store, photo, "none", None)
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT verdict, revoked_at IS NULL FROM decision ORDER BY id").all()
    assert [tuple(row) for row in rows] == [("shows", 0), ("none", 1)]


def test_a_decision_about_nothing_known_is_refused(store: Store, photo: str) -> None:
    with pytest.raises(UnknownPhoto, match="is not in the store"):
        decide(store, digest("never seen"), "none", None)
    with pytest.raises(UnknownLandmark, match="Did you mean 'eiffel_tower'"):
        decide(store, photo, "shows", "eifel tower")
    with pytest.raises(ValueError, match="verdict 'none' with landmark"):
        decide(store, photo, "none", "eiffel_tower")
