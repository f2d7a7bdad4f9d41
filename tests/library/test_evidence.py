"""Evidence beside the picture is stored with the answer, and does not hide the model's own score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from db.read import listings
from db.read.filters import TagFilter
from tagger.model.bundle import Bundle
from tests.drawn import COLOURS, ColourEngine, jpeg
from tests.image.test_phash import picture
from tests.library.test_runner import counts, new_run

RED_ROCK = (10.0, 20.0)  # where `tests.drawn.card` says it is
UNSURE_RED = (181, 43, 43)  # scored below the threshold, but above what evidence lifts over it

Shoot = Callable[..., Path]


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Takes a photo of a colour, at a minute past noon, and perhaps with coordinates."""

    def take(
        name: str,
        colour: tuple[int, int, int],
        minute: int,
        at: tuple[float, float] | None = None,
        hour: str = "2024:05:01 12",
    ) -> Path:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"{hour}:{minute:02}:00"
        if at:
            exif.get_ifd(0x8825).update({1: "N", 2: (at[0], 0.0, 0.0), 3: "E", 4: (at[1], 0.0, 0.0)})
        path = tmp_path / "library" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(jpeg(colour, (64 + minute, 48), quality=95, exif=exif))
        return path

    return take


def tagged_files(store: Store) -> dict[str, tuple[str, Any]]:
    """The landmark and the evidence of each tagged file."""
    with store.read() as connection:
        hits = listings.all_hits(listings.tags, connection, TagFilter())
        return {Path(hit.path).name: (hit.landmark, hit.reason) for hit in hits}


def run(store: Store, bundle: Bundle, library: Path, *, gap_min: float = 0.0) -> None:
    library_run = new_run(store, bundle, library, ColourEngine())
    library_run.options = replace(library_run.options, vote_gap_min=gap_min)
    counts(library_run)


def test_coordinates_nearby_make_a_tag_of_a_guess(store: Store, bundle: Bundle, shoot: Shoot) -> None:
    shoot("without.jpg", UNSURE_RED, 1)
    library = shoot("with.jpg", UNSURE_RED, 2, RED_ROCK).parent
    run(store, bundle, library)
    assert tagged_files(store) == {"with.jpg": ("red_rock", {"kind": "near", "km": 0.0})}
    with store.read() as connection:
        (hit,) = listings.tags(connection, TagFilter()).hits
        assert connection.exec_driver_sql("SELECT lat, lon FROM photo ORDER BY lat NULLS FIRST").all() == [
            (None, None),
            RED_ROCK,
        ]
    assert hit.visual_score is not None
    assert hit.score is not None
    assert hit.visual_score < 0.7 <= hit.score


def test_a_contradiction_is_kept_with_its_distance(store: Store, bundle: Bundle, shoot: Shoot) -> None:
    run(store, bundle, shoot("far.jpg", COLOURS["red_rock"], 1, (60.0, 20.0)).parent)
    ((landmark, evidence),) = tagged_files(store).values()
    assert (landmark, evidence["kind"], round(evidence["km"])) == ("red_rock", "far", 5560)


def test_a_copy_inherits_the_weighed_answer(store: Store, bundle: Bundle, shoot: Shoot) -> None:
    photo = shoot("first.jpg", UNSURE_RED, 2, RED_ROCK)
    run(store, bundle, photo.parent)
    photo.with_name("copy.jpg").write_bytes(photo.read_bytes())
    again = new_run(store, bundle, photo.parent, ColourEngine(), whole=True)
    copy, first = again.results()
    assert (copy.answer, copy.is_inherited) == (first.answer, True)
    assert tagged_files(store)["copy.jpg"] == tagged_files(store)["first.jpg"]


def test_a_copy_of_lower_quality_joins_its_original_at_the_end_of_the_run(
    store: Store, bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "library").mkdir()
    for name, seed, quality in (("a.jpg", 1, 90), ("b.jpg", 2, 90), ("copy.jpg", 1, 40)):
        picture(seed).save(tmp_path / "library" / name, quality=quality)
    run(store, bundle, tmp_path / "library")
    with store.read() as connection:
        assert connection.exec_driver_sql("SELECT group_id FROM photo ORDER BY id").scalars().all() == [1, 2, 1]
