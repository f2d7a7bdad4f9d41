"""Are all answers the same after SIGKILL at random moments while photos are scored again, and a restart?

A place is taught in a library of random embeddings, one photo in a hundred of which resembles it. Then the photos are
scored again by a process that is killed, several times in a row, and by one that ends. The answers must be those of a
process that was not interrupted.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.processes import ask
from benchmarks.speed.taught import fill, teach_cabin, unit
from db.engine import open_store
from tagger.library.recorder import register
from tagger.library.taught.rescore import rescore
from tagger.model.bundle import open_bundle
from tagger.model.embedding import projection_of

KILLS = 3  # of one library
CONTENT = {
    "answers": "SELECT photo_id, status FROM assessment ORDER BY photo_id",
    "suggestions": """SELECT photo_id, rank, landmark_id, score, visual_score, is_tag, run_id FROM suggestion
                      ORDER BY photo_id, rank""",
    "embeddings": "SELECT photo_id, look, taught_share FROM embedding ORDER BY photo_id",
    "progress": "SELECT version, photo_id FROM rescored",
}


def again(database: str) -> None:
    """Score the photos of a database again; the child process runs this."""
    bundle = open_bundle()
    with open_store(f"sqlite:///{database}") as store:
        rescore(store, bundle, model=register(store, bundle), min_score=0.0)


def process(database: Path) -> subprocess.Popen[bytes]:
    code = "import sys; from benchmarks.kills.rescore_killed import again; again(sys.argv[1])"
    return subprocess.Popen([sys.executable, "-c", code, str(database)])


def content(database: Path) -> dict[str, list[tuple[object, ...]]]:
    assert ask(database, "PRAGMA integrity_check") == [("ok",)]
    return {name: ask(database, query) for name, query in CONTENT.items()}


def main(*, photos: int = 100_000, times: int = 5, seed: int = 0) -> None:
    moments, bundle, generator = random.Random(seed), open_bundle(), np.random.default_rng(seed)
    projection = projection_of(bundle)
    assert projection
    place = unit(generator.standard_normal((1, projection.dimensions)))[0]
    equal = 0
    with TemporaryDirectory() as folder:
        filled, reference = Path(folder) / "filled.sqlite", Path(folder) / "reference.sqlite"
        with open_store(f"sqlite:///{filled}") as store:
            model = register(store, bundle)
            fill(store, model, photos, place, generator)
            teach_cabin(store, model, place)
        shutil.copy(filled, reference)
        began = time.perf_counter()
        assert process(reference).wait() == 0
        seconds, expected = time.perf_counter() - began, content(reference)
        for number in range(times):
            database, progress = Path(folder) / f"{number}.sqlite", list[int]()
            shutil.copy(filled, database)
            for _ in range(KILLS):
                child = process(database)
                time.sleep(moments.uniform(0.3, 0.9) * seconds)
                child.kill()
                child.wait()
                progress += [photo for _, photo in ask(database, CONTENT["progress"])]
            assert process(database).wait() == 0
            is_equal = content(database) == expected
            equal += is_equal
            print(f"killed {KILLS} times, after {progress} photos: {'equal' if is_equal else 'DIFFERENT'}", flush=True)
    shown = sum(1 for share in expected["embeddings"] if float(str(share[2])) > 0)
    print(f"{equal} of {times} libraries equal the uninterrupted one ({photos:,} photos, {shown:,} show the place)")
