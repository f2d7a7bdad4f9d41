"""Photos as tensors: at rest, exactly as an engine will see them, or augmented.

The one rule: files are decoded by `tagger.decode`, and photos at rest are prepared by `tagger.preprocess`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tagger.card import InputContract
from tagger.decode import decode
from tagger.preprocess import normalise, preprocess
from training.prepare import Entry
from training.run import Run

MAX_PIXELS = 100_000_000

Augment = Callable[[Image.Image], Tensor]
Sample = tuple[Tensor, int]


class Photos(Dataset[Sample]):
    """Labelled photos, (H, W, 3) uint8 each.

    Args:
        labels: for each path, the output that should win.
        augment: None leaves the photos as an engine will see them.
        seed: with the photo's index it decides the augmentation, whatever worker does it.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        labels: Sequence[int],
        contract: InputContract,
        *,
        augment: Augment | None = None,
        seed: int = 0,
    ) -> None:
        self.paths, self.labels, self.contract = paths, labels, contract
        self.augment, self.seed = augment, seed

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        data = self.paths[index].read_bytes()
        image = decode(data, min_side_px=self.contract.resize_px, max_pixels=MAX_PIXELS).image
        return self._pixels(image, index), self.labels[index]

    def _pixels(self, image: Image.Image, index: int) -> Tensor:
        if self.augment is None:
            return torch.tensor(preprocess(image, self.contract))  # (H, W, 3)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1_000_003 + index)
            return self.augment(image).permute(1, 2, 0)  # (H, W, 3)


def photos(run: Run, entries: Sequence[Entry], *, augment: Augment | None = None, seed: int = 0) -> Photos:
    """The photos of a run's manifest."""
    paths = [run.photos / entry.path for entry in entries]
    labels = [run.label(entry) for entry in entries]
    return Photos(paths, labels, run.recipe.input, augment=augment, seed=seed)


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
