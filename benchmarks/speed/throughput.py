"""How fast is `tagger tag`, compared with a plain PyTorch loop with the same network, and with its own bound?

The loop is the obvious one: Pillow decodes the whole photo, torchvision resizes, crops and normalises, a DataLoader
with two workers feeds eager float32 in batches of 32, softmax and top-k follow. Neither time includes loading the
model; the last lines compare whole processes, start to exit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from PIL import Image
from safetensors.torch import load_file
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.photos import LARGE, SMALL, enlarged, real_photos
from benchmarks.processes import cost, print_table, tagger_command
from tagger.model.bundle import open_bundle
from tagger.model.card import SAFETENSORS_FILE
from tagger.model.nets import build, load_weights
from tagger.model.predictor import load
from tagger.ops.bench import measure

K = 5
LOOP_PROCESS = "import sys; from benchmarks.speed.throughput import loop_over; loop_over(sys.argv[1])"


class Photos(Dataset[torch.Tensor]):
    def __init__(self, paths: Sequence[Path]) -> None:
        contract = open_bundle(verify=False).card.input
        self.paths = paths
        self.transform = transforms.Compose(
            [
                transforms.Resize(contract.resize_px, transforms.InterpolationMode.BICUBIC),
                transforms.CenterCrop(contract.size_px),
                transforms.ToTensor(),
                transforms.Normalize(contract.mean, contract.std),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        result: torch.Tensor = self.transform(Image.open(self.paths[index]).convert("RGB"))
        return result


def plain_network() -> torch.nn.Module:
    bundle = open_bundle()
    network = build(bundle.card.network, bundle.card.outputs)
    load_weights(network, load_file(bundle.file(SAFETENSORS_FILE)))
    return network.float().eval()


@torch.no_grad()
def plain_loop(network: torch.nn.Module, paths: Sequence[Path]) -> int:
    answers = 0
    for batch in DataLoader(Photos(paths), batch_size=32, num_workers=2):
        answers += len(torch.topk(torch.softmax(network(batch), dim=1), K).indices)
    return answers


def loop_over(folder: str) -> None:
    plain_loop(plain_network(), sorted(Path(folder).glob("*.jpg")))


def compare(name: str, folder: Path, paths: list[Path]) -> None:
    network, tagger = plain_network(), load()
    start = time.perf_counter()
    assert plain_loop(network, paths) == len(paths)
    loop = len(paths) / (time.perf_counter() - start)
    rates = measure(tagger, str(folder), [str(path) for path in paths], K)
    loop_s = cost([sys.executable, "-c", LOOP_PROCESS, str(folder)]).seconds
    with TemporaryDirectory() as place:
        tag_s = cost(tagger_command("tag", folder, "--db", f"{place}/tags.sqlite")).seconds
    rows = [
        (f"{name}: {len(paths)} photos", ""),
        ("  (a) plain loop", f"{loop:7.1f} photos/s"),
        ("  (b) tagger tag", f"{rates.end_to_end:7.1f} photos/s   {rates.end_to_end / loop:.1f} x (a)"),
        ("  decode only, d", f"{rates.decode:7.1f} photos/s"),
        ("  model only, m", f"{rates.model:7.1f} photos/s"),
        ("  bound 1/(1/d + 1/m)", f"{rates.bound:7.1f} photos/s   (b) is {rates.end_to_end / rates.bound:.0%} of it"),
        ("  whole process, (a)", f"{loop_s:7.1f} s"),
        ("  whole process, (b)", f"{tag_s:7.1f} s          {loop_s / tag_s:.1f} x as fast as (a)"),
    ]
    print_table(rows)
    print(f"\n  engine: {tagger.engine.info}\n", flush=True)


def main(*, data: Path, small: int = 1000, large: int = 80) -> None:
    with TemporaryDirectory() as place:
        for name, count, size in (("800 px", small, SMALL), ("12 MP", large, LARGE)):
            folder = Path(place) / str(size[0])
            compare(name, folder, enlarged(real_photos(data), folder, count, size))
