"""Names as people write them, and the lists of what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from db.engine import Store
from db.errors import UnknownCountry, UnknownLandmark
from db.read.catalog import country_landmark_ids, find_landmark, labels, landmarks, run, runs
from db.read.rows import LabelRow
from db.rows import RunCounts
from db.write.files import mark_missing
from db.write.runs import finish_run, register_model
from tagger.core.types import Landmark
from tests.db.samples import LANDMARKS, MODEL, START, assessed, tag_run


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg"), assessed("/p/c.jpg", None)])
    with store.write() as open_connection:
        yield open_connection


@pytest.mark.parametrize("text", ["eiffel_tower", "Eiffel Tower", "EIFFEL-TOWER", "eiffeltower", "tour eiffel"])
def test_a_landmark_answers_to_its_key_name_and_aliases(connection: Connection, text: str) -> None:
    assert find_landmark(connection, text) == "eiffel_tower"


@pytest.mark.parametrize("text", ["Sacré-Cœur", "sacre coeur", "SACRÉ CŒUR"])
def test_accents_and_ligatures_do_not_matter(connection: Connection, text: str) -> None:
    assert find_landmark(connection, text) == "sacre_coeur"


def test_a_key_outranks_another_landmarks_alias(connection: Connection) -> None:
    rival = replace(LANDMARKS[1], aliases=("Machu Picchu",))
    register_model(connection, replace(MODEL, model_id="e" * 64), landmarks=[rival])
    assert find_landmark(connection, "machu picchu") == "machu_picchu"


@pytest.mark.parametrize(("text", "nearest"), [("machu pichu", ("machu_picchu",)), ("?", ()), ("", ())])
def test_a_typo_names_the_nearest(connection: Connection, text: str, nearest: tuple[str, ...]) -> None:
    with pytest.raises(UnknownLandmark) as raised:
        find_landmark(connection, text)
    assert raised.value.nearest == nearest


def test_the_newest_models_names_are_renewed_when_it_is_used_again(connection: Connection) -> None:
    named = replace(LANDMARKS[0], names={"de": "Eiffelturm"}, cities={"it": "Parigi"})
    register_model(connection, MODEL, landmarks=[named])
    assert named in landmarks(connection).values()
    assert find_landmark(connection, "EIFFELTURM") == "eiffel_tower"


def test_labels_count_the_photos_that_are_there(connection: Connection) -> None:
    mark_missing(connection, ["/p/b.jpg"])
    found = [(row.landmark, row.photos) for row in labels(connection)]
    assert found == [(LANDMARKS[0], 1), (LANDMARKS[1], 0), (LANDMARKS[2], 0)]


def test_a_run_is_told_as_it_was(connection: Connection) -> None:
    begun = run(connection, 1)
    assert (begun.status, begun.finished_at, begun.start, begun.model_id) == ("running", None, START, MODEL.model_id)
    counts = RunCounts(tagged=2, none=1, failed=3, unchanged=4, inherited=5, gone=6)
    finish_run(connection, 1, status="failed", counts=counts, error="the engine broke")
    (ended,) = runs(connection)
    assert (ended.status, ended.counts, ended.error) == ("failed", counts, "the engine broke")
    assert ended.finished_at is not None and begun.started_at <= ended.finished_at <= datetime.now(UTC)


def test_a_landmark_without_a_place_is_listed_first_and_is_in_no_country(connection: Connection) -> None:
    home = Landmark("home", "Home")
    register_model(connection, replace(MODEL, model_id="e" * 64), landmarks=[home])
    assert labels(connection)[0] == LabelRow(home, 0)
    with pytest.raises(UnknownCountry):
        country_landmark_ids(connection, "")
