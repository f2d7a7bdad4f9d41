"""Decoder processes for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagger.core.run_options import Limits
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import LoadedPhoto
from tests.drawn import card
from tests.hostile_photos import hostile_codec

LIMITS = Limits(max_pixels=1_000_000, max_file_bytes=1_000_000, threads=2)
PATIENCE_S = 300.0

MakeDecoders = Callable[..., DecoderPool]


@pytest.fixture
def decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDecoders]:
    """Makes decoders that hang and die on some photos, and sees to their end."""
    monkeypatch.setenv("PYTHONPATH", hostile_codec(tmp_path / "codec"))
    made: list[DecoderPool] = []

    def make(timeout_s: float = PATIENCE_S, count: int = 2) -> DecoderPool:
        made.append(DecoderPool(card().input, LIMITS, photos=count, timeout_s=timeout_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def kind(photo: LoadedPhoto) -> str:
    return photo.failure.kind if photo.failure else "sound"
