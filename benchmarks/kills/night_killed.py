"""After killed nights, is the library the same as after undisturbed ones, and is each malicious photo found?

Some photos are damaged in every way a file can be, one hangs its decoder and one kills it. SIGKILL comes at random
moments; after each another run starts, and the last one is not killed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.kills.killed import Content, content
from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, print_table, start_tagging
from tests.hostile_photos import HANG, KILL, hostile_codec

BAD = 20
ATTEMPTS = 3
SETTINGS = {  # a night is short here: failed files are due again immediately
    "TAGGER_RETRY_AFTER_H": "0.000001",
    "TAGGER_MAX_ATTEMPTS": str(ATTEMPTS),
    "TAGGER_PHOTO_TIMEOUT_S": "5",
}

# Files that will be tried again, except those that every run tries.
WAITING = "SELECT count(*) FROM failure WHERE quarantined_at IS NULL AND next_at IS NOT NULL"
MALICIOUS = """SELECT path, kind, attempts, quarantined_at IS NOT NULL FROM failure JOIN file ON file.id = file_id
          WHERE CAST(path AS TEXT) LIKE '%.bmp' ORDER BY path"""


def make_bad(folder: Path, good: Path) -> None:
    """Makes twenty bad files."""
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
    for number, (name, damaged) in enumerate(islice(cycle(contents.items()), BAD - 3)):
        (folder / f"bad {number:02} {name}").write_bytes(damaged + bytes(number // len(contents)))
    (folder / "bad folder.jpg").mkdir()
    (folder / "bad link.jpg").symlink_to("nowhere")
    os.mkfifo(folder / "bad pipe.jpg")


def start(folder: Path, database: Path, python_path: str) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([python_path, str(Path(__file__).parents[2])])
    return start_tagging(folder, database, PYTHONPATH=paths, **SETTINGS)


def until_quiet(folder: Path, database: Path, python_path: str) -> int:
    """How many runs it takes until all failing files are in quarantine."""
    for number in range(1, 2 * ATTEMPTS + 1):
        assert start(folder, database, python_path).wait() in (0, 3)
        if ask(database, WAITING) == [(0,)]:
            return number
    sys.exit("files are still due after all these runs")


def killed(folder: Path, database: Path, python_path: str, moments: Iterable[float]) -> int:
    """How many runs were killed; one that ends before its moment is not."""
    count = 0
    for moment_s in moments:
        run = start(folder, database, python_path)
        with suppress(subprocess.TimeoutExpired):
            run.wait(moment_s)
        count += run.poll() is None
        run.kill()
        run.wait()
    return count


def main(*, data: Path, photos: int = 1000, kills: int = 40, seed: int = 0) -> None:
    dice = random.Random(seed)
    with TemporaryDirectory() as place:
        folder, python_path = Path(place) / "photos", hostile_codec(Path(place) / "codec")
        good = enlarged(real_photos(data), folder, photos - BAD - 2, SMALL)
        make_bad(folder, good[0])
        (folder / "00100 hangs.bmp").write_bytes(HANG)
        (folder / "00200 kills.bmp").write_bytes(KILL)
        reference, database = Path(place) / "reference.sqlite", Path(place) / "tags.sqlite"
        began = time.perf_counter()
        assert start(folder, reference, python_path).wait() == 3
        seconds = time.perf_counter() - began
        until_quiet(folder, reference, python_path)
        moments = (dice.uniform(0.1, seconds / 8) for _ in range(kills))
        count, runs = killed(folder, database, python_path, moments), until_quiet(folder, database, python_path)
        is_equal = without_malicious(database) == without_malicious(reference)
        ((answered,),) = ask(database, "SELECT count(*) FROM file WHERE photo_id IS NOT NULL")
        malicious = ask(database, MALICIOUS)
    rows = [
        ("killed", f"{count} times; then {runs} runs until nothing was left to try"),
        ("content", "equal to the uninterrupted library's" if is_equal else "DIFFERENT"),
        ("good photos answered", f"{answered} of {len(good)}"),
    ]
    for path, kind, attempts, is_quarantined in malicious:
        name, where = os.path.basename(os.fsdecode(path)), "in quarantine" if is_quarantined else "NOT in quarantine"
        rows.append((name, f"{kind}, {attempts} attempts, {where}"))
    print_table(rows)
    print(f"the first run took {seconds:.1f} s undisturbed")


def without_malicious(database: Path) -> Content:
    """A database's content, without why the two malicious photos were given up: a time limit, or runs that died."""
    found = content(database)
    return found | {"failures": [row for row in found["failures"] if not bytes(row[0]).endswith(b".bmp")]}
