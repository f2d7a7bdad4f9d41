"""A new model knows the places that were taught before it, if their photos are still there."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from tagger.library.taught.teach import Seen, taught, teach_seen
from tagger.model.bundle import open_bundle, write_bundle
from tests.drawn import card
from tests.library.taught.conftest import Library
from tests.library.taught.palette import palette_bundle


@pytest.fixture
def renewed(library: Library, tmp_path: Path) -> Library:
    """A library with a taught place, and a new model that nobody has used yet."""
    library.run()
    library.teach(library.violet[:3])
    library.bundle = palette_bundle(tmp_path / "new", turned_by=1)
    return library


@pytest.mark.parametrize("has_first_look", [False, True])
def test_the_first_run_of_a_new_model_tags_the_taught_places(renewed: Library, has_first_look: bool) -> None:
    renewed.has_first_look = has_first_look
    renewed.run()
    assert renewed.tagged() == 6
    answers = renewed.answers()
    renewed.run()
    assert renewed.answers() == answers
    (row,) = taught(renewed.store, renewed.bundle)
    assert (len(row.examples), list(row.lacking)) == (3, [])


def test_of_photos_that_are_gone_or_changed_the_user_is_told(
    renewed: Library, caplog: pytest.LogCaptureFixture
) -> None:
    first, *others = map(Path, renewed.violet[:3])
    first.unlink()
    for photo in others:
        photo.write_bytes(Path(renewed.violet[5]).read_bytes())
    with caplog.at_level(logging.WARNING):
        renewed.run()
    assert "has not seen the photos of Grandma's House" in caplog.text
    assert renewed.tagged() == 0
    (row,) = taught(renewed.store, renewed.bundle)
    assert (row.photos, len(row.lacking)) == (3, 3)
    renewed.teach(renewed.violet[3:])
    assert renewed.tagged() == 3


def test_as_many_photos_as_a_place_may_have_are_taught_again(renewed: Library, tmp_path: Path) -> None:
    (row,) = taught(renewed.store, renewed.bundle)
    contents = [*row.lacking, *(f"{number:064}" for number in range(47))]
    vector = np.eye(8, dtype=np.float16)[0].tobytes()
    new, old = renewed.bundle, open_bundle(tmp_path / "bundle")
    for renewed.bundle in (old, new):
        teach_seen(renewed.store, renewed.tagger, "Grandma's House", Seen(dict.fromkeys(contents, vector), {}, []))
    (row,) = taught(renewed.store, renewed.bundle)
    assert (len(row.examples), row.photos) == (50, 50)


def test_a_new_model_without_embeddings_says_that_it_knows_no_places(
    renewed: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    renewed.bundle = write_bundle(tmp_path / "plain", card(temperature=0.9), {})
    with caplog.at_level(logging.WARNING):
        renewed.run()
    assert "makes no embeddings" in caplog.text
