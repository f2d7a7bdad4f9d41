"""From a network's features to embeddings: short vectors of length 1 that are near for photos of one place.

The one rule: embeddings are only compared with embeddings of the same model. They are stored as float16; a bundle's
projection is stored as whole numbers from -127 to 127, with a scale for each dimension.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagger.core.errors import BundleDamaged
from tagger.model.bundle import Bundle
from tagger.model.card import EMBEDDING_FILE

Embeddings = NDArray[np.float32]
ARRAYS = ("levels", "scale", "bias", "background")
LEVELS = 127
SHORTEST = 1e-6  # a length below which a vector has no direction


@dataclass(frozen=True, slots=True)
class Projection:
    """A linear map of features, then length 1.

    Args:
        matrix: (features, dimensions).
        bias: (dimensions,).
        background: (B, dimensions), embeddings of other photos, with which similarities are compared. None are needed
            in the projection of a first look.
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]
    background: Embeddings

    @property
    def dimensions(self) -> int:
        return len(self.bias)

    def __call__(self, features: NDArray[np.float32]) -> Embeddings:
        """Embed photos.

        Args:
            features: (N, features).

        Returns:
            (N, dimensions), each of length 1; of features that are not finite, those of zeros.
        """
        finite = np.where(np.isfinite(features).all(axis=1, keepdims=True), features, 0)  # (N, features)
        values = finite @ self.matrix + self.bias  # (N, dimensions)
        lengths = np.maximum(np.linalg.norm(values, axis=1, keepdims=True), SHORTEST)  # (N, 1)
        unit: Embeddings = (values / lengths).astype(np.float32)
        return unit

    def to_bytes(self) -> bytes:
        """The content of a bundle's file."""
        scale = np.maximum(np.abs(self.matrix).max(axis=0) / LEVELS, SHORTEST**2).astype(np.float32)  # (dimensions,)
        levels = np.round(self.matrix / scale).astype(np.int8)  # (features, dimensions)
        file = io.BytesIO()
        background = np.round(self.background * LEVELS).astype(np.int8)  # (B, dimensions)
        np.savez(file, levels=levels, scale=scale, bias=self.bias.astype(np.float32), background=background)
        return file.getvalue()


def projection_of(bundle: Bundle) -> Projection | None:
    """The projection of a bundle; None if it has none.

    Raises:
        BundleDamaged: the file is not a projection.
    """
    if EMBEDDING_FILE not in bundle.card.files:
        return None
    try:
        with np.load(io.BytesIO(bundle.read(EMBEDDING_FILE)), allow_pickle=False) as file:
            levels, scale, bias, background = (file[name].astype(np.float32) for name in ARRAYS)
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BundleDamaged(bundle.file(EMBEDDING_FILE), "it does not contain a projection") from error
    if not levels.shape[1:] == background.shape[1:] == scale.shape == bias.shape or levels.ndim != background.ndim:
        raise BundleDamaged(bundle.file(EMBEDDING_FILE), "the shapes in it do not fit together")
    return Projection(levels * scale, bias, background / LEVELS)


def packed(embeddings: Embeddings) -> list[bytes]:
    """Each embedding as the store has it."""
    return [row.tobytes() for row in embeddings.astype(np.float16)]


def unpacked(rows: list[bytes]) -> Embeddings:
    """(N, dimensions), from what `packed` made; all of one model."""
    joined = np.frombuffer(b"".join(rows), dtype=np.float16)
    return joined.reshape(len(rows), -1).astype(np.float32)
