"""A library, some photos of which show a place that the model does not know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from db.engine import Store
from db.read.catalog import labels
from db.schema.models import Assessment, Landmark, Photo, Suggestion
from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tagger.library.taught.teach import Taught, teach
from tagger.model.bundle import Bundle
from tagger.model.cascade import FirstLook
from tagger.model.embedding import projection_of
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS
from tests.library.taught.palette import VIOLET, PaletteEngine, painted, palette_bundle

PLACE = "grandmas_house"


@dataclass
class Library:
    """A folder with six violet photos and four of other colours, its store and its model."""

    folder: Path
    store: Store
    bundle: Bundle
    engine: PaletteEngine
    violet: list[str]
    has_first_look: bool = False  # it is sure that a violet photo shows no landmark, unless places were taught

    @property
    def tagger(self) -> Tagger:
        first = FirstLook(PaletteEngine(), self.bundle.card, 0.5, projection_of(self.bundle))
        return Tagger(self.bundle, self.engine, Limits(), first if self.has_first_look else None)

    def run(self) -> None:
        list(LibraryRun(self.store, self.bundle, [str(self.folder)], lambda: self.tagger).results())

    def teach(self, photos: list[str], name: str = "Grandma's House") -> Taught:
        return teach(self.store, self.tagger, name, photos, country="Germany")

    def tagged(self, landmark: str = PLACE) -> int:
        with self.store.read() as connection:
            return {row.landmark.id: row.photos for row in labels(connection)}.get(landmark, 0)

    def answers(self) -> list[Any]:
        """All that is stored about the photos, by content."""
        columns = (Suggestion.rank, Landmark.key, Suggestion.score, Suggestion.is_tag, Suggestion.run_id)
        rows = select(Photo.sha256, Assessment.status, *columns).join(Assessment, Assessment.photo_id == Photo.id)
        rows = rows.join(Suggestion, Suggestion.photo_id == Photo.id).join(Landmark)
        with self.store.read() as connection:
            return list(connection.execute(rows.order_by(Photo.sha256, Suggestion.rank)))


@pytest.fixture
def library(tmp_path: Path, store: Store) -> Library:
    folder = tmp_path / "library"
    violet = painted(folder, VIOLET, 6, "violet")
    for name, colour in COLOURS.items():
        painted(folder, colour, 1, name)
    painted(folder, (20, 20, 20), 1, "black")
    return Library(folder, store, palette_bundle(tmp_path / "bundle"), PaletteEngine(), violet)
