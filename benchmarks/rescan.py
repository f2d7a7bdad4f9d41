"""A second run over unchanged files, beside a bare walk (os.scandir and stat) of the same tree.

python -m benchmarks.rescan [--files 20000]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.setting import say_setting, table, tagger_command, usual_environment

FOLDERS = 100


def make_tree(root: Path, files: int) -> None:
    """Drawn photos, each of its own content, in a hundred folders."""
    for number in range(files):
        folder = root / f"{number % FOLDERS:03}"
        folder.mkdir(exist_ok=True)
        image = Image.new("RGB", (32, 32), (number % 256, number // 256, 200))
        image.save(folder / f"{number:06}.png")


def bare_walk(folder: str) -> int:
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                count += bare_walk(entry.path)
            else:
                entry.stat()
                count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    files = parser.parse_args().files
    say_setting()
    with TemporaryDirectory() as place:
        photos = Path(place) / "photos"
        photos.mkdir()
        make_tree(photos, files)
        command = [str(tagger_command()), "tag", str(photos), "--db", f"{place}/tags.sqlite"]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env=usual_environment())
        walks, runs = [], []
        for _ in range(5):
            start = time.perf_counter()
            assert bare_walk(str(photos)) == files
            walked = time.perf_counter()
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL, env=usual_environment())
            walks.append(walked - start)
            runs.append(time.perf_counter() - walked)
    walk, run = statistics.median(walks), statistics.median(runs)
    rows = [
        ("bare walk", f"{walk:.2f} s"),
        ("second run, whole process", f"{run:.2f} s"),
        ("allowed: 0.5 s + 4 walks", f"{0.5 + 4 * walk:.2f} s"),
    ]
    print(f"{files} unchanged files, medians of 5\n" + "\n".join(table(rows)))


if __name__ == "__main__":
    main()
