"""The photos of a batch come from folders, manifests and object stores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the extra ray")

import pyarrow as pa
from pyarrow import parquet

from tagger.batch.places import open_place
from tagger.batch.remote import RemoteLoader
from tagger.batch.rows import Row
from tagger.batch.shards import Shards
from tagger.batch.sources import photos
from tagger.core.errors import ConfigError, FolderNotFound
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Failed, FoundFile, Result
from tagger.image.loader import InProcessLoader, always
from tests import drawn


@pytest.fixture
def library(tmp_path: Path) -> Path:
    drawn.photos(tmp_path / "library", 4)
    (tmp_path / "library" / "notes.txt").write_text("no photo")
    return tmp_path / "library"


def listed(*sources: object, **options: object) -> list[tuple[str, int | None]]:
    tables = photos(list(map(str, sources)), RunOptions(**options))  # type: ignore[arg-type]
    rows = [row for table in tables for row in table.to_pylist()]
    return [(os.fsdecode(row["path"]), row["size_bytes"]) for row in rows]


def files(library: Path, *numbers: int) -> list[tuple[str, int | None]]:
    found = [library / f"{number:05}.jpg" for number in numbers]
    return [(str(file), file.stat().st_size) for file in found]


def test_a_folder_is_scanned_as_a_run_does(library: Path) -> None:
    assert listed(library, exclude=("00002*",)) == files(library, 0, 1, 3)
    assert listed(f"file://{library}") == files(library, 0, 1, 2, 3)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_manifest_names_its_photos_also_relative_to_itself(library: Path, tmp_path: Path, suffix: str) -> None:
    names = ["library/00001.jpg", str(library / "00003.jpg"), (library / "00000.jpg").as_uri(), "gone.jpg"]
    manifest = tmp_path / f"photos.{suffix}"
    table = pa.table({"label": ["a", "b", "c", "d"], "path": names})
    if suffix == "csv":
        manifest.write_text("label,path\n" + "".join(f"x,{name}\n" for name in names))
    else:
        parquet.write_table(table, manifest)
    assert listed(manifest) == [*files(library, 1, 3, 0), (str(tmp_path / "gone.jpg"), None)]


@pytest.mark.parametrize(
    ("source", "error"),
    [("nowhere", FolderNotFound), ("no.csv", ConfigError), ("ftp://host/photos/", ConfigError)],
)
def test_a_source_that_cannot_be_read_is_an_error(source: str, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        listed(source if "://" in source else tmp_path / source)


def test_a_shard_without_its_name_is_not_done(tmp_path: Path) -> None:
    shards = Shards(open_place(str(tmp_path / "out")), "a" * 64, 5, 0.0)
    shards.prepare()
    (tmp_path / "out" / "_unfinished-1234").write_bytes(b"half a file")
    assert shards.names() == []
    assert Shards(shards.place, "a" * 64, 5, 0.8).prefix != shards.prefix


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a server on this machine that speaks S3."""
    server = pytest.importorskip("moto.server", reason="needs moto")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    _, port = running.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    place = open_place("s3://photos?allow_bucket_creation=true")
    place.system.create_dir("photos")
    yield "s3://photos"
    running.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of moto's
def test_photos_in_an_object_store_are_listed_loaded_and_answered_there(library: Path, bucket: str) -> None:
    system = open_place(bucket).system
    for file in sorted(library.iterdir()):
        with system.open_output_stream(f"photos/2024/{file.name}") as stream:
            stream.write(file.read_bytes())
    sizes = [size for _, size in files(library, 0, 1, 2, 3)]
    found = listed(f"{bucket}/2024/")
    assert found == [(f"s3://photos/2024/{number:05}.jpg", size) for number, size in enumerate(sizes)]
    contract, limits = drawn.card().input, Limits()
    loader = RemoteLoader(InProcessLoader(contract, limits), limits.max_file_bytes)
    local = InProcessLoader(contract, limits).load(files(library, 0)[0][0], always)
    remote = loader.load(found[0][0], always)
    assert (remote.sha256, remote.info and remote.info.phash) == (local.sha256, local.info and local.info.phash)
    missing = loader.load("s3://photos/2024/gone.jpg", always)
    assert missing.failure == Failed("not_found", "there is no such file")
    too_large = RemoteLoader(InProcessLoader(contract, limits), 10).load(found[0][0], always)
    assert too_large.failure is not None
    assert too_large.failure.kind == "too_large"
    shards = Shards(open_place(f"{bucket}/tags"), "a" * 64, 5, 0.0)
    shards.prepare()
    assert shards.names() == []


@pytest.mark.parametrize(
    "source",
    ["http://me:secret@host/x", "s3://me:secret@b/x?endpoint_override=localhost:1", "s3://me:secret@b/x?k=secret"],
)
def test_an_error_about_a_url_shows_no_secret(source: str) -> None:
    with pytest.raises(ConfigError) as raised:
        listed(source)
    assert "secret" not in str(raised.value)


def test_rows_of_a_manifest_without_a_path_are_skipped(library: Path) -> None:
    manifest = library / "photos.parquet"
    parquet.write_table(pa.table({"path": [None, "", "00001.jpg"]}), manifest)
    assert listed(manifest) == files(library, 1)


def test_a_path_in_a_manifest_is_the_one_that_a_scan_finds(library: Path) -> None:
    (library / "lists").mkdir()
    manifest = library / "lists" / "photos.csv"
    manifest.write_text("path\n../00001.jpg\n.././00002.jpg\n")
    assert listed(manifest) == files(library, 1, 2)


def test_results_with_a_least_score_are_not_those_without(tmp_path: Path) -> None:
    place = open_place(str(tmp_path))
    strict, plain = Shards(place, "m", 5, 0.8), Shards(place, "m", 5, 0.0)
    row = Row.of(FoundFile("/p/a.jpg", 1, 1), Result("/p/a.jpg", None, Failed("truncated", "cut off")))
    name = strict.write([row])
    assert (strict.names(), plain.names()) == ([name], [])
    (tmp_path / f"{plain.prefix}copy.parquet.part").touch()
    assert plain.names() == []


@pytest.mark.parametrize("content", [b"", b"no parquet", None])
def test_a_damaged_result_is_named(tmp_path: Path, content: bytes | None) -> None:
    shards = Shards(open_place(str(tmp_path)), "m", 5, 0.0)
    file = tmp_path / f"{shards.prefix}{'0' * 16}.parquet"
    if content is None:
        parquet.write_table(pa.table({"other": [1]}), file)
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=f"{file.name} cannot be read.* Delete it to tag its photos again"):
        shards.done()
