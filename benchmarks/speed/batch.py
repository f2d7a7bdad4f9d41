"""How fast is `tagger batch` on a local Ray cluster, compared with a worker, and is it complete after an actor's death?

Photos/s from the first photo to the last one, so without the start of Ray and of the model.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import print_table, tagger_command
from benchmarks.speed.workers import photos_per_s

RATE = re.compile(r"([\d.]+) photos/s, in")
BEFORE = re.compile(r"(\d+) had a result already")


def actors_of(process: int) -> list[int]:
    """The processes of the Ray actors that a process started."""
    parents, actors = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith(b"ray::MapWorker"):
                actors.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return [actor for actor in actors if process in _above(actor, parents)]


def _above(process: int, parents: dict[int, int]) -> Iterator[int]:
    while process := parents.get(process, 0):
        yield process


def batch(folder: Path, out: Path, actors: int) -> subprocess.Popen[str]:
    command = tagger_command("batch", folder, "--out", out, "--actors", actors)
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def ended(process: subprocess.Popen[str]) -> str:
    """What a batch says at its end."""
    _, said = process.communicate()
    assert process.returncode in (0, 3), said
    return said


def found(pattern: re.Pattern[str], text: str) -> float:
    match = pattern.search(text)
    assert match, text
    return float(match[1])


def rows(out: Path) -> list[str]:
    """All results, without where they are."""
    from pyarrow import parquet

    columns = ("path", "status", "sha256", "suggestions", "kind")
    return sorted(repr([row[name] for name in columns]) for row in parquet.read_table(out).to_pylist())


def killed(folder: Path, out: Path, actors: int) -> str:
    """What a batch says of which one actor is killed after its first files."""
    process = batch(folder, out, actors)
    while len(list(out.glob("tags-*"))) < actors and process.poll() is None:
        time.sleep(0.1)
    os.kill(actors_of(process.pid)[0], signal.SIGKILL)
    return ended(process)


def main(*, data: Path, photos: int = 5000, actors: int = 2) -> None:
    with TemporaryDirectory() as place:
        folder, whole, half, hurt = (Path(place) / name for name in ("photos", "whole", "half", "hurt"))
        enlarged(real_photos(data), folder, photos, SMALL)
        worker = photos_per_s(folder, Path(place) / "tags.sqlite", 1)
        rate = found(RATE, ended(batch(folder, whole, actors)))
        expected = rows(whole)
        again = found(BEFORE, ended(batch(folder, whole, actors)))
        half.mkdir()
        for shard in sorted(whole.glob("tags-*"))[::2]:
            (half / shard.name).write_bytes(shard.read_bytes())
        before = found(BEFORE, ended(batch(folder, half, actors)))
        killed(folder, hurt, actors)
        equal = {
            name: "equal" if rows(out) == expected else "DIFFERENT" for name, out in (("half", half), ("hurt", hurt))
        }
    print_table(
        [
            ("photos", f"{photos}"),
            ("one worker", f"{worker:.1f} photos/s"),
            (f"{actors} actors", f"{rate:.1f} photos/s, {rate / worker:.0%} of the worker's"),
            ("a second batch", f"{again:.0f} of {photos} had a result already"),
            ("after half", f"{before:.0f} had a result already; the results are {equal['half']}"),
            ("an actor killed", f"the results are {equal['hurt']}"),
        ]
    )
