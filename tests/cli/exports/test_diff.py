"""`tagger diff`: what a new model changed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace

import pytest

from db.engine import Store
from tests.cli.conftest import Tagger, lines
from tests.db.samples import MODEL, NEWER, assessed, decide, digest, suggestions, tag_run


@pytest.fixture
def stored(store: Store) -> None:
    """Two versions of a model that answered the same photos, except one each."""
    first = {"a": "eiffel_tower", "b": None, "c": "eiffel_tower", "d": "sacre_coeur", "e": None, "only1": None}
    second = {"a": "eiffel_tower", "b": "sacre_coeur", "c": None, "d": "machu_picchu", "e": None, "only2": None}
    for model, answers in ((MODEL, first), (NEWER, second)):
        tag_run(store, [assessed(f"/p/{name}.jpg", best) for name, best in answers.items()], model=model)
    decide(store, digest("d.jpg"), "shows", "sacre_coeur")


@pytest.mark.usefixtures("stored")
def test_the_photos_that_changed_are_listed_and_all_counted(tagger: Tagger) -> None:
    done = tagger("diff", "lite 1", "lite 2", "--json")
    assert [(row["path"], row["change"], row["before"], row["after"], row["is_decided"]) for row in lines(done)] == [
        ("/p/b.jpg", "gained", [], ["sacre_coeur"], False),
        ("/p/c.jpg", "lost", ["eiffel_tower"], [], False),
        ("/p/d.jpg", "changed", ["sacre_coeur"], ["machu_picchu"], True),
    ]
    assert [(row["score_before"], row["score_after"]) for row in lines(done)] == [(None, 0.9), (0.9, None), (0.9, 0.9)]
    assert done.stderr == (
        "From lite 1 (aaaaaaaaaaaa) to lite 2 (cccccccccccc): 1 gained, 1 lost, 1 changed, 2 unchanged.\n"
        "Not compared: 1 that only the first answered, 1 only the second.\n"
    )


@pytest.mark.usefixtures("stored")
def test_lines_and_a_table_say_the_same(tagger: Tagger) -> None:
    assert tagger("diff", "aaaa", "cc").stdout.splitlines() == [
        f"gained   {'none → sacre_coeur 90.0%':<56}  /p/b.jpg",
        f"lost     {'eiffel_tower 90.0% → none':<56}  /p/c.jpg",
        f"changed  {'sacre_coeur 90.0% → machu_picchu 90.0%':<56}  /p/d.jpg  (a person decided)",
    ]
    rows = list(csv.DictReader(tagger("diff", "aaaa", "cc", "--csv").stdout.splitlines()))
    assert [(row["change"], row["before"], row["after"]) for row in rows] == [
        ("gained", "", "sacre_coeur"),
        ("lost", "eiffel_tower", ""),
        ("changed", "sacre_coeur", "machu_picchu"),
    ]


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("name", ["lite 1", "lite@1", "LITE-1", "a" * 64, "aa"])
def test_a_model_has_several_names(tagger: Tagger, name: str) -> None:
    assert tagger("diff", name, "cc").stderr.startswith("From lite 1 (")


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (("lite", "cc"), 1, "Several models are called 'lite'. Did you mean 'lite 1 (aaaaaaaaaaaa)' or 'lite 2 ("),
        (("ligth", "cc"), 1, "No model is called 'ligth'. Did you mean 'lite 1 (aaaaaaaaaaaa)'"),
        (("zzz", "cc"), 1, "No model is called 'zzz'. The models are: lite 1 (aaaaaaaaaaaa), lite 2 (cccccccccccc)."),
        (("", "cc"), 1, "No model is called ''."),
        (("lite 1", "aa"), 2, "'lite 1' and 'aa' are the same model: lite 1 (aaaaaaaaaaaa)"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_there_are(
    tagger: Tagger, names: Sequence[str], code: int, said: str
) -> None:
    done = tagger("diff", *names)
    assert (done.returncode, said in done.stderr) == (code, True)


def test_a_name_that_only_one_model_has_is_enough(tagger: Tagger, store: Store) -> None:
    for model in (MODEL, replace(NEWER, name="world", version="2024.1")):
        tag_run(store, [assessed("/p/a.jpg")], model=model)
    assert "1 unchanged" in tagger("diff", "lite", "world").stderr
    assert "1 unchanged" in tagger("diff", "li", "world 2024").stderr


def test_the_tags_are_compared_as_a_set_and_undone_answers_not_at_all(tagger: Tagger, store: Store) -> None:
    both = tuple(replace(suggestion, is_tag=suggestion.rank < 3) for suggestion in suggestions())
    swapped = tuple(replace(suggestion, is_tag=suggestion.rank < 3) for suggestion in suggestions("sacre_coeur"))
    tag_run(store, [assessed("/p/a.jpg", suggestions=both), assessed("/p/b.jpg", suggestions=both)])
    run = tag_run(store, [assessed("/p/a.jpg", suggestions=swapped), assessed("/p/b.jpg")], model=NEWER)
    (row,) = lines(tagger("diff", "aa", "cc", "--json"))
    assert (row["before"], row["after"]) == (["eiffel_tower", "sacre_coeur"], ["eiffel_tower"])
    tagger("runs", "undo", run, "--yes")
    done = tagger("diff", "aa", "cc")
    assert "0 gained, 0 lost, 0 changed, 0 unchanged." in done.stderr
    assert "2 that only the first answered" in done.stderr
