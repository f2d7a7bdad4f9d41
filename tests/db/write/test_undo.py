"""A run's suggestions are taken back, exactly its own, and do not come back by themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

import pytest

from db.engine import Connection, Store
from db.errors import RunNotEnded, UnknownRun
from db.read.catalog import run
from db.read.files import assessed_photos, content_answer, file_states, stored_results
from db.rows import ModelRow, RunCounts
from db.write.files import Scanned
from db.write.runs import finish_run
from db.write.undo import Undone, count_undone, undo_run
from tagger.core.types import Withdrawn
from tests.db.samples import (
    MODEL,
    NEWER,
    assessed,
    decide,
    digest,
    everything,
    inherited,
    suggestions,
    tag_run,
    tagged,
    untagged,
)


def ended(store: Store, outcomes: list[Scanned], model: ModelRow = MODEL, k: int = 3) -> int:
    number = tag_run(store, outcomes, model=model, k=k)
    with store.write() as connection:
        finish_run(connection, number, status="done", counts=RunCounts())
    return number


def undo(store: Store, number: int) -> Undone:
    """Undo a run, which removes what was announced."""
    with store.write() as connection:
        announced, before = count_undone(connection, number), _count_suggestions(connection)
        undone = undo_run(connection, number)
        assert (undone, before - _count_suggestions(connection)) == (announced, announced.suggestions)
    return undone


def _count_suggestions(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT count(*) FROM suggestion").scalar_one())


def asked(path: str, k: int) -> Scanned:
    """A photo's k best landmarks."""
    return assessed(path, suggestions=suggestions()[:k])


def ranks(store: Store) -> list[tuple[int, str]]:
    """What is stored of /p/a.jpg."""
    with store.read() as connection:
        (result,) = stored_results(connection, ["/p/a.jpg"], model=1)
    return [(suggestion.rank, suggestion.landmark.id) for suggestion in result.answer.suggestions]


def test_exactly_the_suggestions_of_that_run_go(store: Store) -> None:
    ended(store, [assessed("/p/a.jpg")])
    second = ended(store, [assessed("/p/b.jpg"), assessed("/p/c.jpg", None), inherited("/p/d.jpg", "a.jpg")])
    assert undo(store, second) == Undone(photos=2, suggestions=6)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/d.jpg", "eiffel_tower")]
    assert untagged(store) == []
    with store.read() as connection:
        assert run(connection, second).undone_at is not None


def test_a_newer_models_run_taken_back_gives_the_older_answers_again(store: Store) -> None:
    ended(store, [assessed("/p/a.jpg")])
    second = ended(store, [assessed("/p/a.jpg", "machu_picchu")], NEWER)
    undo(store, second)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


def test_an_older_models_run_taken_back_leaves_the_newer_answers(store: Store) -> None:
    first = ended(store, [assessed("/p/a.jpg")])
    ended(store, [assessed("/p/a.jpg", "machu_picchu")], NEWER)
    undo(store, first)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_the_answer_of_another_model_that_counts_still_counts(store: Store) -> None:
    ended(store, [assessed("/p/a.jpg")])
    second = ended(store, [assessed("/p/a.jpg", "machu_picchu"), assessed("/p/b.jpg")], NEWER)
    ended(store, [inherited("/p/a.jpg", "a.jpg")])
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/b.jpg", "eiffel_tower")]
    undo(store, second)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]


@pytest.mark.parametrize("undone", [(1,), (2,), (1, 2)])
def test_what_a_person_said_shows_nothing_is_listed_whatever_was_undone(store: Store, undone: tuple[int, ...]) -> None:
    ended(store, [assessed("/p/a.jpg")])
    ended(store, [assessed("/p/a.jpg", "machu_picchu")], NEWER)
    decide(store, digest("a.jpg"), "none", None)
    for number in undone:
        undo(store, number)
    assert untagged(store) == untagged(store, model="lite") == ["/p/a.jpg"]
    assert untagged(store, answered_until=datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_decisions_stay(store: Store) -> None:
    number = ended(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg")])
    decide(store, digest("a.jpg"), "shows", "machu_picchu")
    undo(store, number)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_the_same_model_does_not_look_again_unless_asked_to(store: Store) -> None:
    undo(store, ended(store, [assessed("/p/a.jpg")]))
    for again in (False, True):
        with store.read() as connection:
            (state,) = file_states(connection, ["/p"], model=1, k=5, redo_undone=again)
            contents = list(assessed_photos(connection, model=1, k=5, redo_undone=again))
            answer = content_answer(connection, digest("a.jpg"), model=1, k=5, redo_undone=again)
        assert state.is_assessed is not again
        assert contents == ([] if again else [(digest("a.jpg"), None)])
        assert answer == (None if again else Withdrawn())


def test_asked_again_the_model_may_say_it_again(store: Store) -> None:
    undo(store, ended(store, [assessed("/p/a.jpg")]))
    ended(store, [assessed("/p/a.jpg", "machu_picchu")])
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_a_run_that_only_asked_for_more_leaves_what_was_said_before_it(store: Store) -> None:
    ended(store, [asked("/p/a.jpg", 1), asked("/p/b.jpg", 1)], k=1)
    before = everything(store)
    second = ended(store, [asked("/p/a.jpg", 3)], k=3)
    assert (tagged(store, run=1), tagged(store, run=second)) == (
        [("/p/b.jpg", "eiffel_tower")],
        [("/p/a.jpg", "eiffel_tower")],
    )
    assert undo(store, second) == Undone(photos=1, suggestions=2)
    assert everything(store) == before
    assert tagged(store, run=1) == tagged(store) == [("/p/a.jpg", "eiffel_tower"), ("/p/b.jpg", "eiffel_tower")]


def test_an_answer_goes_with_the_run_that_began_it_whatever_was_added_since(store: Store) -> None:
    first = ended(store, [asked("/p/a.jpg", 1)], k=1)
    ended(store, [asked("/p/a.jpg", 3)], k=3)
    assert undo(store, first) == Undone(photos=1, suggestions=3)
    assert (tagged(store), untagged(store)) == ([], [])
    with store.read() as connection:
        (state,) = file_states(connection, ["/p"], model=1, k=3)
    assert state.is_assessed


def test_what_a_run_between_two_others_added_goes_alone(store: Store) -> None:
    second = [ended(store, [asked("/p/a.jpg", k)], k=k) for k in (1, 2, 3)][1]
    assert undo(store, second) == Undone(photos=1, suggestions=1)
    assert ranks(store) == [(1, "eiffel_tower"), (3, "machu_picchu")]
    ended(store, [asked("/p/a.jpg", 3)], k=3)
    assert ranks(store) == [(1, "eiffel_tower"), (2, "sacre_coeur"), (3, "machu_picchu")]


@pytest.mark.parametrize("order", list(permutations((2, 3, 4))), ids=str)
def test_in_whatever_order_runs_are_undone_asking_again_brings_every_rank_back(
    store: Store, order: tuple[int, ...]
) -> None:
    for k in (1, 1, 2, 3):  # run 2 asks for no more, so it adds nothing
        ended(store, [asked("/p/a.jpg", k)], k=k)
    for number in order:
        undo(store, number)
        kept = len(ranks(store))
        with store.read() as connection:
            (state,) = file_states(connection, ["/p"], model=1, k=3)
        assert state.is_assessed == (kept == 3)
    assert ranks(store) == [(1, "eiffel_tower")]
    ended(store, [asked("/p/a.jpg", 3)], k=3)
    assert ranks(store) == [(1, "eiffel_tower"), (2, "sacre_coeur"), (3, "machu_picchu")]


def test_the_run_that_filled_a_gap_may_be_undone_too(store: Store) -> None:
    second = [ended(store, [asked("/p/a.jpg", k)], k=k) for k in (1, 2, 3)][1]
    for _ in range(2):
        undo(store, second)
        assert ranks(store) == [(1, "eiffel_tower"), (3, "machu_picchu")]
        second = ended(store, [asked("/p/a.jpg", 3)], k=3)
        assert len(ranks(store)) == 3


def test_an_older_model_that_was_asked_for_more_and_undone_leaves_the_newer_answers(store: Store) -> None:
    ended(store, [asked("/p/a.jpg", 1)], k=1)
    ended(store, [assessed("/p/a.jpg", "machu_picchu")], NEWER)
    more = ended(store, [asked("/p/a.jpg", 3)], k=3)
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]
    undo(store, more)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_taking_back_twice_takes_nothing_more(store: Store) -> None:
    number = ended(store, [assessed("/p/a.jpg")])
    undo(store, number)
    with store.read() as connection:
        first = run(connection, number).undone_at
    assert undo(store, number) == Undone(0, 0)
    with store.read() as connection:
        assert run(connection, number).undone_at == first


def test_a_run_at_work_and_one_that_never_was_are_refused(store: Store) -> None:
    number = tag_run(store, [assessed("/p/a.jpg")])
    with pytest.raises(RunNotEnded, match=r"Run 1 is still in progress\. Stop it"):
        undo(store, number)
    with pytest.raises(UnknownRun):
        undo(store, 99)
