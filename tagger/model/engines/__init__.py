"""The runtimes of networks, one file each, behind the `Engine` protocol.

This is the contract, which one test file checks for every installed engine:

- `logits` takes uint8 pixels as `tagger.image.preprocess.preprocess` makes them and normalises them itself.
- Rows keep their order, and do not depend on their neighbours.
- Two engines agree on the best class for at least 99.5 % of photos. A photo's scores differ by 0.01 on average at most;
  of a single photo by up to 0.05 in float32 (the ONNX file's weights have 16 bits), by up to 0.2 in half precision
  (where two landmarks are close; 0.17 was the worst of 1,259 photos).
- Any thread may call `logits`; the calls wait for each other.
- A failure of the runtime becomes a `tagger.core.errors.EngineError`, never a wrong row.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from tagger.core.types import EngineInfo


class Outputs(NamedTuple):
    """What a network computes for N photos.

    Attributes:
        logits: (N, outputs) float32.
        features: (N, features) float32, what its last layer turns into logits; None if the network keeps them.
    """

    logits: NDArray[np.float32]
    features: NDArray[np.float32] | None = None


class Engine(Protocol):
    """Runs a bundle's network.

    `batch_size` is the number of photos a call of `logits` needs for full speed; any number is correct.
    """

    @property
    def info(self) -> EngineInfo: ...

    @property
    def batch_size(self) -> int: ...

    def logits(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network.

        Args:
            batch: (N, H, W, 3) uint8, N ≥ 1, H = W = the bundle's `size_px`.

        Returns:
            (N, outputs) float32.

        Raises:
            EngineFailed: the runtime failed.
        """
        ...


@runtime_checkable
class FeatureEngine(Engine, Protocol):
    """An engine that also gives the features of the same inference."""

    def outputs(self, batch: NDArray[np.uint8]) -> Outputs:
        """Run the network, as `logits` does."""
        ...


def run(engine: Engine, batch: NDArray[np.uint8]) -> Outputs:
    """Run the network; there are features if engine and network have them."""
    return engine.outputs(batch) if isinstance(engine, FeatureEngine) else Outputs(engine.logits(batch))
