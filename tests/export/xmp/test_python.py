"""XMP from Python: the functions of the package root do what the command does."""

from __future__ import annotations

from pathlib import Path

import pytest

import tagger
from db.engine import Store
from tests.export.xmp.written import EIFFEL, beside, lists, photo, tag_photos


def test_a_query_chooses_the_photos(store: Store, url: str, paris: Path, tmp_path: Path) -> None:
    other = photo(tmp_path / "library" / "other.jpg")
    tag_photos(store, [other], "machu_picchu")
    (change,) = tagger.preview_xmp("landmark:eiffel*", db_url=url)
    assert (change.sidecar, beside(paris).exists()) == (str(beside(paris)), False)
    (outcome,) = tagger.write_xmp("landmark:eiffel*", db_url=url)
    assert (outcome.status, lists(beside(paris))) == ("written", EIFFEL)
    assert [outcome.status for outcome in tagger.write_xmp(db_url=url)] == ["written", "unchanged"]
    assert {outcome.status for outcome in tagger.undo_xmp(db_url=url)} == {"removed"}
    assert not beside(paris).exists()


def test_a_mistake_in_a_query_is_an_error(url: str, paris: Path) -> None:
    with pytest.raises(tagger.TaggerError):
        tagger.write_xmp("landmrk:eiffel*", db_url=url)
    assert not beside(paris).exists()


def test_an_unknown_naming_is_an_error(store: Store, paris: Path) -> None:
    with pytest.raises(ValueError, match="there is no naming 'sidecar'"):
        tagger.write_xmp(naming="sidecar", db_url=store.file)  # type: ignore[arg-type]
    assert not beside(paris).exists()
