"""How long a person waits: `tagger --help`, and `tagger suggest` from process start to the printed answer.

LANDMARK_DATA=… python -m benchmarks.startup [--times 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command, usual_environment


def timings(times: int, *arguments: str) -> list[float]:
    """Seconds of each start but the first, which warms the file cache and the compiled network."""
    seconds = []
    for _ in range(times + 1):
        start = time.perf_counter()
        subprocess.run([tagger_command(), *arguments], check=True, capture_output=True, env=usual_environment())
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    say_setting()
    with TemporaryDirectory() as place:
        (photo,) = enlarged(real_photos(), Path(place), 1, (4000, 3000))
        measured = {
            "tagger --help": timings(times, "--help"),
            "tagger suggest photo.jpg (12 MP)": timings(times, "suggest", str(photo)),
        }
    rows = [(name, f"median {statistics.median(s):.2f} s, worst {max(s):.2f} s") for name, s in measured.items()]
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
