"""The matrix of embeddings in a file is what the database has."""

from __future__ import annotations

import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import update

from db.engine import Store
from db.schema.taught import Embedding
from db.taught.answers import forget_answers
from db.taught.embeddings import embedded_photos, mark_embeddings
from db.write.pictures import merge
from db.write.prune import prune
from tagger.core.run_options import Limits, RunOptions
from tagger.library.recorder import register
from tagger.library.runner import LibraryRun
from tagger.library.taught.matrix import embedding_matrix
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS
from tests.library.taught.palette import PaletteEngine, painted, palette_bundle

Rows = dict[int, bytes]


@pytest.fixture
def model(tmp_path: Path, store: Store) -> int:
    """A store with five photos of two colours."""
    for name, count in (("red_rock", 3), ("blue_lake", 2)):
        painted(tmp_path / "library", COLOURS[name], count, name)
    run(tmp_path, store)
    return register(store, palette_bundle(tmp_path / "bundle"))


def run(tmp_path: Path, store: Store) -> None:
    bundle = palette_bundle(tmp_path / "bundle")
    tagger = Tagger(bundle, PaletteEngine(), Limits())
    options = RunOptions(accept_missing=True)
    list(LibraryRun(store, bundle, [str(tmp_path / "library")], lambda: tagger, options).results())


def stored(store: Store, model: int) -> Rows:
    with store.read() as connection:
        return {row.photo_id: row.vector for row in embedded_photos(connection, model=model)}


def in_matrix(store: Store, model: int, folder: Path) -> Rows:
    dimensions = len(next(iter(stored(store, model).values()), b"")) // 2
    with embedding_matrix(store, model=model, dimensions=dimensions, folder=folder) as matrix:
        return {int(row): matrix[row].tobytes() for row in np.flatnonzero(np.any(matrix != 0, axis=1))}


def test_it_has_each_photo_at_its_id(store: Store, model: int, tmp_path: Path) -> None:
    found = in_matrix(store, model, tmp_path / "cache")
    assert len(found) == 5
    assert found == stored(store, model) == in_matrix(store, model, tmp_path / "cache")


def test_new_and_forgotten_answers_change_it(store: Store, model: int, tmp_path: Path) -> None:
    in_matrix(store, model, tmp_path / "cache")
    painted(tmp_path / "library", COLOURS["green_hill"], 2, "green_hill")
    run(tmp_path, store)
    assert len(stored(store, model)) == 7
    assert in_matrix(store, model, tmp_path / "cache") == stored(store, model)
    with store.write() as connection:
        forget_answers(connection, [1, 2], model=model)
    assert in_matrix(store, model, tmp_path / "cache").keys() == {3, 4, 5, 6, 7}


def test_pruned_and_merged_photos_leave_it(store: Store, model: int, tmp_path: Path) -> None:
    in_matrix(store, model, tmp_path / "cache")
    with store.write() as connection:
        merge(connection, 1, into=2)
    assert in_matrix(store, model, tmp_path / "cache") == stored(store, model)
    shutil.rmtree(tmp_path / "library")
    painted(tmp_path / "library", COLOURS["green_hill"], 1, "green_hill")
    run(tmp_path, store)
    prune(store, gone_before=datetime.now(UTC) + timedelta(days=1))
    assert len(stored(store, model)) == 1
    assert in_matrix(store, model, tmp_path / "cache") == stored(store, model)


def test_only_what_has_changed_is_read_again(store: Store, model: int, tmp_path: Path) -> None:
    before = in_matrix(store, model, tmp_path / "cache")
    turned = {Embedding.vector: before[5]}
    with store.write() as connection:
        connection.execute(update(Embedding).where(Embedding.photo_id == 1).values(turned))
    assert in_matrix(store, model, tmp_path / "cache") == before  # nobody has said so
    with store.write() as connection:
        mark_embeddings(connection, [1])
    assert in_matrix(store, model, tmp_path / "cache")[1] == before[5]


@pytest.mark.parametrize("suffix", [".f16", ".npy"])
@pytest.mark.parametrize("content", [None, b"", b"x" * 99])
def test_a_lost_or_damaged_file_is_made_again(
    store: Store, model: int, tmp_path: Path, suffix: str, content: bytes | None
) -> None:
    expected = in_matrix(store, model, tmp_path / "cache")
    (file,) = (tmp_path / "cache").glob(f"*{suffix}")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    assert in_matrix(store, model, tmp_path / "cache") == expected


def test_without_a_place_for_it_it_is_in_memory(store: Store, model: int, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert in_matrix(store, model, tmp_path / "file" / "cache") == stored(store, model)


def test_nobody_else_may_read_it(store: Store, model: int, tmp_path: Path) -> None:
    in_matrix(store, model, tmp_path / "cache")
    assert not [file for file in (tmp_path / "cache").iterdir() if stat.S_IMODE(file.stat().st_mode) & 0o077]
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
