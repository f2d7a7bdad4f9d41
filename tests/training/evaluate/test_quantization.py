"""Eight-bit weights, measured beside the default engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.measured import measure as measured
from tests.training.publish.test_compare import with_bundle
from training.fit.experiment import Experiment

PROGRAM = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        print("CONNECTION", event, arguments)
sys.addaudithook(watch)
from pathlib import Path
from training.evaluate import quantization as int8
from training.fit.experiment import open_experiment
from training.evaluate.speed import photos_per_second
int8.photos_per_second = lambda engines: photos_per_second(engines, rounds=1, round_s=0.0)
int8.measure(open_experiment(Path(sys.argv[1])))
"""


@pytest.fixture
def bundled(experiment: Experiment) -> Experiment:
    return measured(with_bundle(experiment))


@pytest.mark.slow
def test_a_network_is_quantised_measured_and_judged_without_a_connection_or_a_stray_file(
    bundled: Experiment, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    before = {file.name for file in bundled.folder.iterdir()}
    command = [sys.executable, "-c", PROGRAM, str(bundled.folder)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "CONNECTION" not in done.stdout
    assert list(empty.iterdir()) == []
    assert {file.name for file in bundled.folder.iterdir()} - before == {"int8.json"}
    found = json.loads((bundled.folder / "int8.json").read_text())
    rates = found["photos_a_second"]
    assert {"int8", "float32", found["default"]} == set(rates)
    assert found["ratio_to_default"] == pytest.approx(rates["int8"] / rates[found["default"]], abs=1e-3)
    assert found["val"].keys() == found["test"].keys() == {f"top1_{name}" for name in rates}
    lost = found["val"]["top1_float32"] - found["val"]["top1_int8"]
    assert found["ship"] == (lost <= 0.003 and found["ratio_to_default"] >= 1.3)
