"""How long does the first page of each documented query take in a large library?

The library is written by `db.write.results`, as in runs: folders of trips in order of time, 66 landmarks, each in a few
folders, with frequencies falling as 1/rank, 60 % of the photos tagged, 1 % of the files broken, a third with a
position, decisions about 2,000, a fifth of the photos in bursts of four, and a thousand that look alike. Each query
runs in a new connection, for which its SQL is written anew, and `again` in the same; the median and the slowest of
several runs are printed.

`--store postgresql` copies the library to a PostgreSQL server that it starts.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from benchmarks.processes import database_of
from db.copying import copy_store
from db.engine import Store, open_store
from db.read.catalog import labels, runs
from db.read.files import file_states
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from db.read.listings import failures, nones, tags
from db.read.query_language.grammar import parse
from db.read.rows import Page
from db.read.search import search
from db.rows import ModelRow, RunStart, Verdict
from db.write.comparisons import assign_groups
from db.write.decisions import record_decision
from db.write.files import Scanned
from db.write.results import write_results
from db.write.runs import register_model, start_run
from tagger.core.types import Failed, FoundFile, Landmark, NoLandmark, PhotoInfo, Result, Suggestion, Tagged

BAR_MS = 50.0
BATCH = 200
RUNS = 10
FIRST_DAY = datetime(2010, 1, 1)
DAYS = 5000
LANDMARKS = [
    Landmark(f"landmark_{rank:02}", f"Landmark {rank}", f"Country {rank // 3}", rank, 2.0 * rank)
    for rank in range(1, 67)
]
DECIDED = 2_000
VERDICTS: tuple[Verdict, ...] = ("shows", "not", "none")
WRITTEN = (  # queries like those of docs/QUERY.md
    'landmark:"landmark 6*"',
    'country:"country 0" NOT landmark:landmark_02',
    "score:>=0.8 taken:2020",
    "margin:<0.3 state:unreviewed",
    "(landmark:landmark_65 OR landmark:landmark_66) NOT has:gps",
    "near:1,2,5km",
    "near:66,132,5km",
    "landmark:landmark_1* score:>=0.8 taken:2022-07..2022-09 state:unreviewed near:12,24,50km",
    "state:confirmed who:ann",
    "state:rejected",
    "status:none taken:..2011",
    "status:none taken:>=2023",
    "status:none OR status:failed",
    "kind:truncated",
    "run:10 file:IMG_9*",
    "model:lite landmark:landmark_3*",
    "tagged:today taken:>=2023",
    "file:IMG_500008.jpg",
    "file:nothing*",
    "NOT score:>=0.5",
    "NOT taken:>=2010",
    "NOT model:lite",
    "NOT folder:/home/ann",
    "NOT tagged:today",
)
MODEL = ModelRow("a" * 64, "b" * 64, "lite", "1", {})
UNUSED = ModelRow("c" * 64, "d" * 64, "unused", "1", {})

Query = Callable[[Connection], Any]


@dataclass(frozen=True)
class Library:
    photos: int

    def batches(self) -> Iterator[list[Scanned]]:
        dice = random.Random(0)
        for first in range(0, self.photos, BATCH):
            trip = self._trip(dice)
            yield [self._outcome(number, trip, dice) for number in range(first, min(first + BATCH, self.photos))]

    def decisions(self) -> Iterator[tuple[str, Verdict, str | None]]:
        """Photos by their digest, and what Ann says about them."""
        for count, number in enumerate(range(0, self.photos, max(1, self.photos // DECIDED))):
            verdict = VERDICTS[count % len(VERDICTS)]
            if number % 100 != 7:
                landmark = None if verdict == "none" else LANDMARKS[count % len(LANDMARKS)].id
                yield self.digest(number), verdict, landmark

    def digest(self, number: int) -> str:
        return hashlib.sha256(self.path(number).encode()).hexdigest()

    def path(self, number: int) -> str:
        return f"/home/ann/Pictures/{self.taken_at(number):%Y}/trip {number // BATCH:04}/IMG_{number:06}.jpg"

    def taken_at(self, number: int) -> datetime:
        return FIRST_DAY + timedelta(days=DAYS * number / self.photos)

    def groups(self) -> dict[int, int]:
        """A fifth of the photos in bursts of four, and one burst of a thousand."""
        single = {number: number for number in range(1, self.photos + 1)}
        bursts = {number: number - (number - 1) % 4 for number in range(1, self.photos // 5)}
        return single | bursts | dict.fromkeys(range(30_001, 31_001), 30_001)

    def _trip(self, dice: random.Random) -> list[Landmark]:
        """Half of a trip's photos show its own landmark, so that landmarks cluster in folders, as in real libraries."""
        weights = [1 / rank for rank in range(1, 67)]
        drawn = dice.choices(LANDMARKS, weights, k=5)
        return drawn + [drawn[0]] * 5

    def _outcome(self, number: int, trip: Sequence[Landmark], dice: random.Random) -> Scanned:
        path = self.path(number)
        file = FoundFile(path, 100_000 + number, number)
        if number % 100 == 7:
            return file, Result(path, None, Failed("truncated", "the file ends before the image does"))
        best, is_tag, score = dice.choice(trip), dice.random() < 0.6, dice.uniform(0.5, 1)
        nearest = dict.fromkeys((best, *LANDMARKS[-2:]))
        suggestions = tuple(
            Suggestion(rank, one, score / rank, is_tag and rank == 1) for rank, one in enumerate(nearest, start=1)
        )
        answer = Tagged(suggestions) if is_tag else NoLandmark(suggestions)
        lat, lon = (trip[0].lat, trip[0].lon) if number // BATCH % 3 == 0 else (None, None)
        info = PhotoInfo(4000, 3000, "JPEG", self.taken_at(number), lat, lon)
        return file, Result(path, self.digest(number), answer, info)


def build(store: Store, library: Library) -> float:
    """Write a library; returns outcomes/s, without the time to draw them."""
    start = RunStart("openvino", "CPU", "bfloat16", "the default", ("/home/ann/Pictures",), 3, "0.1.0")
    with store.write() as connection:
        register_model(connection, UNUSED, landmarks=[])
        model = register_model(connection, MODEL, landmarks=LANDMARKS)
        numbers = [start_run(connection, start, model=model) for _ in range(RUNS)]
    spent_s = 0.0
    for batch, outcomes in enumerate(library.batches()):
        began = time.perf_counter()
        with store.write() as connection:
            run = numbers[batch * BATCH * RUNS // library.photos]
            write_results(connection, outcomes, run=run, model=model, k=3, keeps_place=True)
        spent_s += time.perf_counter() - began
    with store.write() as connection:
        assign_groups(connection, library.groups().items())
        for sha256, verdict, landmark in library.decisions():
            record_decision(connection, sha256, verdict=verdict, landmark=landmark, who="ann", source="benchmark")
    store.optimize()
    return library.photos / spent_s


def documented_queries(library: Library) -> dict[str, Query]:
    """The queries that must answer within `BAR_MS`, by what a user types."""
    late = library.taken_at(library.photos * 9 // 10)
    folder = str(Path(library.path(library.photos // 2)).parent.parent)
    middle = library.path(library.photos // 2)
    most, rare = {"landmarks": ("landmark_01",)}, {"landmarks": ("Landmark 66",)}
    by: dict[str, dict[str, Any]] = {
        "no filter": {},
        "the most frequent landmark": most,
        "the second": {"landmarks": ("landmark_02",)},
        "the third": {"landmarks": ("landmark_03",)},
        "the rarest landmark": rare,
        "landmark --min-score 0.8 --since (last tenth)": {**most, "min_score": 0.8, "taken_since": late},
        "--min-score 0.99": {"min_score": 0.99},
        "--since (last tenth)": {"taken_since": late},
        "--country (the largest)": {"countries": ("country 0",)},
        "--country (small)": {"countries": ("Country 20",)},
        "--country --landmark elsewhere: no hits": {**most, "countries": ("Country 20",)},
        "--under (a year)": {"under": folder},
        "--run (the first)": {"run": 1},
        "--run (the last)": {"run": RUNS},
        "--model (name)": {"model": "lite"},
        "--model (without tags)": {"model": "unused"},
        "--unique": {"unique": True},
        "the most frequent landmark --unique": {**most, "unique": True},
        "the rarest landmark --unique": {**rare, "unique": True},
        "--unique --under (a year)": {"under": folder, "unique": True},
        "all together": {"countries": ("country 0",), "under": folder, "min_score": 0.7, "run": 5, "model": "aaaa"},
    }
    queries = {name: _page(TagFilter(**filters), None) for name, filters in by.items()}
    queries |= {
        f"{name}, from the middle": _page(TagFilter(**by[name]), middle) for name in [*list(by)[:6], "--unique"]
    }
    queries |= {text: _written(text) for text in WRITTEN}
    return queries | {
        "--none --unique": lambda connection: nones(connection, PhotoFilter(unique=True)),
        "--none": lambda connection: nones(connection, PhotoFilter()),
        "--none --run (the last)": lambda connection: nones(connection, PhotoFilter(run=RUNS)),
        "--none --since (last tenth)": lambda connection: nones(connection, PhotoFilter(taken_since=late)),
        "--none --model (without any)": lambda connection: nones(connection, PhotoFilter(model="unused")),
        "--failed": lambda connection: failures(connection, FileFilter()),
        "--failed --run (the last)": lambda connection: failures(connection, FileFilter(run=RUNS)),
        "tagger runs": runs,
    }


def whole_library_queries() -> dict[str, Query]:
    """Queries that read everything; they have no limit."""
    return {
        "tagger labels": labels,
        "what a scan asks of all files": lambda connection: list(file_states(connection, ["/home"], model=2, k=3)),
        "--min-score 2: no hits": _page(TagFilter(min_score=2), None),
    }


def _written(text: str) -> Query:
    return lambda connection: search(connection, TagFilter(query=parse(text)))


def _page(filters: TagFilter, after: str | None) -> Query:
    return lambda connection: tags(connection, filters, after=after)


def measure_ms(url: str, query: Query, repeats: int = 7) -> tuple[float, float, float, int]:
    """Median and slowest in new connections, median in one that has asked before, and the number of rows."""
    new_ms: list[float] = []
    again_ms: list[float] = []
    for _ in range(repeats):
        with open_store(url) as store, store.read() as connection:
            for spent_ms in (new_ms, again_ms):
                began = time.perf_counter()
                answer = query(connection)
                spent_ms.append((time.perf_counter() - began) * 1000)
    rows = len(answer.hits if isinstance(answer, Page) else answer)
    return statistics.median(new_ms), max(new_ms), statistics.median(again_ms), rows


def main(photos: int = 100_000, store: str = "sqlite", kept: str = "") -> int:
    """
    Args:
        kept: a file of SQLite that keeps the library for the next time.
    """
    library = Library(photos)
    with tempfile.TemporaryDirectory() as folder:
        built = built_library(library, kept or f"{folder}/tags.sqlite")
        with copied(built, store, Path(folder)) as measured:
            return _measure(measured, library)


def built_library(library: Library, file: str) -> str:
    """The URL of a library in SQLite, which is written unless the file exists."""
    if not Path(file).exists():
        with open_store(file) as store:
            speed = build(store, library)
        print(f"{library.photos:,} files, written into SQLite at {speed:,.0f} outcomes/s")
    return f"sqlite:///{file}"


@contextmanager
def copied(url: str, store: str, folder: Path) -> Iterator[str]:
    """The URL of a library in SQLite, or of its copy in another database."""
    if store == "sqlite":
        yield url
        return
    with database_of(store, folder) as target_url:
        with open_store(url) as source, open_store(target_url) as target:
            copy_store(source, target, progress=lambda _: None)
        yield target_url


def _measure(url: str, library: Library) -> int:
    with open_store(url) as store:
        print(f"{store.size_bytes() / 1e6:,.0f} MB in {store.name.partition(':')[0]}\n")
    print(f"{'first page of 50 files':60} {'rows':>7} {'median ms':>10} {'slowest':>9} {'again':>7}")
    slow = _table(url, documented_queries(library), BAR_MS)
    print("\nwithout a limit")
    _table(url, whole_library_queries(), None)
    print(f"\n{slow} of the documented queries took more than {BAR_MS:g} ms")
    return 1 if slow else 0


def _table(url: str, queries: dict[str, Query], bar_ms: float | None) -> int:
    slow = 0
    for name, query in queries.items():
        median, slowest, again, rows = measure_ms(url, query)
        is_slow = bar_ms is not None and median > bar_ms
        slow += is_slow
        print(f"{name:60} {rows:7} {median:10.1f} {slowest:9.1f} {again:7.1f}{'  over the bar' if is_slow else ''}")
    return slow
