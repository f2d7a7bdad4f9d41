"""Peak memory of `tagger tag` over 500 and over 5,000 different photos.

LANDMARK_DATA=… python -m benchmarks.memory [--counts 500 5000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command


def peak_mb(folder: Path) -> float:
    """The resident set of the process at its largest, in 10^6 bytes."""
    with TemporaryDirectory() as place:
        command = [str(tagger_command()), "tag", str(folder), "--db", f"{place}/tags.sqlite"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_maxrss * 1024 / 1e6


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
            rows.append((f"{count} photos of 800 x 600 px", f"{peak_mb(folder):.0f} MB"))
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
