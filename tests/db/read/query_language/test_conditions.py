"""What each condition of a query finds."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from db.engine import Store, open_store
from db.errors import UnknownCity, UnknownName
from db.read.filters import TagFilter
from db.read.listings import all_hits
from db.read.planning import planner
from db.read.query_language.grammar import parse
from db.read.query_language.tree import Condition, Text
from db.read.search import search
from db.schema.models import Photo
from tagger.core.types import Suggestion
from tests.db.samples import LANDMARKS, NEWER, TAKEN, assessed, decide, digest, failed, tag_run

YEAR = timedelta(days=365)
CLOSE = tuple(Suggestion(rank, LANDMARKS[rank - 1], 0.6 - 0.05 * rank, is_tag=rank == 1) for rank in (1, 2))
DOCUMENT = Path(__file__).parents[4] / "docs" / "QUERY.md"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Store]:
    """Two runs, and what Ann and Bob say about them. Tests only read it."""
    file = tmp_path_factory.mktemp("library") / "tags.sqlite"
    shutil.copy(empty_database, file)
    with open_store(str(file)) as store:
        fill(store)
        yield store


def fill(store: Store) -> None:
    first = [
        assessed("/p/2023/IMG_a.jpg", "eiffel_tower", score=0.95, taken_at=TAKEN - YEAR),
        assessed("/p/2024/IMG_b.jpg", "sacre_coeur", score=0.8),
        assessed("/p/2024/c.jpg", None),
        assessed("/p/2023/d.jpg", None, taken_at=TAKEN - YEAR),
        failed("/p/2024/e.jpg"),
    ]
    tag_run(store, first)
    second = [
        assessed("/p/20240/IMG_f.jpg", "machu_picchu", score=0.7),
        assessed("/q/g.jpg", "eiffel_tower", score=0.6),
        assessed("/q/h.jpg", "eiffel_tower", suggestions=CLOSE),
        failed("/q/i.jpg", kind="empty"),
    ]
    tag_run(store, second)
    decide(store, digest("IMG_b.jpg"), "shows", "sacre_coeur", who="ann")
    decide(store, digest("g.jpg"), "shows", "machu_picchu", who="bob")
    decide(store, digest("d.jpg"), "none", None, who="ann")
    with store.write() as connection:
        is_first = Photo.sha256 == digest("IMG_a.jpg")
        connection.execute(update(Photo).where(is_first).values(lat=48.858, lon=2.294))


def found(store: Store, query: str) -> str:
    """The last letters of the files' names, in the order of their paths; the same however the planner looks."""
    answers = set()
    for few in (0, planner.FEW):
        with pytest.MonkeyPatch.context() as patch, store.read() as connection:
            patch.setattr(planner, "FEW", few)
            hits = all_hits(search, connection, TagFilter(query=parse(query)), page_size=2)
            answers.add("".join(hit.path[-5] for hit in hits))
    (answer,) = answers
    return answer


EXAMPLES = {
    "landmark:eiffel*": "ah",
    'landmark:"Tour Eiffel"': "ah",
    "country:France NOT city:Paris": "",
    "score:>=0.8 taken:2024": "bg",
    "margin:<0.1 state:unreviewed": "h",
    "(landmark:eiffel* OR landmark:machu*) NOT has:gps": "fgh",
    "near:48.86,2.29,5km": "a",
    "state:confirmed who:ann": "b",
    "state:rejected": "g",
    "status:none taken:..2023": "d",
    "status:none OR status:failed": "dcei",
    "kind:truncated": "e",
    "run:2 file:IMG_*": "f",
    "model:lite": "abfgh",
}


@pytest.mark.parametrize(("query", "names"), EXAMPLES.items())
def test_an_example_of_the_document_finds(library: Store, query: str, names: str) -> None:
    assert found(library, query) == names


def test_the_document_has_these_examples() -> None:
    table = DOCUMENT.read_text().split("## Examples")[1].split("## ")[0]
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == set(EXAMPLES)


CASES = [
    ("", "abfgh"),
    ("landmark:SACRE-COEUR", "b"),
    ("landmark:*pic*", "fg"),
    ("landmark:ei*ff*to*er", "ah"),
    ("landmark:eiffel* landmark:sacre*", ""),
    ("NOT landmark:eiffel_tower", "bfg"),
    ("country:Fr*", "abh"),
    ("city:paris", "abh"),
    ("city:par* NOT landmark:sacre*", "ah"),
    ("score:>90%", "abg"),
    ("score:<0.6", "h"),
    ("score:0.7..0.95", "af"),
    ("margin:>0.3", "abf"),
    ("taken:<2024", "a"),
    ("taken:2023..2024", "abfgh"),
    ("taken:2024-05-02..", ""),
    ("tagged:today", "abfgh"),
    ("tagged:<2020", ""),
    ("folder:/p/2024", "b"),
    ("folder:/p/2024 OR folder:/q", "bgh"),
    ("NOT folder:/p", "gh"),
    ("file:img_b.jpg", "b"),
    ("file:*.jpg", "abfgh"),
    ("file:2024*", ""),
    ("status:tagged", "abfgh"),
    ("status:none", "dc"),
    ("status:none state:confirmed", "d"),
    ("status:none state:unreviewed", "c"),
    ("status:none score:>0.5", "dc"),
    ("status:withdrawn", ""),
    ("status:none OR landmark:eiffel*", "adch"),
    ("NOT status:tagged", "dcei"),
    ("status:failed run:2", "i"),
    ("kind:t*", "e"),
    ("kind:empty OR landmark:sacre*", "bi"),
    ("state:unreviewed", "afh"),
    ("state:corrected", "g"),
    ("state:rejected landmark:eiffel*", "g"),
    ("state:rejected landmark:machu*", ""),
    ("NOT state:unreviewed", "bg"),
    ("who:bob", "g"),
    ("who:* status:none", "d"),
    ("run:1", "a"),
    ("run:1 state:rejected", ""),
    ("run:>=2", "fh"),
    ("near:48.9,2.29,1km", ""),
    ("near:48.9,2.29,5000m", "a"),
    ("has:gps", "a"),
    ("NOT has:gps taken:2024", "bfgh"),
    ("NOT score:>0.6", "h"),
    ("NOT score:<=0.8", "abg"),
    ("NOT score:0.7..0.8", "abgh"),
    ("NOT margin:>0.3", "gh"),
    ("NOT taken:2024", "a"),
    ("NOT tagged:today", ""),
    ("NOT run:2", "abg"),
    ("NOT landmark:machu*", "abh"),
    ("NOT (landmark:eiffel* OR state:corrected)", "bf"),
    ("NOT (state:unreviewed score:>0.65)", "bgh"),
    ("NOT NOT file:IMG_f*", "f"),
    ("NOT folder:/p NOT state:corrected", "h"),
    ("folder:/q OR file:IMG_F.jpg", "fgh"),
    ("file:Img_*", "abf"),
    ("file:2024/IMG_b.jpg", "b"),
    ("file:?*", ""),
    ("status:none NOT run:2", "dc"),
    ("status:none NOT state:unreviewed", "d"),
    ("status:none NOT tagged:today", ""),
    ("status:none NOT landmark:eiffel*", "dc"),
]


@pytest.mark.parametrize(("query", "names"), CASES)
def test_a_query_finds(library: Store, query: str, names: str) -> None:
    assert found(library, query) == names


ONE_ROW = [
    query for query in [*EXAMPLES, *(query for query, _ in CASES)] if query and not re.search("rejected|run:1", query)
]


@pytest.mark.parametrize("query", ONE_ROW)
def test_the_opposite_finds_what_is_left(library: Store, query: str) -> None:
    """With the rejected tags, or those of an earlier run, a photo would have rows on both sides."""
    everything = "(status:tagged OR status:none)"
    both = found(library, f"{everything} ({query})") + found(library, f"{everything} NOT ({query})")
    assert sorted(both) == sorted(found(library, everything))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("landmark:eifel", "Did you mean 'eiffel_tower'"),
        ("landmark:xyz*", "'tagger labels' lists all of them"),
        ("landmark:eiffel_to*fel_tower", "Did you mean 'eiffel_tower'"),
        ("country:Frnce", "Did you mean 'France'"),
        ("city:Pari", "No landmark is in the city 'Pari'. Did you mean 'Paris'"),
        ("model:light", "Did you mean 'lite'"),
        ("run:9", "There is no run 9"),
    ],
)
def test_an_unknown_name_is_an_error(library: Store, query: str, sentence: str) -> None:
    with pytest.raises(UnknownName) as raised:
        found(library, query)
    assert sentence in str(raised.value)


def test_a_name_with_many_wildcards_takes_no_time(library: Store) -> None:
    with pytest.raises(UnknownName):
        found(library, "landmark:" + "*" * 1000 + "zz")


def test_no_answer_has_a_score_and_has_it_not(library: Store) -> None:
    statuses = "(status:tagged OR status:none OR status:failed)"
    without = found(library, f"{statuses} NOT score:>=0.5")
    assert set(without) | set(found(library, f"{statuses} score:>=0.5")) == set("abcdefghi")
    assert not set(without) & set(found(library, f"{statuses} score:>=0.5"))


def test_a_city_may_have_a_region(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE landmark SET city = 'Paris, Île-de-France' WHERE city = 'Paris'")
    assert found(store, "city:paris") == found(store, 'city:"paris, ile de france"') == "a"
    with pytest.raises(UnknownCity):
        found(store, "city:lyon")


@pytest.mark.parametrize("few", [0, planner.FEW])
def test_a_file_is_found_by_any_name(store: Store, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(planner, "FEW", few)
    names = [
        "IMG_\N{LATIN SMALL LETTER A WITH DIAERESIS}.JPG",
        "100%_\\x.jpg",
        os.fsdecode(b"\xff\xfe.jpg"),
        "a b.jpg",
        os.fsdecode(b"ab\xff\xff"),
        "\x7f\x7f.jpg",
    ]
    tag_run(store, [assessed(f"/p/{name}", "eiffel_tower") for name in names])
    with store.read() as connection:
        for name in names:
            for parts in ((name,), (name[:2], ""), (name.replace("IMG", "img"), ""), (name[:2], name[-2:])):
                filters = TagFilter(query=Condition("file", Text(parts)))
                assert [hit.path for hit in search(connection, filters).hits] == [f"/p/{name}"], parts


@pytest.mark.sqlite
def test_what_almost_no_photo_meets_is_found_by_an_index(store: Store) -> None:
    """No table with a row for each photo is read."""
    rare = [
        "file:x*",
        "NOT score:0..1",
        "NOT taken:1900..",
        "NOT run:1..9",
        "NOT folder:/",
        "NOT (run:1..9 taken:1900..)",
    ]
    with store.read() as connection:
        statements: list[Any] = []
        event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
        for query in rare:
            assert not search(connection, TagFilter(query=parse(query))).hits
        steps = [
            row.detail
            for sql, values in list(statements)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert not [step for step in steps if re.match("SCAN (?!anon|landmark|decision)", step)]


def test_a_query_with_a_model_finds_its_answers_where_another_model_answered_later(store: Store) -> None:
    fill(store)
    tag_run(store, [assessed("/p/2023/IMG_a.jpg", "machu_picchu")], model=NEWER)
    assert found(store, "landmark:machu*") == "afg"
    assert found(store, "landmark:eiffel* model:aaaa") == "ah"
    assert found(store, 'landmark:eiffel* model:"lite 1"') == "ah"
    assert found(store, 'landmark:machu* model:"Lite 2"') == "ag"
    with pytest.raises(UnknownName):
        found(store, 'model:"lite 3"')
    assert found(store, "landmark:eiffel*") == "h"
