from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from db.read.rows import ReviewPhoto
from tagger.core.types import Suggestion
from tests.db.samples import LANDMARKS, assessed, tag_run

EIFFEL, SACRE, MACHU = LANDMARKS


def answers(*scores: tuple[str, float], is_tag: bool) -> tuple[Suggestion, ...]:
    """Suggestions of landmarks with these scores, the first of which may be a tag."""
    by_id = {landmark.id: landmark for landmark in LANDMARKS}
    return tuple(
        Suggestion(rank, by_id[id], score, is_tag and rank == 1) for rank, (id, score) in enumerate(scores, start=1)
    )


class Library:
    """A folder of files that a run has answered."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self.store = folder, store
        folder.mkdir()

    def add(self, name: str, *scores: tuple[str, float], is_tag: bool = True, **changes: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(name.encode())
        at: dict[str, Any] = {"mtime_ns": path.stat().st_mtime_ns, "suggestions": answers(*scores, is_tag=is_tag)}
        file, result = assessed(str(path), scores[0][0] if is_tag else None, **at | changes)
        tag_run(self.store, [(file._replace(size_bytes=path.stat().st_size), result)])
        return path


@pytest.fixture
def library(tmp_path: Path, store: Store) -> Library:
    return Library(tmp_path / "photos", store)


def names(photos: Sequence[ReviewPhoto]) -> list[str]:
    return [Path(photo.path).name for photo in photos]
