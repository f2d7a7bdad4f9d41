"""Photos of one occasion vote if votes are on; they are counted anew at the end of every run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from db.engine import Store
from db.rows import Verdict
from db.schema.models import File, Photo
from db.write.decisions import record_decision
from db.write.undo import undo_run
from tagger.library import runner
from tagger.model.bundle import Bundle
from tests.drawn import COLOURS, jpeg
from tests.library.test_evidence import UNSURE_RED, Shoot, run, shoot, tagged_files

__all__ = ["shoot"]  # a fixture

AS_NEIGHBOURS = {"kind": "vote", "before_s": 120, "after_s": 120, "km": None}


@pytest.fixture
def trip(shoot: Shoot) -> Path:
    """Two sure photos with an unsure one between them, and a second unsure one long after."""
    shoot("1.jpg", COLOURS["red_rock"], 1)
    shoot("2.jpg", UNSURE_RED, 3)
    shoot("3.jpg", COLOURS["red_rock"], 5)
    return shoot("4.jpg", UNSURE_RED, 40).parent


def test_photos_vote_where_that_is_asked_for(store: Store, bundle: Bundle, trip: Path) -> None:
    run(store, bundle, trip, gap_min=10)
    assert tagged_files(store) == {
        "1.jpg": ("red_rock", None), "2.jpg": ("red_rock", AS_NEIGHBOURS), "3.jpg": ("red_rock", None),
    }  # fmt: skip


def test_by_default_no_photo_votes(store: Store, bundle: Bundle, trip: Path) -> None:
    run(store, bundle, trip)
    assert list(tagged_files(store)) == ["1.jpg", "3.jpg"]


def everything(store: Store) -> str:
    with store.read() as connection:
        columns = "photo_id, rank, landmark_id, score, is_tag, visual_score, reason, status"
        joined = f"SELECT {columns} FROM suggestion JOIN assessment USING (photo_id, model_id) ORDER BY 1, 2"
        rows = connection.exec_driver_sql(joined).all()
    return json.dumps([[int(value) if isinstance(value, bool) else value for value in row] for row in rows])


def test_votes_are_counted_anew_when_photos_come_and_taken_back_when_they_are_off(
    store: Store, bundle: Bundle, trip: Path, shoot: Shoot
) -> None:
    run(store, bundle, trip)
    without = everything(store)
    shoot("5.jpg", COLOURS["red_rock"], 38)
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "2.jpg", "3.jpg", "5.jpg"]
    shoot("6.jpg", COLOURS["red_rock"], 42)
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg", "6.jpg"]
    shoot("7.jpg", COLOURS["green_hill"], 50)
    run(store, bundle, trip)
    assert list(tagged_files(store)) == ["1.jpg", "3.jpg", "5.jpg", "6.jpg", "7.jpg"]
    assert everything(store).startswith(without[:-1])


def test_a_run_that_was_killed_before_its_votes_leaves_them_to_the_next(
    store: Store, bundle: Bundle, trip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(runner, "count_votes", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "3.jpg"]
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "2.jpg", "3.jpg"]


def test_votes_that_are_off_are_taken_back_without_a_new_photo(store: Store, bundle: Bundle, trip: Path) -> None:
    run(store, bundle, trip, gap_min=10)
    run(store, bundle, trip)
    assert list(tagged_files(store)) == ["1.jpg", "3.jpg"]


def test_a_vote_goes_with_those_who_cast_it(store: Store, bundle: Bundle, trip: Path) -> None:
    run(store, bundle, trip, gap_min=10)
    (trip / "3.jpg").unlink()
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg"]


def test_what_was_taken_back_votes_no_more(store: Store, bundle: Bundle, trip: Path, shoot: Shoot) -> None:
    run(store, bundle, trip)
    shoot("3.jpg", COLOURS["red_rock"], 6)
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "2.jpg", "3.jpg"]
    with store.write() as connection:
        undo_run(connection, 2)
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg"]


def say(store: Store, name: str, verdict: Verdict, landmark: str | None) -> None:
    """Ann decides about a file's photo."""
    with store.write() as connection:
        rows = connection.execute(select(Photo.sha256, File.path).join(File, File.photo_id == Photo.id))
        (sha256,) = (sha256 for sha256, path in rows if path.endswith(f"/{name}"))
        record_decision(connection, sha256, verdict=verdict, landmark=landmark, who="ann", source="test")


@pytest.mark.parametrize(("verdict", "landmark"), [("not", "red_rock"), ("none", None), ("shows", "blue_lake")])
def test_where_people_say_otherwise_nothing_is_voted(
    store: Store, bundle: Bundle, trip: Path, verdict: Verdict, landmark: str | None
) -> None:
    run(store, bundle, trip, gap_min=10)
    say(store, "3.jpg", verdict, landmark)
    run(store, bundle, trip, gap_min=10)
    assert "2.jpg" not in tagged_files(store)


def test_what_people_say_votes(store: Store, bundle: Bundle, trip: Path) -> None:
    run(store, bundle, trip, gap_min=10)
    say(store, "4.jpg", "shows", "red_rock")
    say(store, "3.jpg", "shows", "red_rock")
    run(store, bundle, trip, gap_min=60)
    assert tagged_files(store)["2.jpg"] == ("red_rock", AS_NEIGHBOURS)
    assert tagged_files(store)["4.jpg"] == ("red_rock", None)


def test_a_photo_of_which_people_said_what_it_is_not_still_says_what_it_suggests(
    store: Store, bundle: Bundle, trip: Path
) -> None:
    run(store, bundle, trip)
    say(store, "3.jpg", "not", "blue_lake")
    run(store, bundle, trip, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "2.jpg", "3.jpg"]


@pytest.mark.parametrize("hour", ["1970:01:01 00", "1980:01:05 12", "2000:01:01 00", "2002:12:08 12", "0001:01:01 00"])
def test_the_clock_of_a_camera_that_was_reset_gives_no_vote(
    store: Store, bundle: Bundle, shoot: Shoot, hour: str
) -> None:
    for minute, colour in ((1, COLOURS["red_rock"]), (3, UNSURE_RED), (5, COLOURS["red_rock"])):
        library = shoot(f"{minute}.jpg", colour, minute, hour=hour).parent
    run(store, bundle, library, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "5.jpg"]


def test_a_day_without_a_time_gives_no_vote(store: Store, bundle: Bundle, shoot: Shoot) -> None:
    for name, colour in (("1.jpg", COLOURS["red_rock"]), ("2.jpg", UNSURE_RED), ("3.jpg", COLOURS["red_rock"])):
        library = shoot(name, colour, 0, hour="2024:05:01 00").parent
    run(store, bundle, library, gap_min=10)
    assert list(tagged_files(store)) == ["1.jpg", "3.jpg"]


def test_the_dates_of_names_give_no_vote(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    for minute, colour in ((1, COLOURS["red_rock"]), (3, UNSURE_RED), (5, COLOURS["red_rock"])):
        (tmp_path / f"IMG_20240501_12{minute:02}00.jpg").write_bytes(jpeg(colour, (64 + minute, 48), quality=95))
    run(store, bundle, tmp_path, gap_min=10)
    assert len(tagged_files(store)) == 2
