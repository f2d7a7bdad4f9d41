"""A place that was taught is a landmark, and all answers follow, whenever it was taught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from db.engine import open_store
from db.read.catalog import labels
from db.taught.places import store_place, taught_version
from db.write.decisions import record_decision
from db.write.undo import undo_run
from tagger.core.errors import TeachingError
from tagger.core.types import Landmark as Place
from tagger.core.types import NoLandmark, Position
from tagger.library.taught.names import MOST_LETTERS, key_of, new_key
from tagger.library.taught.similar import similar
from tagger.library.taught.teach import Seen, example_scores, remove, seen, taught, teach, teach_seen
from tagger.library.taught.unknown import unknown_places
from tests.library.taught.conftest import PLACE, Library
from tests.library.taught.palette import ORANGE, painted


def test_a_taught_place_tags_stored_photos_without_reading_them(library: Library) -> None:
    library.run()
    assert library.tagged() == 0
    looks = library.engine.photos_seen
    library.teach(library.violet[:3])
    assert library.engine.photos_seen == looks + 3  # those that teach
    assert library.tagged() == 6
    assert library.tagged("red_rock") == 1


def test_answers_are_the_same_whether_a_place_was_taught_before_or_after_the_run(
    library: Library, tmp_path: Path
) -> None:
    library.run()
    library.teach(library.violet[:3])
    after = library.answers()
    with open_store(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        before = Library(library.folder, other, library.bundle, library.engine, library.violet)
        before.teach(library.violet[:3])
        before.run()
        assert before.answers() == after


def test_removing_a_place_restores_every_answer(library: Library) -> None:
    library.run()
    original = library.answers()
    library.teach(library.violet[:3])
    assert library.answers() != original
    remove(library.store, library.bundle, "grandma's house")
    assert library.answers() == original
    with library.store.read() as connection:
        assert PLACE not in {row.landmark.id for row in labels(connection)}


def test_a_run_finishes_a_teaching_that_was_killed_before_photos_were_scored(library: Library) -> None:
    library.run()
    library.teach(library.violet[:3])
    finished = library.answers()
    remove(library.store, library.bundle, PLACE)
    examples: dict[str, bytes] = {}
    for result in library.tagger.tag(library.violet[:3], 1):
        assert result.sha256 and isinstance(result.answer, NoLandmark) and result.answer.embedded
        examples[result.sha256] = result.answer.embedded.vector
    with library.store.write() as connection:
        store_place(connection, Place(PLACE, "Grandma's House", "Germany"), None, examples, 1)
    assert library.tagged() == 0
    library.run()
    assert library.answers() == finished


def test_undoing_the_run_takes_the_place_back_with_it(library: Library) -> None:
    library.run()
    library.teach(library.violet[:3])
    with library.store.write() as connection:
        undo_run(connection, 1)
    assert library.answers() == []
    library.teach(library.violet[3:])
    assert library.tagged() == 0  # undone answers stay undone


def test_a_place_that_is_taught_again_has_all_its_photos(library: Library) -> None:
    library.teach(library.violet[:3])
    library.teach(library.violet[3:4])
    (row,) = taught(library.store, library.bundle)
    assert (row.landmark.id, row.landmark.country, len(row.examples)) == (PLACE, "Germany", 4)
    assert len(example_scores(library.store, library.bundle, PLACE)) == 4
    with library.store.read() as connection:
        assert taught_version(connection) == 2


def test_a_place_lies_where_it_is_said_to_be(library: Library) -> None:
    done = teach(library.store, library.tagger, "Cabin", library.violet, near=Position(60.0, 10.0))
    assert done.landmark.position == Position(60.0, 10.0)


def test_more_photos_do_not_move_a_place_that_was_said_to_lie_somewhere(library: Library) -> None:
    teach(library.store, library.tagger, "Cabin", library.violet, near=Position(60.0, 10.0))
    (row,) = taught(library.store, library.bundle)
    done = teach_seen(library.store, library.tagger, "Cabin", Seen(dict(row.examples), {}, [Position(1.0, 1.0)]))
    assert done.landmark.position == Position(60.0, 10.0)


def test_photos_that_were_taken_far_away_do_not_move_a_place(library: Library) -> None:
    found, here, elsewhere = seen(library.tagger, library.violet), Position(60.0, 10.0), Position(1.0, 1.0)
    for name, positions, place, far in (
        ("Cabin", [here, here, here, elsewhere], here, 1),
        ("Boat", [here, here, elsewhere, elsewhere], None, 4),
    ):
        done = teach_seen(library.store, library.tagger, name, found._replace(positions=positions))
        assert (done.landmark.position, done.far) == (place, far)
    assert {row.radius_km for row in taught(library.store, library.bundle)} == {0.1, None}


@pytest.mark.parametrize(
    ("name", "count", "problem"),
    [
        ("Cabin", 2, "3 to 50 photos"),
        ("Red Rock", 3, "by itself"),
        ("!?", 3, "letters"),
        ("a" * 201, 3, "200 letters"),
        ("Cabin\x1b[31m", 3, "one line"),
        ("Cabin\nLake", 3, "one line"),
    ],
)
def test_what_cannot_be_taught_is_refused_in_a_sentence(library: Library, name: str, count: int, problem: str) -> None:
    with pytest.raises(TeachingError, match=problem):
        library.teach(library.violet[:count], name)
    assert taught(library.store, library.bundle) == []


def test_a_landmark_is_not_taught_by_its_name_in_another_language(library: Library) -> None:
    first, *others = library.bundle.card.classes
    named = replace(first, names={"de": "Roter Fels"}, aliases=("The Rock",))
    bundle = replace(library.bundle, card=replace(library.bundle.card, classes=(named, *others)))
    for name in ("roter fels", "The Rock"):
        with pytest.raises(TeachingError, match="by itself"):
            new_key(bundle, name)


def test_a_place_has_at_most_50_photos_however_often_it_is_taught(library: Library) -> None:
    library.teach(library.violet[:3], "Cabin")
    (row,) = taught(library.store, library.bundle)
    more = dict.fromkeys((f"{number:064}" for number in range(48)), next(iter(row.examples.values())))
    with pytest.raises(TeachingError, match="not by 51"):
        teach_seen(library.store, library.tagger, "Cabin", Seen(more, {}, []))


def test_one_photo_that_comes_thrice_is_one_photo(library: Library) -> None:
    with pytest.raises(TeachingError, match="not by 1"):
        library.teach(library.violet[:1] * 3)
    assert taught(library.store, library.bundle) == []


def test_an_unknown_place_is_refused_with_the_nearest(library: Library) -> None:
    library.teach(library.violet[:3])
    with pytest.raises(TeachingError, match="Did you mean grandmas_house"):
        remove(library.store, library.bundle, "grandma")


def test_names_of_any_script_have_keys() -> None:
    assert key_of("Église Saint-Martin") == "eglise_saint_martin"
    assert key_of("おばあちゃんの家") == key_of("おばあちゃんの家 ") != key_of("別荘")


def test_names_that_differ_have_keys_that_differ() -> None:
    long = "The old church of Saint Martin in the village of"
    assert len({key_of(f"{long} A"), key_of(f"{long} B"), key_of("Haus ツ"), key_of("Haus テ"), key_of("Haus")}) == 5
    assert len(key_of(long)) <= MOST_LETTERS


def test_similar_photos_are_those_of_the_same_colour(library: Library, tmp_path: Path) -> None:
    library.run()
    (asked,) = painted(tmp_path, (199, 41, 199), 1, "asked")
    found = similar(library.store, library.tagger, asked, limit=6)
    assert {hit.path for hit in found} == set(library.violet)
    assert found == sorted(found, key=lambda hit: -hit.similarity)
    assert library.violet[0] not in {
        hit.path for hit in similar(library.store, library.tagger, library.violet[0], limit=9)
    }


def test_where_the_model_has_seen_no_photo_nothing_is_similar_and_why_is_said(library: Library) -> None:
    with pytest.raises(TeachingError, match="seen no photo of the library"):
        similar(library.store, library.tagger, library.violet[0], limit=6)


def test_unknown_places_are_groups_of_untagged_photos(library: Library) -> None:
    painted(library.folder, ORANGE, 4, "orange")
    library.run()
    places = unknown_places(library.store, library.bundle)
    assert [len(place.paths) for place in places] == [6, 4]
    assert set(places[0].paths) == set(library.violet)
    library.teach(library.violet[:3])
    assert [len(place.paths) for place in unknown_places(library.store, library.bundle)] == [4]


def test_photos_that_people_say_show_no_landmark_are_of_no_unknown_place(library: Library) -> None:
    painted(library.folder, ORANGE, 4, "orange")
    library.run()
    violet, orange = (place.contents for place in unknown_places(library.store, library.bundle))
    with library.store.write() as connection:
        record_decision(connection, orange[0], verdict="none", landmark=None, who="ann", source="test")
        record_decision(connection, violet[0], verdict="not", landmark="red_rock", who="ann", source="test")
        record_decision(
            connection, violet[1], verdict="none", landmark=None, who="bob", source="test", is_trusted=False
        )
    assert [len(place.paths) for place in unknown_places(library.store, library.bundle)] == [6]
