"""Is the database the same after workers that share a run are killed with SIGKILL at random moments and restarted?

`--store postgresql` does it on a PostgreSQL server that it starts.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.kills.killed import content
from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, database_of, print_table, start_tagging, tagger_command

GIVEN_UP = 1
LEASE_S = "3"  # so that the work of the dead is soon taken over
RUNS = "SELECT status, count(*) FROM run GROUP BY 1 ORDER BY 1"
LEFT = "SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM lease)"
TWICE = "SELECT count(*) FROM (SELECT 1 FROM suggestion WHERE rank = 1 GROUP BY photo_id, model_id HAVING count(*) > 1)"


def start_worker(folder: Path, database: Path | str, **variables: str) -> subprocess.Popen[bytes]:
    command = tagger_command("worker", folder, "--db", database)
    environment = os.environ | {"TAGGER_WORKER_LEASE_S": LEASE_S} | variables
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def killed(folder: Path, database: Path | str, moments: Iterable[float], dice: random.Random, workers: int) -> int:
    """Run workers of which one is killed after each of these waits and started again; wait for their ends.

    Returns:
        How many were killed at work.
    """
    running = [start_worker(folder, database) for _ in range(workers)]
    count = 0
    for wait_s in moments:
        time.sleep(wait_s)
        victim = dice.randrange(workers)
        count += running[victim].poll() is None
        running[victim].kill()
        running[victim].wait()
        running[victim] = start_worker(folder, database)
    for worker in running:
        while (status := worker.wait()) == GIVEN_UP:  # a very busy machine may silence a worker
            worker = start_worker(folder, database)
        assert status in (0, 3)
    return count


def main(
    *, data: Path, photos: int = 2000, workers: int = 4, kills: int = 30, seed: int = 0, store: str = "sqlite"
) -> None:
    dice = random.Random(seed)
    with TemporaryDirectory() as place, database_of(store, Path(place)) as database:
        folder, reference, result = (Path(place) / name for name in ("photos", "reference.sqlite", "result.sqlite"))
        enlarged(real_photos(data), folder, photos, SMALL)
        (folder / "broken.jpg").write_bytes(b"no photo")
        began = time.perf_counter()
        assert start_tagging(folder, reference).wait() == 3
        seconds = time.perf_counter() - began
        moments = [dice.uniform(0, 2 * seconds / kills) for _ in range(kills)]
        count = killed(folder, database, moments, dice, workers)
        subprocess.run(tagger_command("db", "copy", database, result), check=True, capture_output=True)
        is_equal = content(result) == content(reference)
        ((left,),), ((twice,),) = ask(result, LEFT), ask(result, TWICE)
        runs = ", ".join(f"{number} {status}" for status, number in ask(result, RUNS))
    print_table(
        [
            ("photos", f"{photos} and a broken one; one process takes {seconds:.1f} s undisturbed"),
            ("workers", f"{workers} on {store}, killed {count} times at work and restarted"),
            ("runs", runs),
            ("content", "equal to that of one process" if is_equal else "DIFFERENT"),
            ("answered twice", str(twice)),
            ("left waiting", str(left)),
        ]
    )
