"""Photos as tensors: exactly as an engine will see them, or augmented.

The one rule: files are decoded by `tagger.image.decode`, and photos that are not augmented are prepared by
`tagger.image.preprocess`.
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

Transform = Callable[[Image.Image], Tensor]
Sample = tuple[Tensor, int]


class PhotoDataset(Dataset[Sample]):
    """Labelled photos, (H, W, 3) uint8 each, unless `transformed` sets another transform.

    Args:
        labels: for each path, the index of the output that should win.
        contract: the network's input.
        keep_px: decode each photo now and keep it in memory with this short side, for augmentation only; 0 keeps none.
    """

    def __init__(
        self, paths: Sequence[Path], labels: Sequence[int], contract: InputContract, *, keep_px: int = 0
    ) -> None:
        self.paths, self.labels, self.contract = paths, labels, contract
        self.transform: Transform | None = None
        self.seed = 0
        progress = tqdm(paths, desc="photos", disable=not keep_px)
        self._kept = [_shrunk(_decoded(path, keep_px), keep_px) for path in progress] if keep_px else []

    def transformed(self, transform: Transform, seed: int) -> PhotoDataset:
        """The same photos through a transform; its randomness depends on the seed and a photo's index alone."""
        other = copy(self)
        other.transform, other.seed = transform, seed
        return other

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        if self.transform is None:
            image = _decoded(self.paths[index], self.contract.resize_px)
            return torch.tensor(preprocess(image, self.contract)), self.labels[index]  # (H, W, 3)
        image = self._kept[index] if self._kept else _decoded(self.paths[index], self.contract.resize_px)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1_000_003 + index)
            return self.transform(image).permute(1, 2, 0), self.labels[index]  # (H, W, 3)


def photo_dataset(experiment: Experiment, entries: Sequence[Entry], *, keep_px: int = 0) -> PhotoDataset:
    """Photos of the experiment's manifest."""
    labels = [experiment.label(entry) for entry in entries]
    return PhotoDataset([entry.path for entry in entries], labels, experiment.recipe.input, keep_px=keep_px)


def data_loader(
    dataset: PhotoDataset, batch: int, workers: int, *, shuffle_seed: int | None = None
) -> DataLoader[tuple[Tensor, Tensor]]:
    """Batches of (N, H, W, 3) uint8 photos and (N,) labels.

    Args:
        workers: processes that load them; 0 loads them in this one.
        shuffle_seed: with a seed, photos are shuffled and an incomplete last batch is dropped.
    """
    generator = None if shuffle_seed is None else torch.Generator().manual_seed(shuffle_seed)
    is_training = generator is not None
    loader: DataLoader[Any] = DataLoader(
        dataset, batch, shuffle=is_training, generator=generator, num_workers=workers, drop_last=is_training
    )
    return loader


def network_input(pixels: Tensor, contract: InputContract) -> Tensor:
    """Normalise (N, H, W, 3) uint8; the result is (N, 3, H, W), channels last in memory because that is faster."""
    values = torch.from_numpy(normalise(pixels.numpy(), contract))  # (N, 3, H, W)
    return values.contiguous(memory_format=torch.channels_last)


def _decoded(path: Path, side_px: int) -> Image.Image:
    return decode(path.read_bytes(), min_side_px=side_px, max_pixels=MAX_PIXELS).image


def _shrunk(image: Image.Image, side_px: int) -> Image.Image:
    factor = min(1.0, side_px / min(image.size))
    width, height = (round(side * factor) for side in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=2.0)
