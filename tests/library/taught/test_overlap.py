"""Whoever teaches a landmark under another name is warned."""

from __future__ import annotations

import hashlib
from pathlib import Path

from db.write.decisions import record_decision
from tests.drawn import COLOURS
from tests.library.taught.conftest import Library
from tests.library.taught.palette import painted


def red(library: Library, count: int) -> list[str]:
    """Photos that the model tags as Red Rock."""
    return painted(library.folder, COLOURS["red_rock"], count, "more_red")


def test_photos_of_a_landmark_that_teach_another_place_are_counted(library: Library) -> None:
    done = library.teach([*red(library, 2), library.violet[0]], "My rock")
    assert done.overlap is not None
    assert (done.overlap.landmark.id, done.overlap.tagged, done.overlap.photos) == ("red_rock", 2, 3)
    assert str(done.overlap) == "2 of these 3 photos are already tagged Red Rock."


def test_half_of_the_photos_are_not_most(library: Library) -> None:
    assert library.teach([*red(library, 2), *library.violet[:2]], "My rock").overlap is None


def test_another_taught_place_counts_but_not_the_place_itself(library: Library) -> None:
    library.run()
    assert library.teach(library.violet[:3]).overlap is None
    assert library.teach(library.violet[3:4]).overlap is None
    other = library.teach(library.violet[3:], "Cabin").overlap
    assert other is not None
    assert other.landmark.name == "Grandma's House"


def test_what_people_decided_counts_more_than_what_the_model_says(library: Library) -> None:
    photos = red(library, 3)
    library.run()
    with library.store.write() as connection:
        for photo in photos:
            sha256 = hashlib.sha256(Path(photo).read_bytes()).hexdigest()
            record_decision(connection, sha256, verdict="none", landmark=None, who="ann", source="test")
    assert library.teach(photos, "My rock").overlap is None
