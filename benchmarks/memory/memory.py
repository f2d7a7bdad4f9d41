"""What is the peak memory of `tagger tag` and its decoder processes with 500 and with 5,000 different photos?

It is the sum of their proportional set sizes, measured 20 times a second, so shared memory counts once.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import print_table, start_tagging

INTERVAL_S = 0.05


def held_mb(process: int) -> float:
    """A process's memory in 10^6 bytes; 0 once it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def children(process: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        tasks = Path(f"/proc/{process}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text().split()]
    return []


def peaks_mb(folder: Path) -> tuple[float, float]:
    """Peaks of the process alone, and with its decoders."""
    alone = together = 0.0
    with TemporaryDirectory() as place:
        process = start_tagging(folder, Path(place) / "tags.sqlite")
        while process.poll() is None:
            own = held_mb(process.pid)
            alone = max(alone, own)
            together = max(together, own + sum(map(held_mb, children(process.pid))))
            time.sleep(INTERVAL_S)
    assert process.returncode == 0
    return alone, together


def main(*, data: Path, counts: tuple[int, ...] = (500, 5000)) -> None:
    rows = []
    with TemporaryDirectory() as place:
        for count in counts:
            folder = Path(place) / str(count)
            enlarged(real_photos(data), folder, count, SMALL)
            alone, together = peaks_mb(folder)
            rows.append((f"{count} photos of 800 x 600 px", f"{together:.0f} MB, {alone:.0f} MB without its decoders"))
    print_table(rows)
