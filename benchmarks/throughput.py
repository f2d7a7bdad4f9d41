"""`tagger tag` beside a plain PyTorch loop with the same network, and beside its own bound, in one run.

The loop is what one would write first: Pillow decodes the whole photo, torchvision resizes, crops and normalises,
a DataLoader with two workers feeds eager float32 in batches of 32, softmax and top-k follow. Neither counts the time
to load its model; the last lines compare whole processes, start to exit.

    LANDMARK_DATA=… python -m benchmarks.throughput [--small 1000] [--large 80]
"""

from __future__ import annotations

import argparse
import subprocess
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

from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command
from tagger.model.bundle import open_bundle
from tagger.model.card import SAFETENSORS_FILE
from tagger.model.nets import build
from tagger.model.predictor import load
from tagger.ops.bench import measure

K = 5


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
    network.load_state_dict(load_file(bundle.file(SAFETENSORS_FILE)))
    return network.float().eval()


@torch.no_grad()
def plain_loop(network: torch.nn.Module, paths: Sequence[Path]) -> int:
    answers = 0
    for batch in DataLoader(Photos(paths), batch_size=32, num_workers=2):
        answers += len(torch.topk(torch.softmax(network(batch), dim=1), K).indices)
    return answers


def compare(name: str, folder: Path, paths: list[Path]) -> None:
    network, tagger = plain_network(), load()
    start = time.perf_counter()
    assert plain_loop(network, paths) == len(paths)
    loop = len(paths) / (time.perf_counter() - start)
    rates = measure(tagger, str(folder), [str(path) for path in paths], K)
    loop_process = seconds(sys.executable, "-m", "benchmarks.throughput", "--loop-over", str(folder))
    with TemporaryDirectory() as place:
        process = seconds(str(tagger_command()), "tag", str(folder), "--db", f"{place}/tags.sqlite")
    rows = [
        (f"{name}: {len(paths)} photos", ""),
        ("  (a) plain loop", f"{loop:7.1f} photos/s"),
        ("  (b) tagger tag", f"{rates.end_to_end:7.1f} photos/s   {rates.end_to_end / loop:.1f} x (a)"),
        ("  decode only, d", f"{rates.decode:7.1f} photos/s"),
        ("  model only, m", f"{rates.model:7.1f} photos/s"),
        ("  bound 1/(1/d + 1/m)", f"{rates.bound:7.1f} photos/s   (b) is {rates.end_to_end / rates.bound:.0%} of it"),
        ("  whole process, (a)", f"{loop_process:7.1f} s"),
        ("  whole process, (b)", f"{process:7.1f} s          {loop_process / process:.1f} x as fast as (a)"),
    ]
    print("\n".join(table(rows)), end="\n\n", flush=True)
    print(f"  engine: {tagger.engine.info}\n", flush=True)


def seconds(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1000, help="photos of 800 x 600 px")
    parser.add_argument("--large", type=int, default=80, help="photos of 4000 x 3000 px")
    parser.add_argument("--loop-over", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop_over:
        plain_loop(plain_network(), sorted(options.loop_over.glob("*.jpg")))
        return
    say_setting()
    with TemporaryDirectory() as place:
        for name, count, size in (("800 px", options.small, (800, 600)), ("12 MP", options.large, (4000, 3000))):
            folder = Path(place) / str(size[0])
            compare(name, folder, enlarged(real_photos(), folder, count, size))


if __name__ == "__main__":
    main()
