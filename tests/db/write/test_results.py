"""What a run writes: idempotent, inherited, replaced or kept, and failures that come and go."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.engine import Store
from db.read.catalog import landmarks
from db.read.files import content_answer, failed_states, file_states, stored_results
from db.read.filters import FileFilter
from db.read.listings import failures
from db.read.rows import FailedState, FileState
from db.read.run_report import landmarks_of
from db.schema.models import Photo
from db.write.comparisons import VoteUpdate, write_votes
from db.write.files import Scanned, mark_missing, mark_present
from db.write.results import write_results
from db.write.runs import register_model
from tagger.core.evidence import NeighbourVote
from tagger.core.types import Failed, NoLandmark, Suggestion
from tests.db.samples import (
    LANDMARKS,
    MODEL,
    NEWER,
    TAKEN,
    assessed,
    digest,
    everything,
    failed,
    inherited,
    suggestions,
    tag_run,
    tagged,
    untagged,
)

OUTCOMES: list[Scanned] = [
    assessed("/p/a.jpg"),
    assessed("/p/b.jpg", None),
    failed("/p/c.jpg"),
    inherited("/p/d.jpg", "a.jpg"),
]


def known(store: Store, *roots: str, k: int = 3) -> dict[str, FileState]:
    with store.read() as connection:
        states = file_states(connection, roots or ["/p"], model=1, k=k)
        return {os.fsdecode(state.path): state for state in states}


def attempts(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {hit.path: hit.attempts for hit in failures(connection, FileFilter()).hits}


def test_a_batch_becomes_tags_nones_and_failures(store: Store) -> None:
    tag_run(store, OUTCOMES)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/d.jpg", "eiffel_tower")]
    assert untagged(store) == ["/p/b.jpg"]
    assert attempts(store) == {"/p/c.jpg": 1}


def test_the_same_batch_twice_changes_nothing(store: Store) -> None:
    tag_run(store, OUTCOMES)
    once = everything(store)
    tag_run(store, OUTCOMES)
    assert everything(store) == once


def test_two_files_of_one_content_in_a_batch_are_one_photo(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/q/a.jpg")])
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/q/a.jpg", "eiffel_tower")]
    assert len(everything(store)["photo"]) == 1


def test_the_first_file_of_a_content_decides_its_date(store: Store) -> None:
    for name, days in (("/p/a.jpg", 0), ("/q/a.jpg", 9)):
        tag_run(store, [assessed(name, taken_at=TAKEN + timedelta(days=days))])
    with store.read() as connection:
        assert connection.scalars(select(Photo.taken_at)).all() == [TAKEN]


@pytest.mark.parametrize("name", [b"\xff.jpg", b"%_\\.jpg", "Sacré-Cœur\n.jpg".encode(), b"a b'\".jpg"])
def test_any_file_name_comes_back_as_it_was(store: Store, name: bytes) -> None:
    path = os.fsdecode(b"/p/" + name)
    tag_run(store, [assessed(path, sha256=digest("x"))])
    assert tagged(store) == [(path, "eiffel_tower")]
    assert list(known(store)) == [path]


def test_a_new_model_retags_and_keeps_what_the_old_one_said(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    tag_run(store, [assessed("/p/a.jpg", "machu_picchu")], model=NEWER)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]
    assert tagged(store, model=MODEL.model_id[:8]) == [("/p/a.jpg", "eiffel_tower")]


def test_an_assessment_with_enough_suggestions_stays(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")], k=3)
    tag_run(store, [assessed("/p/a.jpg", "machu_picchu")], k=2)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


def test_an_assessment_with_fewer_suggestions_gets_more(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", suggestions=suggestions()[:1])], k=1)
    tag_run(store, [assessed("/p/a.jpg")], k=3)
    assert [row[2] for row in everything(store)["suggestion"]] == [1, 2, 3]


def test_more_suggestions_leave_the_stored_ones_as_they_are_and_repeat_none(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", None, suggestions=suggestions(None)[:1])], k=1)
    with store.write() as connection:
        write_votes(connection, [VoteUpdate(1, 0.95, True, NeighbourVote("eiffel_tower", 60, 30))], model=1)
    in_another_order = tuple(
        Suggestion(rank, LANDMARKS[index], score / 10, is_tag=False)
        for rank, (index, score) in enumerate([(2, 6), (0, 3), (1, 1)], start=1)
    )
    tag_run(store, [assessed("/p/a.jpg", None, suggestions=in_another_order)], k=3)
    with store.read() as connection:
        answer = content_answer(connection, digest("a.jpg"), model=1, k=3)
    assert answer is not None
    assert answer.status == "tagged"
    assert [(said.rank, said.landmark.id, said.score, said.is_tag) for said in answer.suggestions] == [
        (1, "eiffel_tower", 0.95, True),
        (2, "machu_picchu", 0.6, False),
        (3, "sacre_coeur", 0.1, False),
    ]


def test_more_suggestions_on_a_photo_without_a_landmark_give_it_none(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", None, suggestions=suggestions(None)[:1])], k=1)
    tag_run(store, [assessed("/p/a.jpg", "machu_picchu")], k=3)
    assert (tagged(store), untagged(store)) == ([], ["/p/a.jpg"])


def test_a_landmark_that_was_found_before_is_not_new_to_a_run_that_asks_for_more(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", suggestions=suggestions()[:1])], k=1)
    second = tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg", "machu_picchu")], k=3)
    with store.read() as connection:
        found = {shown.key: (shown.photos, shown.is_new) for shown in landmarks_of(connection, second)}
    assert found == {"eiffel_tower": (1, False), "machu_picchu": (1, True)}


def test_a_file_with_new_content_shows_the_new_photo(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    tag_run(store, [assessed("/p/a.jpg", "machu_picchu", sha256=digest("new"), mtime_ns=2)])
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_a_move_keeps_the_tags_without_a_new_assessment(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    tag_run(store, [inherited("/q/a.jpg", "a.jpg")])
    with store.write() as connection:
        mark_missing(connection, ["/p/a.jpg"])
    assert tagged(store) == [("/q/a.jpg", "eiffel_tower")]
    assert tagged(store, include_gone=True) == [("/p/a.jpg", "eiffel_tower"), ("/q/a.jpg", "eiffel_tower")]


def test_an_inherited_content_that_was_removed_meanwhile_leaves_its_file_new(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), failed("/p/b.jpg")])
    tag_run(store, [inherited("/p/b.jpg", "pruned"), inherited("/p/c.jpg", "pruned"), inherited("/p/d.jpg", "a.jpg")])
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/d.jpg", "eiffel_tower")]
    assert known(store)["/p/b.jpg"] == FileState(b"/p/b.jpg", 1000, 1, None, False, False, None)
    assert "/p/c.jpg" not in known(store)


def test_a_gone_file_that_is_back_has_its_tags_again(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg")])
    with store.write() as connection:
        mark_missing(connection, ["/p/a.jpg", "/p/b.jpg"])
    assert known(store)["/p/a.jpg"].missing
    with store.write() as connection:
        mark_present(connection, ["/p/a.jpg"])
    tag_run(store, [inherited("/p/b.jpg", "b.jpg")])
    assert [path for path, _ in tagged(store)] == ["/p/a.jpg", "/p/b.jpg"]


def test_failures_count_one_attempt_a_run_and_end_with_success(store: Store) -> None:
    tag_run(store, [failed("/p/a.jpg"), failed("/p/a.jpg")])
    assert attempts(store) == {"/p/a.jpg": 1}
    tag_run(store, [failed("/p/a.jpg")])
    assert attempts(store) == {"/p/a.jpg": 2}
    tag_run(store, [assessed("/p/a.jpg")])
    assert attempts(store) == {}


@pytest.mark.parametrize(
    "changes",
    [{"mtime_ns": 2}, {"size_bytes": 7}, {"sha256": digest("other")}],
    ids=["time", "size", "content"],
)
def test_a_failed_file_with_changed_content_no_longer_shows_its_old_photo(
    store: Store, changes: dict[str, Any]
) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    tag_run(store, [failed("/p/a.jpg", **changes)])
    assert tagged(store) == []


@pytest.mark.parametrize("seen", [{}, {"size_bytes": None, "mtime_ns": None}], ids=["unchanged", "vanished"])
def test_a_file_that_merely_could_not_be_read_keeps_its_tags(store: Store, seen: dict[str, None]) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    tag_run(store, [failed("/p/a.jpg", kind="permission", **seen)])
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]
    size, time = (None, None) if seen else (1000, 1)
    with store.read() as connection:
        assert list(failed_states(connection, model=1)) == [FailedState(b"/p/a.jpg", size, time, None, False)]
    assert known(store)["/p/a.jpg"].is_assessed


def test_known_files_say_what_is_left_to_do(store: Store) -> None:
    tag_run(store, OUTCOMES[:3])
    states = known(store, "/p", "/p/a.jpg")
    answered = {path: state.is_assessed for path, state in states.items()}
    assert answered == {"/p/a.jpg": True, "/p/b.jpg": True, "/p/c.jpg": False}
    with store.read() as connection:
        assert [state.path for state in failed_states(connection, model=1)] == [b"/p/c.jpg"]
    assert not known(store, k=4)["/p/a.jpg"].is_assessed


def test_a_root_does_not_reach_into_its_neighbours(store: Store) -> None:
    tag_run(store, [assessed("/a/b/1.jpg"), assessed("/a/bc/2.jpg"), assessed("/a/b.jpg")])
    assert list(known(store, "/a/b")) == list(known(store, "/a/b/")) == ["/a/b/1.jpg"]
    assert len(known(store, "/")) == 3


def test_what_a_model_said_of_a_content_is_known_without_a_path(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")], k=3)
    with store.read() as connection:
        answer = content_answer(connection, digest("a.jpg"), model=1, k=3)
        unknown = [
            content_answer(connection, digest("a.jpg"), model=1, k=4),
            content_answer(connection, digest("a.jpg"), model=2, k=3),
            content_answer(connection, digest("b.jpg"), model=1, k=3),
        ]
    assert answer is not None
    assert answer.status == "tagged"
    assert [s.landmark.id for s in answer.suggestions] == ["eiffel_tower", "sacre_coeur", "machu_picchu"]
    assert unknown == [None, None, None]


def test_stored_answers_come_in_the_order_of_the_paths(store: Store) -> None:
    tag_run(store, OUTCOMES)
    paths = ["/p/c.jpg", "/p/b.jpg", "/p/unknown.jpg", "/p/d.jpg"]
    with store.read() as connection:
        results = list(stored_results(connection, paths, model=1))
    assert [(result.path, result.answer.status) for result in results] == [
        ("/p/c.jpg", "failed"),
        ("/p/b.jpg", "none"),
        ("/p/d.jpg", "tagged"),
    ]
    assert results[0].answer == Failed("truncated", "the file ends before the image does")
    assert [(suggestion.rank, suggestion.landmark) for suggestion in results[2].answer.suggestions] == [
        (rank, landmark) for rank, landmark in enumerate(LANDMARKS, start=1)
    ]


def test_a_newer_model_brings_newer_details_and_an_old_one_used_again_not_its_old(store: Store) -> None:
    renamed = replace(LANDMARKS[0], name="La Tour Eiffel")
    with store.write() as connection:
        numbers = [
            register_model(connection, MODEL, landmarks=LANDMARKS),
            register_model(connection, NEWER, landmarks=[renamed]),
            register_model(connection, MODEL, landmarks=LANDMARKS),
        ]
        assert numbers == [1, 2, 1]
        assert landmarks(connection)[1] == renamed


def test_an_empty_batch_is_written_without_complaint(store: Store) -> None:
    run = tag_run(store, [])
    with store.write() as connection:
        write_results(connection, [], run=run, model=1, k=3)
    assert everything(store)["file"] == []


def test_a_place_is_kept_only_where_that_is_asked_for(store: Store) -> None:
    """A photo that somebody sends to a bot is not one of the owner's library."""
    photo = assessed("/p/a.jpg", lat=10.0, lon=20.0, phash=1 << 63)
    for keeps_place, place in ((False, (None, None)), (True, (10.0, 20.0))):
        run = tag_run(store, [])
        with store.write() as connection:
            write_results(connection, [photo], run=run, model=1, k=3, keeps_place=keeps_place)
            assert connection.execute(select(Photo.lat, Photo.lon, Photo.phash)).one() == (*place, -(1 << 63))


def test_which_look_answered_stays_with_the_answer(store: Store) -> None:
    file, result = assessed("/p/a.jpg", None)
    by_first, by_full = (NoLandmark(result.answer.suggestions, which) for which in ("first", "full"))
    tag_run(store, [(file, replace(result, answer=by_first)), assessed("/p/b.jpg", None)])
    with store.read() as connection:
        answers = [one.answer for one in stored_results(connection, ["/p/a.jpg", "/p/b.jpg"], model=1)]
        assert content_answer(connection, digest("a.jpg"), model=1, k=3) == by_first
    assert answers == [by_first, by_full]
