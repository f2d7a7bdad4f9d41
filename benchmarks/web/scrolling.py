"""Scrolling through the grid, traced in Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from db.engine import open_store

if TYPE_CHECKING:
    from tests.web.browser.tracing import Task

TILES = 10_000
READY_MS = 1000


def longest_task() -> Task | None:
    """The longest task of the page's main thread; None without a browser."""
    browser = shutil.which("chromium")
    if browser is None or find_spec("playwright") is None:
        return None
    from playwright.sync_api import sync_playwright

    from tests.web.browser.tracing import scroll, traced

    with _gallery() as url, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)
        page.goto(url)
        page.locator(".grid.windowed .tile[data-sha256]").first.wait_for()
        page.wait_for_timeout(READY_MS)
        tasks = traced(page, lambda: scroll(page))
        chromium.close()
    return max(tasks, key=lambda task: task.cpu_ms)


@contextmanager
def _gallery() -> Iterator[str]:
    """A gallery on photos without files, which have thumbnails all the same."""
    from tagger.core.run_options import Limits
    from tagger.model.predictor import Tagger
    from tests.db.samples import assessed
    from tests.drawn import ColourEngine, colour_bundle
    from tests.web.library import FIRST, keep_thumbnails, store_photos
    from tests.web.serving import serving

    with TemporaryDirectory() as name, open_store(f"{name}/tags.sqlite") as store:
        place = Path(name)
        batch = [assessed(f"/p/{n:05}.jpg", taken_at=FIRST + timedelta(hours=n)) for n in range(TILES)]
        store_photos(store, batch)
        keep_thumbnails(place / "thumbnails", [result.sha256 for _, result in batch])
        tagger = Tagger(colour_bundle(place / "bundle"), ColourEngine(), Limits())
        with serving(store, tagger, place) as url:
            yield url
