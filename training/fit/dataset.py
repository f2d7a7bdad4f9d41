"""Photos as tensors: at rest, exactly as an engine will see them, or augmented.

The one rule: files are decoded by `tagger.image.decode`, and photos at rest are prepared by `tagger.image.preprocess`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from tagger.core.types import InputContract
from tagger.image.decode import decode
from tagger.image.preprocess import normalise, preprocess
from training.data.manifest import Entry
from training.fit.experiment import Experiment

MAX_PIXELS = 100_000_000

Augment = Callable[[Image.Image], Tensor]
Sample = tuple[Tensor, int]


class Photos(Dataset[Sample]):
    """Labelled photos at rest, (H, W, 3) uint8 each; `varied` makes augmented ones of them.

    Args:
        labels: for each path, the output that should win.
        keep_px: decode each photo now and keep it in memory with this short side, for augmenting only; 0 keeps none.
    """

    def __init__(
        self, paths: Sequence[Path], labels: Sequence[int], contract: InputContract, *, keep_px: int = 0
    ) -> None:
        self.paths, self.labels, self.contract = paths, labels, contract
        self.augment: Augment | None = None
        self.seed = 0
        shown = tqdm(paths, desc="photos", disable=not keep_px)
        self._kept = [_small(self._decoded(path, keep_px), keep_px) for path in shown] if keep_px else []

    def varied(self, augment: Augment, seed: int) -> Photos:
        """The same photos augmented; the seed and a photo's index decide how, whatever worker does it."""
        other = copy(self)
        other.augment, other.seed = augment, seed
        return other

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        if self.augment is None:
            image = self._decoded(self.paths[index], self.contract.resize_px)
            return torch.tensor(preprocess(image, self.contract)), self.labels[index]  # (H, W, 3)
        image = self._kept[index] if self._kept else self._decoded(self.paths[index], self.contract.resize_px)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1_000_003 + index)
            return self.augment(image).permute(1, 2, 0), self.labels[index]  # (H, W, 3)

    def _decoded(self, path: Path, side_px: int) -> Image.Image:
        return decode(path.read_bytes(), min_side_px=side_px, max_pixels=MAX_PIXELS).image


def photos(run: Experiment, entries: Sequence[Entry], *, keep_px: int = 0) -> Photos:
    """The photos of a run's manifest."""
    labels = [run.label(entry) for entry in entries]
    return Photos([entry.path for entry in entries], labels, run.recipe.input, keep_px=keep_px)


def _small(image: Image.Image, side_px: int) -> Image.Image:
    factor = min(1.0, side_px / min(image.size))
    width, height = (round(side * factor) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)


def batches(
    dataset: Photos, batch: int, workers: int, *, shuffle_seed: int | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """(N, H, W, 3) uint8 and (N,) labels; shuffled and without the last incomplete batch where a seed is given."""
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    is_training = generator is not None
    loader: DataLoader[Any] = DataLoader(
        dataset, batch, shuffle=is_training, generator=generator, num_workers=workers, drop_last=is_training
    )
    return loader


def network_input(pixels: Tensor, contract: InputContract) -> Tensor:
    """(N, H, W, 3) uint8 as the network wants it, channels last in memory because that is faster."""
    values = torch.from_numpy(normalise(pixels.numpy(), contract))  # (N, 3, H, W)
    return values.contiguous(memory_format=torch.channels_last)
