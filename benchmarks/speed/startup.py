"""How long do `tagger --help` and `tagger suggest` take, from the process's start?"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.photos import LARGE, enlarged, real_photos
from benchmarks.processes import cost, print_table, tagger_command


def seconds(times: int, *arguments: object) -> list[float]:
    """Seconds of each start but the first, which warms the file cache and the compiled network."""
    return [cost(tagger_command(*arguments)).seconds for _ in range(times + 1)][1:]


def main(*, data: Path, times: int = 10) -> None:
    with TemporaryDirectory() as place:
        (photo,) = enlarged(real_photos(data), Path(place), 1, LARGE)
        measured = {
            "tagger --help": seconds(times, "--help"),
            "tagger suggest photo.jpg (12 MP)": seconds(times, "suggest", photo),
        }
    print_table([(name, f"median {median(s):.2f} s, worst {max(s):.2f} s") for name, s in measured.items()])
