"""A run's suggestions are taken back, exactly its own, and do not come back by themselves."""

from __future__ import annotations

import pytest

from db.catalog import run
from db.errors import RunNotEnded, UnknownRun
from db.known import assessed_contents, content_answer, known_files
from db.rows import ModelRow, Outcome, RunCounts, StoredAnswer
from db.session import Store
from db.undo import Undone, undo_run
from db.writes import finish_run
from tests.db.samples import MODEL, NEWER, assessed, decide, digest, inherited, tag_run, tagged, untagged


def ended(store: Store, outcomes: list[Outcome], model: ModelRow = MODEL, k: int = 3) -> int:
    number = tag_run(store, outcomes, model=model, k=k)
    with store.write() as connection:
        finish_run(connection, number, status="done", counts=RunCounts())
    return number


def undo(store: Store, number: int) -> Undone:
    with store.write() as connection:
        return undo_run(connection, number)


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


def test_decisions_stay(store: Store) -> None:
    number = ended(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg")])
    decide(store, digest("a.jpg"), "shows", "machu_picchu")
    undo(store, number)
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]


def test_the_same_model_does_not_look_again_unless_asked_to(store: Store) -> None:
    undo(store, ended(store, [assessed("/p/a.jpg")]))
    for again in (False, True):
        with store.read() as connection:
            files = known_files(connection, ["/p"], model=1, k=5, again=again)
            contents = list(assessed_contents(connection, model=1, k=5, again=again))
            answer = content_answer(connection, digest("a.jpg"), model=1, k=5, again=again)
        assert files["/p/a.jpg"].is_assessed is not again
        assert contents == ([] if again else [digest("a.jpg")])
        assert answer == (None if again else StoredAnswer("", digest("a.jpg"), "none", ()))


def test_asked_again_the_model_may_say_it_again(store: Store) -> None:
    undo(store, ended(store, [assessed("/p/a.jpg")]))
    ended(store, [assessed("/p/a.jpg", "machu_picchu")])
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
    with pytest.raises(RunNotEnded, match=r"Run 1 is still at work\. Stop it"):
        undo(store, number)
    with pytest.raises(UnknownRun):
        undo(store, 99)
