"""Is the database the same after SIGKILL at random moments of a run and a restart?"""

from __future__ import annotations

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, start_tagging

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


def content(database: Path) -> Content:
    """A database's content, sorted."""
    assert ask(database, "PRAGMA integrity_check") == [("ok",)]
    return {name: sorted(ask(database, query), key=repr) for name, query in CONTENT.items()}


def killed_and_restarted(folder: Path, database: Path, after_s: float) -> Content:
    """The content after a killed run and the next one."""
    run = start_tagging(folder, database)
    time.sleep(after_s)
    run.kill()
    run.wait()
    assert start_tagging(folder, database).wait() in (0, 3)
    return content(database)


def main(*, data: Path, photos: int = 600, times: int = 20, seed: int = 0) -> None:
    moments, equal = random.Random(seed), 0
    with TemporaryDirectory() as place:
        folder, reference = Path(place) / "photos", Path(place) / "reference.sqlite"
        enlarged(real_photos(data), folder, photos, SMALL)
        (folder / "broken.jpg").write_bytes(b"no photo")
        start = time.perf_counter()
        assert start_tagging(folder, reference).wait() == 3
        seconds, expected = time.perf_counter() - start, content(reference)
        for number in range(times):
            after_s = moments.uniform(0.1, seconds)
            is_equal = killed_and_restarted(folder, Path(place) / f"{number}.sqlite", after_s) == expected
            equal += is_equal
            print(f"killed after {after_s:.2f} s of {seconds:.2f} s: {'equal' if is_equal else 'DIFFERENT'}")
    print(f"{equal} of {times} databases equal the uninterrupted run's ({photos} photos)")
