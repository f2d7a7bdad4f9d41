"""The benchmark of GPUs counts operations rightly, and says so where there is no GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra 'gpu' is not installed")

from benchmarks.gpu import flops_per_photo, nvjpeg_rate  # noqa: E402
from tagger.model.engines.factory import has_nvidia_driver  # noqa: E402
from tests.drawn import jpeg  # noqa: E402


def test_operations_are_those_of_the_layers() -> None:
    convolution = torch.nn.Conv2d(3, 8, kernel_size=3, padding=1)
    flops = flops_per_photo(lambda pixels: convolution(pixels.permute(0, 3, 1, 2).float()), torch.zeros(2, 16, 16, 3))
    assert flops == 2 * 16 * 16 * 8 * 3 * 3 * 3


def test_files_are_decoded_as_they_are(tmp_path: Path) -> None:
    pytest.importorskip("torchcodec")
    (tmp_path / "photo.jpg").write_bytes(jpeg())
    assert nvjpeg_rate([tmp_path / "photo.jpg"] * 2, torch.device("cpu")) > 0


@pytest.mark.process
@pytest.mark.skipif(has_nvidia_driver(), reason="this machine has an NVIDIA GPU")
def test_without_a_gpu_there_are_no_figures() -> None:
    command = [sys.executable, "-m", "benchmarks", "gpu"]
    done = subprocess.run(command, env=os.environ | {"LANDMARK_DATA": "/"}, capture_output=True, text=True, check=False)
    assert (done.returncode, "no NVIDIA GPU" in done.stderr) == (1, True)
