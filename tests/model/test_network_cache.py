"""Compiled networks are shared between processes: none meets a half-written one, and none dies when one is replaced."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tagger.model.bundle import Bundle
from tagger.model.engines.network_cache import KEPT, NetworkCache
from tests.drawn import colour_bundle

ANSWER = """
import sys
from pathlib import Path
import numpy as np
from tagger.model.bundle import open_bundle
from tagger.model.engines.openvino import OpenVinoEngine

bundle, cache = map(Path, sys.argv[1:])
engine = OpenVinoEngine(open_bundle(bundle), cache_dir=cache)
for line in sys.stdin:
    print(engine.logits(np.full((1, 16, 16, 3), int(line), np.uint8)).tolist(), flush=True)
"""
NO_LARGE_FILES = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return colour_bundle(tmp_path_factory.mktemp("models") / "colours")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def start(bundle: Bundle, cache: Path, program: str = ANSWER) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(bundle.folder), str(cache)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def networks(cache: Path) -> list[Path]:
    return sorted(file for file in cache.iterdir() if file.name != ".lock")


@pytest.mark.process
def test_first_starts_at_the_same_time_all_answer_and_store_one_network(bundle: Bundle, cache: Path) -> None:
    starts = [start(bundle, cache) for _ in range(6)]
    outputs = [process.communicate("0\n200\n", timeout=120) for process in starts]
    assert [process.returncode for process in starts] == [0] * 6
    assert len(set(outputs)) == 1
    assert len(outputs[0][0].splitlines()) == 2
    assert [file.suffix for file in networks(cache)] == [".blob"]


@pytest.mark.process
def test_a_process_lives_on_when_the_network_that_it_read_is_overwritten(bundle: Bundle, cache: Path) -> None:
    start(bundle, cache).communicate("1\n", timeout=120)
    with start(bundle, cache) as process:
        assert process.stdin and process.stdout
        answers = []
        for content in (None, b"", b"garbage" * 10_000):
            if content is not None:
                networks(cache)[0].write_bytes(content)
            print("200", file=process.stdin, flush=True)
            answers.append(process.stdout.readline())
        process.stdin.close()
    assert process.returncode == 0
    assert len(set(answers)) == 1 and answers[0].startswith("[[")


@pytest.mark.process
def test_a_disk_without_room_costs_only_time(bundle: Bundle, cache: Path) -> None:
    process = start(bundle, cache, NO_LARGE_FILES + ANSWER)
    answers, log = process.communicate("200\n", timeout=120)
    assert (process.returncode, answers[:2], networks(cache)) == (0, "[[", [])
    assert log == "The compiled network is not kept, so the next start is slower: [Errno 27] File too large\n"


@pytest.mark.process
def test_a_folder_that_vanished_costs_only_time(bundle: Bundle, tmp_path: Path) -> None:
    process = start(bundle, tmp_path / "missing")
    assert process.communicate("200\n", timeout=120)[0].startswith("[[")


def test_a_network_is_read_as_it_was_written(cache: Path) -> None:
    store = NetworkCache(cache)
    assert store.read("key") is None
    with store.lock() as may_write:
        assert may_write
        store.write("key", b"network")
    assert (store.read("key"), store.read("other")) == (b"network", None)


@pytest.mark.parametrize("at", [0, 31, 32, -1])
def test_one_changed_byte_makes_a_network_missing(cache: Path, at: int) -> None:
    store = NetworkCache(cache)
    store.write("key", b"network")
    content = bytearray(networks(cache)[0].read_bytes())
    content[at] ^= 1
    networks(cache)[0].write_bytes(content)
    assert store.read("key") is None


def test_old_networks_and_what_dead_processes_left_unfinished_are_removed(cache: Path) -> None:
    store = NetworkCache(cache)
    (cache / "half.tmp").write_bytes(b"netw")
    for age in range(KEPT + 2):
        store.write(str(age), b"network")
        os.utime(networks(cache)[0])  # files of the same moment have no order
    assert len(networks(cache)) == KEPT
    assert {file.suffix for file in networks(cache)} == {".blob"}
    assert store.read(str(KEPT + 1)) == b"network"
