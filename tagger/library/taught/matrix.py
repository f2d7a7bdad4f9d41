"""All embeddings of a model as one matrix in a file of the user's cache, so that a search need not read the database.

The one rule: the database has them, the file is a copy. Each block of photos in it has the version that the database
gave it, and is read again when that changes. A file that is lost or cut off costs the time to read it again, and
without a place for it the matrix is in memory.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from db.engine import Store
from db.schema.taught import BLOCK
from db.taught.embeddings import block_versions, vectors_in_block
from tagger.core.private import private

log = logging.getLogger(__name__)

LOCK_TIMEOUT_S = 60.0
KEPT = 4  # matrices: a library has one for each model
NO_VERSION = -1

Matrix = NDArray[np.float16]


@contextmanager
def embedding_matrix(store: Store, *, model: int, dimensions: int, folder: Path | None = None) -> Iterator[Matrix]:
    """Open the matrix of a store and a model, up to date. Nobody else changes it meanwhile.

    Args:
        store: of the embeddings.
        model: its row id.
        dimensions: of the embeddings.
        folder: of the files; None for the user's cache.

    Yields:
        (N, dimensions): row n is the photo with the id n; zeros where that has no embedding.
    """
    from filelock import FileLock, Timeout

    folder = folder or Path(platformdirs.user_cache_dir("landmark-tagger")) / "embeddings"
    key = hashlib.sha256(f"{os.path.abspath(store.file)}\n{store.name}\n{model}\n{dimensions}".encode()).hexdigest()
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(FileLock(folder / f"{key}.lock", timeout=LOCK_TIMEOUT_S, mode=0o600))
            matrix = _follow(store, folder / f"{key}.f16", model, dimensions)
            _remove_old(folder)
        except (OSError, Timeout) as error:
            log.warning("The embeddings are read from the database each time: %s", error)
            matrix = _in_memory(store, model, dimensions)
        yield matrix


def _follow(store: Store, file: Path, model: int, dimensions: int) -> Matrix:
    """The matrix in a file, after the blocks that have changed were read from the database."""
    with store.read() as connection:
        versions = block_versions(connection, model=model)
        blocks = max(versions, default=-1) + 1
        wanted = np.full(blocks, NO_VERSION, np.int64)
        wanted[list(versions)] = list(versions.values())
        had = _versions(file, blocks, dimensions)
        matrix = _mapped(file, blocks, dimensions)
        changed = np.flatnonzero(wanted != had)
        for block in changed.tolist():
            _fill(matrix, block, vectors_in_block(connection, block, model=model))
    if len(changed) and isinstance(matrix, np.memmap):
        matrix.flush()
        with open(file.with_suffix(".tmp"), "wb", opener=private) as new:
            np.save(new, wanted)
        os.replace(new.name, file.with_suffix(".npy"))
    return matrix


def _versions(file: Path, blocks: int, dimensions: int) -> NDArray[np.int64]:
    """The versions of the blocks in a file, as many as are needed; of missing ones none."""
    found = np.full(blocks, NO_VERSION, np.int64)
    try:
        stored = np.load(file.with_suffix(".npy"), allow_pickle=False)[:blocks]
        if file.stat().st_size >= len(stored) * BLOCK * dimensions * 2:
            found[: len(stored)] = stored
    except (OSError, ValueError, EOFError, IndexError):
        pass
    return found


def _mapped(file: Path, blocks: int, dimensions: int) -> Matrix:
    shape = (blocks * BLOCK, dimensions)
    if not blocks:
        return np.zeros(shape, np.float16)
    with open(file, "ab", opener=private) as opened:
        if opened.tell() < (size := blocks * BLOCK * dimensions * 2):
            opened.truncate(size)  # it never shrinks: another process may still have it mapped
    return np.memmap(file, np.float16, "r+", shape=shape)


def _fill(matrix: Matrix, block: int, vectors: dict[int, bytes]) -> None:
    rows = matrix[block * BLOCK : (block + 1) * BLOCK]  # (BLOCK, dimensions)
    rows[:] = 0
    if vectors:
        places = np.fromiter(vectors, np.int64, len(vectors)) - block * BLOCK
        rows[places] = np.frombuffer(b"".join(vectors.values()), np.float16).reshape(len(vectors), -1)


def _in_memory(store: Store, model: int, dimensions: int) -> Matrix:
    with store.read() as connection:
        blocks = block_versions(connection, model=model)
        matrix = np.zeros(((max(blocks, default=-1) + 1) * BLOCK, dimensions), np.float16)
        for block in blocks:
            _fill(matrix, block, vectors_in_block(connection, block, model=model))
    return matrix


def _remove_old(folder: Path) -> None:
    """Remove the matrices that were used least recently."""
    by_age = sorted(folder.glob("*.npy"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in by_age[KEPT:]:
        for part in (file, file.with_suffix(".f16")):
            part.unlink(missing_ok=True)
