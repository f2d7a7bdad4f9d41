"""An actor of Ray: it holds the model and the decoders once, and turns each block of paths into a shard.

At module level it imports only what does not depend on the number of cores, which the actor sets first.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger.core import run_options

if TYPE_CHECKING:
    import pyarrow as pa

    from tagger.batch.shards import Shards
    from tagger.core.types import FoundFile


@dataclass(frozen=True, slots=True)
class ActorSettings:
    """What an actor needs of the settings; plain values, since they travel to other machines."""

    bundle: str | None
    engine: str
    device: str
    precision: str
    cpus: int  # decoders, and threads of the engine
    max_pixels: int
    max_file_bytes: int
    photo_timeout_s: float


class Tagging:
    """Tags blocks of paths. Ray starts another one if it dies, which gets its blocks.

    Args:
        settings: of the work on photos.
        shards: where the results go.
    """

    def __init__(self, settings: ActorSettings, shards: Shards) -> None:
        run_options.CORES = settings.cpus
        from tagger.batch.remote import RemoteLoader
        from tagger.image.decoder_pool import DecoderPool
        from tagger.model.predictor import load

        limits = run_options.Limits(settings.max_pixels, settings.max_file_bytes, settings.cpus)
        self._shards = shards
        bundle = Path(settings.bundle) if settings.bundle else None
        self._tagger = load(
            bundle, engine=settings.engine, device=settings.device, precision=settings.precision, limits=limits
        )
        contract = self._tagger.bundle.card.input
        decoders = DecoderPool(contract, limits, timeout_s=settings.photo_timeout_s)
        self._loader = RemoteLoader(decoders, limits.max_file_bytes)

    def __call__(self, block: pa.Table) -> dict[str, list[Any]]:
        """Tag the photos of a block, and write their shard.

        Returns:
            One row: the shard's name, the numbers of its answers, and when the work began and ended.
        """
        from collections import Counter

        from tagger.batch.rows import Row

        began, files = time.time(), _files(block)
        paths, min_score = [file.path for file in files], self._shards.min_score
        results = self._tagger.tag(paths, self._shards.k, min_score=min_score, loader=self._loader)
        rows = [Row.of(file, result) for file, result in zip(files, results, strict=True)]
        name = self._shards.write(rows)
        counts = Counter(row.status for row in rows)
        summary = {"shard": name, "began": began, "ended": time.time(), "engine": str(self._tagger.engine.info)}
        return {key: [value] for key, value in (summary | {s: counts[s] for s in ("tagged", "none", "failed")}).items()}


def _files(block: pa.Table) -> list[FoundFile]:
    from tagger.core.types import FoundFile

    columns = [block.column(name).to_pylist() for name in ("path", "size_bytes", "mtime_ns", "ctime_ns")]
    return [FoundFile(os.fsdecode(path), *stamps) for path, *stamps in zip(*columns, strict=True)]
