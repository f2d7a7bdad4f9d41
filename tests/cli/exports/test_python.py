"""Exports and comparisons of models from Python."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import tagger
from db.engine import Store
from tests.db.samples import NEWER, assessed, failed, tag_run


@pytest.fixture
def database(store: Store, url: str) -> str:
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg", None), failed("/p/c.jpg")])
    store.close()
    return url


def test_an_export_goes_to_a_file_or_a_stream(database: str, tmp_path: Path) -> None:
    done = tagger.export_tags(tmp_path / "tags.csv", db_url=database)
    assert (done.rows, done.photos, done.without_position) == (1, 1, 0)
    stream = io.BytesIO()
    tagger.export_tags(stream, "status:none", format="json", db_url=database)
    assert [row["path"] for row in json.loads(stream.getvalue())] == ["/p/b.jpg"]
    assert (tmp_path / "tags.csv").read_text().startswith("path,sha256,status,state,")


def test_what_is_wrong_is_said_before_a_file_is_touched(database: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="There is no format 'xls'"):
        tagger.export_tags(tmp_path / "tags.xls", format="xls", db_url=database)
    with pytest.raises(tagger.TaggerError, match="landmark"):
        tagger.export_tags(tmp_path / "tags.csv", "landmrk:eiffel_tower", db_url=database)
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob("*.xls"))


def test_models_are_compared_photo_by_photo(database: str, store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg", "sacre_coeur"), assessed("/p/b.jpg", None)], model=NEWER)
    changes = list(tagger.compare_models("lite 1", "lite 2", db_url=database))
    assert [(change.path, change.change) for change in changes] == [("/p/a.jpg", "changed"), ("/p/b.jpg", "unchanged")]
    with pytest.raises(tagger.TaggerError, match="Several models"):
        next(tagger.compare_models("lite", "lite 2", db_url=database))
