"""Contents with one picture are one photo: what is known of it stays, and its metadata are those of the newest file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from db.engine import Store
from db.errors import UnknownPhoto
from db.read.photos import find_photo
from db.rows import RunCounts
from db.schema.models import Photo
from db.telegram import answers, privacy
from db.telegram.answers import SentPhoto
from db.write.decisions import revoke_decisions
from db.write.files import Scanned, mark_missing
from db.write.prune import prune
from db.write.results import write_contents, write_results
from db.write.runs import finish_run
from db.write.undo import undo_run
from tagger.core.types import Withdrawn
from tests.db.samples import MODEL, NEWER, TAKEN, assessed, decide, digest, tag_run, tagged, untagged

PICTURE = "e" * 64
LATER = TAKEN + timedelta(days=400)


def version(path: str, content: str, best: str | None = "eiffel_tower", **changes: Any) -> Scanned:
    """A file with the picture; its content is a name."""
    picture = changes.pop("picture", PICTURE)
    file, result = assessed(path, best, sha256=digest(content), **changes)
    return file, replace(result, picture=picture)


def known(path: str, content: str, **changes: Any) -> Scanned:
    """The same without a new answer: its bytes were known."""
    file, result = version(path, content, **changes)
    return file, replace(result, info=None, is_inherited=True)


def run(store: Store, *batch: Scanned, **options: Any) -> int:
    """A run over the owner's library."""
    number = tag_run(store, [], **options)
    with store.write() as connection:
        model = connection.exec_driver_sql(f"SELECT model_id FROM run WHERE id = {number}").scalar_one()
        write_results(connection, batch, run=number, model=model, k=3, keeps_place=True)
    return number


def photos(store: Store, columns: str = "sha256") -> list[Any]:
    with store.read() as connection:
        rows = connection.exec_driver_sql(f"SELECT {columns} FROM photo ORDER BY id").all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def dates(store: Store) -> list[tuple[datetime, str]]:
    with store.read() as connection:
        rows = connection.execute(select(Photo.taken_at, Photo.taken_from).order_by(Photo.id))
        return [(at, source) for at, source in rows]


def test_an_edited_file_keeps_its_tags_and_decisions_in_both_directions(store: Store) -> None:
    run(store, version("/p/a.jpg", "before"))
    decide(store, digest("before"), "shows", "machu_picchu", who="ann")
    run(store, version("/p/a.jpg", "after"))
    assert tagged(store) == [("/p/a.jpg", "machu_picchu")]
    decide(store, digest("after"), "none", None, who="ann")
    assert untagged(store) == ["/p/a.jpg"]
    run(store, version("/p/a.jpg", "before"))
    with store.write() as connection:
        revoke_decisions(connection, digest("before"), who="ann")
    assert tagged(store) == [("/p/a.jpg", "eiffel_tower")]
    assert photos(store) == [digest("before")]


def test_an_undone_answer_stays_undone_and_no_answer_stays_none(store: Store) -> None:
    first = run(store, version("/p/a.jpg", "before"))
    run(store, version("/p/b.jpg", "other", None, picture="f" * 64))
    with store.write() as connection:
        finish_run(connection, first, status="done", counts=RunCounts())
        undo_run(connection, first)
    file, result = version("/p/a.jpg", "after", taken_at=LATER)
    run(store, (file, replace(result, answer=Withdrawn(), is_inherited=True)))
    run(store, version("/p/b.jpg", "edited", None, picture="f" * 64))
    assert (tagged(store), untagged(store)) == ([], ["/p/b.jpg"])
    assert dates(store) == [(LATER, "exif"), (TAKEN, "exif")]
    with store.read() as connection:
        statuses = connection.exec_driver_sql("SELECT status FROM assessment ORDER BY photo_id").scalars().all()
    assert statuses == ["undone", "none"]


def test_several_versions_in_one_batch_are_one_photo(store: Store) -> None:
    run(store, version("/p/a.jpg", "one"), version("/p/b.jpg", "two"), version("/p/c.jpg", "three", picture=None))
    assert tagged(store) == [(f"/p/{name}.jpg", "eiffel_tower") for name in "abc"]
    assert len(photos(store)) == 2
    with store.read() as connection:
        assert find_photo(connection, digest("one")) == find_photo(connection, digest("two"))
        with pytest.raises(UnknownPhoto):
            find_photo(connection, digest("four"))


def test_an_edit_in_place_gives_all_its_metadata(store: Store) -> None:
    run(store, version("/p/a.jpg", "before", lat=48.8, lon=2.2))
    run(store, version("/p/a.jpg", "after", taken_at=LATER, taken_from="xmp"))
    assert photos(store, "sha256, lat, lon") == [(digest("after"), None, None)]
    assert dates(store) == [(LATER, "xmp")]
    run(store, version("/p/a.jpg", "before", lat=48.8, lon=2.2))
    assert photos(store, "sha256, lat, lon") == [(digest("before"), 48.8, 2.2)]
    assert dates(store) == [(TAKEN, "exif")]


def test_a_photo_without_a_date_keeps_its_earliest_modification_time(store: Store) -> None:
    old_ns, new_ns = (int(when.timestamp() * 1e9) for when in (TAKEN, LATER))
    run(store, version("/p/a.jpg", "before", taken_at=None, mtime_ns=old_ns))
    run(store, version("/p/a.jpg", "after", taken_at=None, mtime_ns=new_ns))
    assert dates(store) == [(TAKEN, "mtime")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("at_once", [True, False])
def test_of_several_files_the_newest_counts_whichever_is_found_first(
    store: Store, order: tuple[int, ...], at_once: bool
) -> None:
    files = [
        version("/p/original.jpg", "one", mtime_ns=1, lat=48.8, lon=2.2),
        version("/p/corrected.jpg", "two", mtime_ns=3, taken_at=LATER),
        version("/p/stripped.jpg", "three", mtime_ns=5, taken_at=None),
    ]
    batches = [[files[number] for number in order]] if at_once else [[files[number]] for number in order]
    for batch in batches:
        run(store, *batch)
    assert dates(store) == [(LATER, "exif")]
    assert photos(store) == [digest("two")]


def test_what_a_stranger_sends_gives_no_metadata(store: Store) -> None:
    number = run(store, version("/p/a.jpg", "before", lat=48.8, lon=2.2))
    before = photos(store, "*")
    with store.write() as connection:
        sent = version("/tmp/photo", "stripped", taken_at=None, mtime_ns=10**18)
        write_contents(connection, [sent], run=number, model=1, k=3)
        photo = SentPhoto(digest("stripped"), 5, 1, 5, None, None, None)
        answer = answers.add_answer(connection, chat_id=5, user_id=5, album=None, shown={})
        (stored,) = answers.add_photos(connection, answer, [photo])
    assert stored.sha256 == digest("stripped")
    assert photos(store, "*") == before


def test_forgetting_a_person_names_all_that_they_sent(store: Store) -> None:
    number = tag_run(store, [version("/tmp/1", "one")])
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM file")
        write_contents(connection, [version("/tmp/2", "two")], run=number, model=1, k=3)
        answer = answers.add_answer(connection, chat_id=5, user_id=5, album=None, shown={})
        sent = [SentPhoto(digest(name), 5, number, 5, None, None, None) for number, name in enumerate(("one", "two"))]
        answers.add_photos(connection, answer, sent)
        forgotten = privacy.forget(connection, 5, kept="/kept")
        assert connection.exec_driver_sql("SELECT count(*) FROM variant").scalar() == 0
    assert sorted(forgotten) == sorted([digest("one"), digest("two")])
    assert photos(store) == []


def test_pruning_a_photo_removes_its_versions(store: Store) -> None:
    run(store, version("/p/a.jpg", "one"), version("/p/b.jpg", "two"))
    with store.write() as connection:
        mark_missing(connection, ["/p/a.jpg", "/p/b.jpg"])
    prune(store, gone_before=datetime.now(UTC) + timedelta(days=1))
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM variant").scalar() == 0
    assert photos(store) == []


def test_a_photo_of_an_earlier_version_gets_its_hash_when_it_is_read(store: Store) -> None:
    run(store, version("/p/a.jpg", "before", picture=None))
    assert photos(store, "picture") == [None]
    run(store, known("/p/a.jpg", "before"))
    assert photos(store, "picture") == [PICTURE]
    run(store, version("/p/a.jpg", "after"))
    assert photos(store, "sha256, picture") == [(digest("after"), PICTURE)]


def test_two_photos_of_an_earlier_version_become_one_once_both_are_read(store: Store) -> None:
    run(store, version("/p/a.jpg", "one", picture=None), version("/p/b.jpg", "two", "sacre_coeur", picture=None))
    run(store, version("/p/b.jpg", "two", "machu_picchu", picture=None), model=NEWER)
    decide(store, digest("one"), "shows", "machu_picchu", who="ann")
    decide(store, digest("two"), "none", None, who="ann")
    decide(store, digest("one"), "not", "sacre_coeur", who="ben")
    run(store, known("/p/a.jpg", "one"))
    run(store, known("/p/b.jpg", "two"))
    assert photos(store) == [digest("one")]
    assert (tagged(store), untagged(store)) == ([], ["/p/a.jpg", "/p/b.jpg"])
    with store.write() as connection:
        revoke_decisions(connection, digest("two"), who="ann")
        rows = connection.exec_driver_sql("SELECT verdict, who, revoked_at IS NULL FROM decision ORDER BY id").all()
    assert [tuple(row) for row in rows] == [("shows", "ann", 0), ("none", "ann", 0), ("not", "ben", 1)]
    assert tagged(store, model=MODEL.model_id) == [("/p/a.jpg", "eiffel_tower"), ("/p/b.jpg", "eiffel_tower")]
    assert tagged(store, model=NEWER.model_id) == [("/p/a.jpg", "machu_picchu"), ("/p/b.jpg", "machu_picchu")]


def test_a_new_answer_to_a_photo_of_an_earlier_version_finds_its_picture_stored_already(store: Store) -> None:
    run(store, version("/p/a.jpg", "one", picture=None), version("/p/b.jpg", "two"))
    run(store, version("/p/a.jpg", "one"), model=NEWER)
    assert len(photos(store)) == 1
    assert tagged(store, model=NEWER.model_id) == [("/p/a.jpg", "eiffel_tower"), ("/p/b.jpg", "eiffel_tower")]


def test_of_two_photos_that_become_one_the_later_decision_stays_even_if_it_was_stored_first(store: Store) -> None:
    run(store, version("/p/a.jpg", "one", picture=None), version("/p/b.jpg", "two", picture=None))
    decide(store, digest("two"), "none", None, who="ann")
    decide(store, digest("one"), "shows", "machu_picchu", who="ann")
    with store.write() as connection:
        connection.exec_driver_sql(
            "UPDATE decision SET decided_at = '2020-01-01 00:00:00.000000' WHERE verdict = 'shows'"
        )
    run(store, known("/p/a.jpg", "one"), known("/p/b.jpg", "two"))
    assert (tagged(store), untagged(store)) == ([], ["/p/a.jpg", "/p/b.jpg"])
