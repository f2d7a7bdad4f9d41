"""Nights that are killed: is the library at the end as if nothing had happened, and is each evil photo named?

Runs over photos of which some are bad in every way a file can be, one hangs its decoder and one kills it. SIGKILL comes
at random moments; after each a run is started again, at last one that nobody kills.

    LANDMARK_DATA=… python -m benchmarks.night_killed [--photos 1000] [--kills 40] [--seed 0]
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.killed import Content, content
from benchmarks.setting import enlarged, real_photos, say_setting, table, tagger_command
from tests.standins import HANG, KILL, standins

BAD = 20
ATTEMPTS = 3
SETTINGS = {  # a night is short here: what failed is due again at once
    "TAGGER_RETRY_AFTER_H": "0.000001",
    "TAGGER_MAX_ATTEMPTS": str(ATTEMPTS),
    "TAGGER_PHOTO_TIMEOUT_S": "5",
}


def make_bad(folder: Path, good: Path) -> int:
    """Twenty bad files.

    Returns:
        How many there are.
    """
    data = good.read_bytes()
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"no photo at all",
        "half.jpg": data[: len(data) // 2],
        "head.jpg": data[:200],
        "magic.jpg": data[:2],
        "zeros.png": bytes(5000),
        "noise.webp": random.Random(1).randbytes(5000),
        "flipped.png": b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(500),
        "gif.gif": b"GIF89a" + bytes(7),
        "tiff.tif": b"II*\0" + bytes(8),
    }
    for number, (name, some) in enumerate(islice(cycle(contents.items()), BAD - 3)):
        (folder / f"bad {number:02} {name}").write_bytes(some + bytes(number // len(contents)))
    (folder / "bad folder.jpg").mkdir()
    (folder / "bad link.jpg").symlink_to("nowhere")
    os.mkfifo(folder / "bad pipe.jpg")
    return BAD


def start(folder: Path, database: Path, stand: str) -> subprocess.Popen[bytes]:
    command = [str(part) for part in (tagger_command(), "tag", folder, "--db", database)]
    paths = os.pathsep.join([stand, str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | SETTINGS | {"PYTHONPATH": paths}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def until_quiet(folder: Path, database: Path, stand: str) -> int:
    """Runs until nothing is left to try: what fails is in quarantine.

    Returns:
        How many that took.
    """
    for number in range(1, 2 * ATTEMPTS + 1):
        assert start(folder, database, stand).wait() in (0, 3)
        if not waiting(database):
            return number
    sys.exit("the library does not come to rest")


def asked(database: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


def waiting(database: Path) -> int:
    """Files that are going to be tried again, those left out that every run tries."""
    query = "SELECT count(*) FROM failure WHERE quarantined_at IS NULL AND next_at IS NOT NULL"
    return int(asked(database, query)[0][0])


def killed(folder: Path, database: Path, stand: str, kills: int, seconds: float, moments: random.Random) -> int:
    """Returns:
    How many runs were killed; one that has ended before cannot be.
    """
    count = 0
    for _ in range(kills):
        run = start(folder, database, stand)
        with suppress(subprocess.TimeoutExpired):
            run.wait(moments.uniform(0.1, seconds))
        count += run.poll() is None
        run.kill()
        run.wait()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    say_setting()
    with TemporaryDirectory() as place:
        folder, stand = Path(place) / "photos", standins(Path(place) / "standins")
        good = enlarged(real_photos(), folder, options.photos - BAD - 2, (800, 600))
        make_bad(folder, good[0])
        (folder / "00100 hangs.bmp").write_bytes(HANG)
        (folder / "00200 kills.bmp").write_bytes(KILL)
        reference, database = Path(place) / "reference.sqlite", Path(place) / "tags.sqlite"
        began = time.perf_counter()
        assert start(folder, reference, stand).wait() == 3
        seconds = time.perf_counter() - began
        until_quiet(folder, reference, stand)
        count = killed(folder, database, stand, options.kills, seconds / 8, random.Random(options.seed))
        runs = until_quiet(folder, database, stand)
        report(database, reference, count, runs, len(good))
    print(f"the first run took {seconds:.1f} s undisturbed")


def said(database: Path) -> Content:
    """What a database says, but for why the two evil photos were given up: a time limit, or runs that died."""
    found = content(database)
    return found | {"failures": [row for row in found["failures"] if not bytes(row[0]).endswith(b".bmp")]}


def report(database: Path, reference: Path, kills: int, runs: int, good: int) -> None:
    (answered,) = asked(database, "SELECT count(*) FROM file WHERE photo_id IS NOT NULL")
    evil = asked(
        database,
        "SELECT path, kind, attempts, quarantined_at IS NOT NULL FROM failure JOIN file ON file.id = file_id "
        "WHERE CAST(path AS TEXT) LIKE '%.bmp' ORDER BY path",
    )
    rows = [
        ("killed", f"{kills} times; then {runs} runs until nothing was left to try"),
        ("content", "equal to the uninterrupted library's" if said(database) == said(reference) else "DIFFERENT"),
        ("good photos answered", f"{answered[0]} of {good}"),
    ]
    for path, kind, attempts, is_quarantined in evil:
        name = os.path.basename(os.fsdecode(path))
        rows.append(
            (name, f"{kind}, {attempts} attempts, {'in quarantine' if is_quarantined else 'NOT in quarantine'}")
        )
    print("\n".join(table(rows)))


if __name__ == "__main__":
    main()
