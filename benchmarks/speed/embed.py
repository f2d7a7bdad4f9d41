"""How long does `tagger xmp write --embed` take for a JPEG of 12 megapixels, and does it change anything else?

All photos are written once, then undone. Decoded pixels are compared before and after the write, whole files after
`undo`; and a run after the write must infer nothing. A copy that is flushed to the disk shows what that alone costs.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.photos import LARGE, enlarged, real_photos
from benchmarks.processes import ask, cost, print_table, tagger_command
from db.engine import Store, open_store
from db.read.filters import TagFilter
from tagger.export.xmp import sidecars
from tagger.export.xmp.sidecars import Outcome, WriteOptions
from tagger.library.decisions.decide import decide

ALLOWED_MS = 30.0


def main(data: Path, photos: int = 100) -> None:
    with TemporaryDirectory() as folder:
        paths = enlarged(real_photos(data), Path(folder) / "photos", photos, LARGE)
        database = Path(folder) / "tags.sqlite"
        tag = tagger_command("tag", Path(folder) / "photos", "--db", database)
        cost(tag)
        with open_store(str(database)) as store:
            decide(store, list(map(str, paths)), shows=["eiffel_tower"], who="bench", source="bench", max_bytes=10**9)
            measure(store, paths, lambda: cost(tag))
        inferred = photos - ask(database, "SELECT inherited FROM run ORDER BY id DESC")[0][0]
        print_table([("photos inferred again", f"{inferred:6}")])


def measure(store: Store, paths: list[Path], tag: Callable[[], object]) -> None:
    size_mb = median(path.stat().st_size for path in paths) / 1e6
    files, pixels = list(map(content, paths)), list(map(decoded, paths))
    copy_ms = median(copied(path) for path in paths)
    write_ms, write_cpu_ms = per_photo(
        lambda: list(sidecars.write(store, TagFilter(), WriteOptions(naming="embedded"))), paths
    )
    changed = sum(content(path) != before for path, before in zip(paths, files, strict=True))
    other_pixels = sum(decoded(path) != before for path, before in zip(paths, pixels, strict=True))
    tag()
    undo_ms, undo_cpu_ms = per_photo(lambda: list(sidecars.undo(store, TagFilter())), paths)
    restored = sum(content(path) == before for path, before in zip(paths, files, strict=True))
    print(f"{len(paths)} JPEGs of 12 megapixels, {size_mb:.1f} MB each; ms for each photo")
    rows = [
        ("copy and flush", f"{copy_ms:6.1f}"),
        ("write", f"{write_ms:6.1f}, {write_cpu_ms:.1f} of CPU time; allowed: {ALLOWED_MS:.0f}"),
        ("undo", f"{undo_ms:6.1f}, {undo_cpu_ms:.1f} of CPU time"),
        ("photos written", f"{changed:6}"),
        ("with other pixels", f"{other_pixels:6}"),
        ("restored byte for byte", f"{restored:6}"),
    ]
    print_table(rows)


def per_photo(work: Callable[[], list[Outcome]], paths: list[Path]) -> tuple[float, float]:
    """Wall-clock and CPU milliseconds."""
    start, cpu = time.perf_counter(), time.process_time()
    assert [outcome.status for outcome in work()] == ["written"] * len(paths)
    seconds = time.perf_counter() - start, time.process_time() - cpu
    return seconds[0] / len(paths) * 1e3, seconds[1] / len(paths) * 1e3


def copied(path: Path) -> float:
    """Milliseconds to copy a file."""
    start = time.perf_counter()
    copy = path.with_suffix(".copy")
    with copy.open("wb") as file:
        file.write(path.read_bytes())
        os.fsync(file.fileno())
    milliseconds = (time.perf_counter() - start) * 1e3
    copy.unlink()
    return milliseconds


def content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def decoded(path: Path) -> str:
    with Image.open(path) as image:
        return hashlib.sha256(image.convert("RGB").tobytes()).hexdigest()
