"""How fast are several workers on one machine, compared with one process?

Photos/s from the first stored answer to the last one, so without the start of the processes; on a machine with fewer
cores than workers they share these.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.kills.killed import content
from benchmarks.kills.workers_killed import start_worker
from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, print_table

STORED = """SELECT count(*), (julianday(max(assessed_at)) - julianday(min(assessed_at))) * 86400,
            sum(assessed_at = (SELECT min(assessed_at) FROM assessment)) FROM assessment"""
LEASE_S = "60"


def photos_per_s(folder: Path, database: Path, workers: int) -> float:
    """The rate of some workers that begin together."""
    running = [start_worker(folder, database, TAGGER_WORKER_LEASE_S=LEASE_S) for _ in range(workers)]
    assert {worker.wait() for worker in running} <= {0, 3}
    ((photos, seconds, first),) = ask(database, STORED)
    return float((photos - first) / seconds)


def main(*, data: Path, photos: int = 6000, workers: int = 4) -> None:
    with TemporaryDirectory() as place:
        folder, one, several = Path(place) / "photos", Path(place) / "one.sqlite", Path(place) / "several.sqlite"
        enlarged(real_photos(data), folder, photos, SMALL)
        alone = photos_per_s(folder, one, 1)
        shared = photos_per_s(folder, several, workers)
        is_equal = content(one) == content(several)
    print_table(
        [
            ("photos", f"{photos}"),
            ("one process", f"{alone:.1f} photos/s"),
            (f"{workers} workers", f"{shared:.1f} photos/s, {shared / alone:.0%} of one process's"),
            ("content", "equal" if is_equal else "DIFFERENT"),
        ]
    )
