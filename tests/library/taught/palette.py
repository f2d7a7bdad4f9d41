"""A model with embeddings: near one of eight colours each, of which it knows three by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tagger.model.bundle import Bundle, write_bundle
from tagger.model.card import EMBEDDING_FILE
from tagger.model.embedding import Projection
from tagger.model.engines import Outputs
from tests.drawn import COLOURS, ColourEngine, card, encoded

VIOLET, ORANGE = (200, 40, 200), (240, 140, 10)
PALETTE = (*COLOURS.values(), VIOLET, ORANGE, (20, 20, 20), (240, 240, 240), (128, 128, 128))


class PaletteEngine(ColourEngine):
    """Its features say how near a photo's mean colour is to each of the palette."""

    def outputs(self, batch: NDArray[np.uint8]) -> Outputs:
        mean = batch.reshape(len(batch), -1, 3).mean(axis=1)  # (N, 3)
        distances = np.linalg.norm(mean[:, None] - np.array(PALETTE, float), axis=2)  # (N, 8)
        return Outputs(self.logits(batch), np.exp(-distances / 20).astype(np.float32))


def palette_bundle(folder: Path, *, turned_by: int = 0) -> Bundle:
    """A model of the palette; embeddings of models that are turned otherwise have nothing in common."""
    axes = np.roll(np.eye(len(PALETTE), dtype=np.float32), turned_by, axis=1)
    projection = Projection(axes, np.zeros(len(PALETTE), np.float32), background=axes)
    return write_bundle(folder, card(), {EMBEDDING_FILE: projection.to_bytes()})


def painted(folder: Path, colour: tuple[int, int, int], count: int, name: str) -> list[str]:
    """Photos of one colour, all different."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(count):
        image = Image.new("RGB", (40, 40), tuple(max(value - 2 * number, 0) for value in colour))
        path = folder / f"{name}{number}.png"
        path.write_bytes(encoded(image, "PNG"))
        paths.append(str(path))
    return paths
