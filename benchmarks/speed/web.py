"""Is the gallery fast while everybody wants something of it?

Four questions. How soon does the first page of 100,000 photos come, and how large is it? How many photos/s does
`/suggest` answer to 64 clients at once, compared with `tagger tag` over the same photos? How much slower are a page, a
list and a photo for an ordinary client while others send heads byte by byte, bodies that stop, bodies of a gigabyte,
bombs and malformed forms? How much slower is a nightly run while somebody browses the same library? The gallery, its
clients, its attackers and the run are processes of their own. Of the last two questions each round measures both, in
turn, and the median of the rounds counts. Scrolling needs a browser: with Chromium installed, the longest task of the
page's main thread is traced while 10,000 tiles scroll past.
"""

from __future__ import annotations

import asyncio
import http.client
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.photos import TELEGRAM, enlarged, real_photos
from benchmarks.processes import cost, print_table, run_seconds, tagger_command
from benchmarks.speed.queries import Library, build
from benchmarks.web.attackers import attacked
from benchmarks.web.clients import browse, get, ordinary, suggest, suggest_together
from benchmarks.web.scrolling import longest_task
from benchmarks.web.server import Address, gallery
from db.engine import open_store

BAR_PAGE_MS, BAR_PAGE_BYTES, BAR_SUGGEST, BAR_ATTACKED, BAR_NIGHT, BAR_FRAME_MS = 300, 150_000, 0.8, 1.1, 1.05, 50
PAGES = 15  # of which the median counts
BROWSED = ("/", "/api/v1/photos", "/api/v1/photos/timeline", "/api/v1/photos?after=2018-01-01T00:00:00_1", "/review")
PAUSE_S = 2.0  # of a person, between two pages

Rows = list[tuple[str, str]]


def first_page(address: Address) -> tuple[float, int]:
    """Median milliseconds and bytes of the first page, on one connection."""
    connection, spent_ms, size = http.client.HTTPConnection(*address, timeout=60), [], 0
    for _ in range(PAGES):
        began = time.perf_counter()
        connection.request("GET", "/")
        size = len(connection.getresponse().read())
        spent_ms.append((time.perf_counter() - began) * 1000)
    return median(spent_ms), size


def worker_rate(folder: Path, photos: int, database: Path) -> float:
    """Photos/s of `tagger tag`, from the start of its run to the end."""
    cost(tagger_command("tag", folder, "--db", database))
    return photos / run_seconds(database)


def slowed_by_attacks(address: Address, photo: Path, seconds: float, rounds: int) -> tuple[float, dict[str, str]]:
    """How many times as long an ordinary client waits while others attack, and what the attackers got."""
    requests = [get("/"), get("/api/v1/photos"), suggest(photo.read_bytes())]
    alone, beside, seen = [], [], {}
    for _ in range(rounds):
        alone.append(asyncio.run(ordinary(address, requests, seconds)))
        with attacked(address) as statuses:
            time.sleep(1)
            beside.append(asyncio.run(ordinary(address, requests, seconds)))
        seen = {
            name: ", ".join(f"{status or 'closed'}: {n}" for status, n in c.items()) for name, c in statuses.items()
        }
    return median(beside) / median(alone), seen


@contextmanager
def browsed(address: Address) -> Iterator[None]:
    """Somebody looks at pages while the block lasts."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(browse(address, BROWSED, PAUSE_S, stop)))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def slowed_by_browsing(library: Path, place: Path, folder: Path, rounds: int) -> float:
    """How many times as long a run takes while somebody browses the library that it writes to."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * rounds):
        is_browsed, database = bool(number % 2), place / f"night_{number}.sqlite"
        shutil.copy(library, database)
        with gallery(place, database) as address:
            if is_browsed:
                with browsed(address):
                    cost(tagger_command("tag", folder, "--db", database))
            else:
                cost(tagger_command("tag", folder, "--db", database))
        seconds[is_browsed].append(run_seconds(database))
        database.unlink()
    return median(seconds[True]) / median(seconds[False])


def verdict(is_within: bool) -> str:
    return "" if is_within else "   OVER THE BAR"


def print_measured(rows: Sequence[tuple[str, str, bool]]) -> None:
    print_table([(name, value + verdict(is_within)) for name, value, is_within in rows])


def main(
    *, data: Path, library: int = 100_000, photos: int = 400, clients: int = 64, seconds: float = 60, rounds: int = 5
) -> int:
    rows: list[tuple[str, str, bool]] = []
    with TemporaryDirectory() as name:
        place = Path(name)
        sent = enlarged(real_photos(data), place / "photos", photos, TELEGRAM)
        with open_store(str(place / "library.sqlite")) as store:
            build(store, Library(library))
        with gallery(place, place / "library.sqlite") as address:
            spent_ms, size = first_page(address)
            rows.append((f"first page of {library:,} photos", f"{spent_ms:.0f} ms", spent_ms <= BAR_PAGE_MS))
            rows.append(("its bytes, without pictures", f"{size:,}", size <= BAR_PAGE_BYTES))
            load = asyncio.run(suggest_together(address, sent, clients, seconds))
            errors = sum(load.statuses.values()) - load.statuses[200]
            ratio, got = slowed_by_attacks(address, sent[0], seconds / 6, rounds)
        worker = worker_rate(place / "photos", photos, place / "worker.sqlite")
        share = load.per_s / worker
        rows += [
            (f"/suggest, {clients} clients for {seconds:g} s", f"{load.per_s:.1f} photos/s", True),
            ("the worker over the same photos", f"{worker:.1f} photos/s", True),
            ("ratio", f"{share:.0%}", share >= BAR_SUGGEST),
            ("answers other than 200", f"{errors}", errors == 0),
            ("an ordinary client beside attackers waits", f"{ratio:.2f} times as long", ratio <= BAR_ATTACKED),
            *((f"  {kind}", answers, True) for kind, answers in got.items()),
        ]
        night = slowed_by_browsing(place / "library.sqlite", place, place / "photos", rounds)
        rows.append(("a night while somebody browses takes", f"{night:.2f} times as long", night <= BAR_NIGHT))
    if task := longest_task():
        frame = f"{task.cpu_ms:.0f} ms of work, {task.ms:.0f} ms in all"
        rows.append(("the longest task while 10,000 tiles scroll", frame, task.cpu_ms <= BAR_FRAME_MS))
    print_measured(rows)
    return 0 if all(is_within for _, _, is_within in rows) else 1
