"""SIGKILL at random moments of a run, restarted each time: is the database as if nothing had happened?

LANDMARK_DATA=… python -m benchmarks.killed [--photos 600] [--times 20] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.setting import enlarged, real_photos, say_setting, tagger_command

# Everything that a run decides; run numbers, times and attempts are not part of it.
CONTENT = {
    "files": "SELECT path, sha256, f.size_bytes, mtime_ns, gone_at FROM file f LEFT JOIN photo p ON p.id = photo_id",
    "photos": "SELECT sha256, size_bytes, width, height, format, taken_at, taken_from FROM photo",
    "statuses": "SELECT sha256, model_id, status, k FROM assessment JOIN photo ON photo.id = photo_id",
    "suggestions": """SELECT sha256, s.model_id, rank, key, score, is_tag FROM suggestion s
                      JOIN photo ON photo.id = s.photo_id JOIN landmark ON landmark.id = landmark_id""",
    "failures": "SELECT path, kind, message FROM failure JOIN file ON file.id = file_id",
}

Content = dict[str, list[Any]]


def tag(folder: Path, database: Path) -> subprocess.Popen[bytes]:
    command = [str(part) for part in (tagger_command(), "tag", folder, "--db", database)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def content(database: Path) -> Content:
    """What a database says, in an order of its own."""
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name: sorted(connection.execute(query), key=repr) for name, query in CONTENT.items()}
    finally:
        connection.close()


def killed_and_restarted(folder: Path, database: Path, after_s: float) -> Content:
    """A run that is killed, and its successor that goes on."""
    run = tag(folder, database)
    time.sleep(after_s)
    run.kill()
    run.wait()
    assert tag(folder, database).wait() in (0, 3)
    return content(database)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    say_setting()
    moments = random.Random(options.seed)
    with TemporaryDirectory() as place:
        folder = Path(place) / "photos"
        enlarged(real_photos(), folder, options.photos, (800, 600))
        (folder / "broken.jpg").write_bytes(b"no photo")
        start = time.perf_counter()
        assert tag(folder, Path(place) / "reference.sqlite").wait() == 3
        seconds = time.perf_counter() - start
        reference = content(Path(place) / "reference.sqlite")
        equal = 0
        for number in range(options.times):
            after_s = moments.uniform(0.1, seconds)
            found = killed_and_restarted(folder, Path(place) / f"{number}.sqlite", after_s)
            equal += found == reference
            print(f"killed after {after_s:.2f} s of {seconds:.2f} s: {'equal' if found == reference else 'DIFFERENT'}")
    print(f"{equal} of {options.times} databases equal the uninterrupted run's ({options.photos} photos)")


if __name__ == "__main__":
    main()
