"""The results of a batch in the database: those of photos in folders, whatever other results lie beside them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the extra ray")

from db.engine import Store
from db.read.run_report import report_of
from tagger.batch.places import open_place
from tagger.batch.rows import Row
from tagger.batch.shards import Shards
from tagger.batch.sources import photos
from tagger.batch.storing import in_folders, store_results
from tagger.core.errors import ConfigError
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Failed, FoundFile, Result
from tagger.library.scan import scan
from tagger.library.selection import Globs
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests import drawn
from tests.db.samples import everything

OPTIONS = RunOptions(k=3)


@pytest.fixture
def shards(bundle: Bundle, tmp_path: Path) -> Shards:
    """The results of two photos in a folder."""
    drawn.photos(tmp_path / "library", 2)
    files = list(scan([str(tmp_path / "library")], Globs()))
    results = Tagger(bundle, drawn.ColourEngine(), Limits(threads=1)).tag([file.path for file in files], OPTIONS.k)
    made = Shards(open_place(str(tmp_path / "out")), bundle.model_id, OPTIONS.k, OPTIONS.min_score)
    made.prepare()
    made.write([Row.of(file, result) for file, result in zip(files, results, strict=True)])
    return made


def test_a_stored_batch_has_a_report_without_a_rate(store: Store, shards: Shards, bundle: Bundle) -> None:
    state = store_results(store, shards, ["/photos"], bundle, OPTIONS)
    with store.read() as connection:
        report = report_of(connection, state.run_id)
    assert report is not None
    assert (report["counts"]["tagged"], report["photos_per_s"]) == (2, None)


def test_results_of_photos_in_object_storage_are_left_out(
    store: Store, shards: Shards, bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    store_results(store, shards, ["/photos"], bundle, OPTIONS)
    before = everything(store)
    file = FoundFile("s3://bucket/c.jpg", 10, 1)
    shards.write([Row.of(file, Result(file.path, None, Failed("truncated", "it is cut off")))])
    store_results(store, shards, ["/photos"], bundle, OPTIONS)
    assert everything(store) == before
    assert "1 photo in object storage" in caplog.text


@pytest.mark.parametrize("column", ["path", "url"])
def test_a_manifest_with_urls_is_refused_before_anything_is_tagged(tmp_path: Path, column: str) -> None:
    manifest = tmp_path / "photos.csv"
    with manifest.open("w") as file:
        csv.writer(file).writerows([[column], ["a.jpg"], ["s3://bucket/b.jpg?key=secret"]])
    with pytest.raises(ConfigError, match=r"no other command can open s3://bucket/b\.jpg\?…\. Omit --store"):
        list(in_folders(photos([str(manifest)], OPTIONS)))


def test_a_manifest_of_files_is_accepted(tmp_path: Path) -> None:
    manifest = tmp_path / "photos.csv"
    manifest.write_text("path\na.jpg\nfile:///photos/b.jpg\n")
    (table,) = in_folders(photos([str(manifest)], OPTIONS))
    assert table.column("path").to_pylist() == [str(tmp_path / "a.jpg").encode(), b"/photos/b.jpg"]
