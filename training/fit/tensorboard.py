"""Loss and accuracy by epoch for TensorBoard, beside the log: ``tensorboard --logdir runs``.

Nothing reads these files back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from torch.utils.tensorboard import SummaryWriter


class TensorBoardLog:
    """Writes into the folder `curves` of an experiment."""

    def __init__(self, folder: Path) -> None:
        self._writer = SummaryWriter(str(folder / "curves"))

    def __enter__(self) -> TensorBoardLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add(self, epoch: int, figures: Mapping[str, float]) -> None:
        """One point on each curve."""
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch)
