"""Peak memory of `tagger tag` and its decoder processes over 500 and over 5,000 different photos.

What several processes share is counted once (their proportional set sizes are added up), looked at 20 times a second.

    LANDMARK_DATA=… python -m benchmarks.memory [--counts 500 5000]
"""

from __future__ import annotations

import argparse
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command

LOOK_S = 0.05


def held_mb(process: int) -> float:
    """What a process holds, in 10^6 bytes; 0 once it has ended."""
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
    """Of the process alone, and of all."""
    alone = together = 0.0
    with TemporaryDirectory() as place:
        command = [str(tagger_command()), "tag", str(folder), "--db", f"{place}/tags.sqlite"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            own = held_mb(process.pid)
            alone = max(alone, own)
            together = max(together, own + sum(map(held_mb, children(process.pid))))
            time.sleep(LOOK_S)
    assert process.returncode == 0
    return alone, together


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[500, 5000])
    counts = parser.parse_args().counts
    say_setting()
    rows = []
    with TemporaryDirectory() as place:
        for count in counts:
            folder = Path(place) / str(count)
            enlarged(real_photos(), folder, count, (800, 600))
            alone, together = peaks_mb(folder)
            rows.append((f"{count} photos of 800 x 600 px", f"{together:.0f} MB, {alone:.0f} MB without its decoders"))
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
