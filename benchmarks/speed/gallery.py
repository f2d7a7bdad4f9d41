"""How fast do the pages of the gallery come, and how large are they, in a library of 100,000 photos?

The library is that of the benchmark `queries`. Each page is asked for over HTTP on loopback, on one connection; the
median and the slowest of several are printed, and the bytes without pictures.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.speed.queries import Library, build
from db.engine import Store, open_store
from tagger.model.predictor import load
from tests.web.serving import serving

BAR_MS, BAR_BYTES = 300.0, 150_000  # of the first page
REPEATS = 7
PAGES = {"library": "/", "timeline": "/api/v1/photos/timeline", "map": "/api/v1/places", "review": "/api/v1/review"}
QUERIES = {
    "all": "",
    "the most frequent landmark": "landmark:landmark_01",
    "the rarest landmark": "landmark:landmark_66",
    "unsure": "state:unreviewed score:<0.6",
    "one month": "taken:2019-07",
    "no landmark": "status:none",
}


@contextmanager
def gallery(store: Store, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to a gallery on a store."""
    with serving(store, load(), folder, k=5) as url:
        yield http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)


def measure(connection: http.client.HTTPConnection, path: str) -> tuple[float, float, int]:
    """Median and slowest in ms, and the bytes."""
    spent_ms, size = [], 0
    for _ in range(REPEATS):
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        size = len(answer.read())
        spent_ms.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, (path, answer.status)
    return statistics.median(spent_ms), max(spent_ms), size


def main(photos: int = 100_000) -> int:
    slow = 0
    with tempfile.TemporaryDirectory() as made, open_store(f"{made}/tags.sqlite") as store:
        build(store, Library(photos))
        print(f"{photos:,} files\n\n{'page':60} {'median ms':>10} {'slowest':>9} {'bytes':>9}")
        with gallery(store, Path(made)) as connection:
            for name, query in QUERIES.items():
                for page, path in PAGES.items():
                    median, slowest, size = measure(connection, f"{path}?{urlencode({'query': query})}")
                    is_over = page == "library" and (median > BAR_MS or size > BAR_BYTES)
                    slow += is_over
                    shown = f"{page}: {name}"
                    print(f"{shown:60} {median:10.1f} {slowest:9.1f} {size:9,}{'  over the bar' if is_over else ''}")
            for path in ("/landmarks", "/runs", "/unknown/places", "/api/v1/photos?after=2012-01-01T00:00:00_1"):
                median, slowest, size = measure(connection, path)
                print(f"{path:60} {median:10.1f} {slowest:9.1f} {size:9,}")
    return 1 if slow else 0
