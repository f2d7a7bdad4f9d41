"""A Chromium that opens the gallery. Each request that would leave the machine fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the extra 'test' is not installed")

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS
from tests.library.taught.palette import ORANGE, VIOLET, PaletteEngine, painted, palette_bundle
from tests.web.conftest import Gallery, Start
from tests.web.pictures import drawn_library

CHROMIUM = shutil.which("chromium")
PHOTOS = 30
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
PATIENCE_MS = 30_000  # on a busy machine

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """No longer than a module: Playwright keeps an event loop running, and other tests start their own."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def library(start: Start, tmp_path: Path) -> Gallery:
    """A gallery on drawn photos."""
    gallery = start()
    drawn_library(gallery.store, tmp_path / "photos", PHOTOS)
    return gallery


@pytest.fixture
def nameless(start: Start, tmp_path: Path) -> Gallery:
    """A gallery on photos of two places that its model cannot name."""
    tagger = Tagger(palette_bundle(tmp_path / "palette"), PaletteEngine(), Limits())
    gallery = start(tagger=tagger)
    for name, colour, count in (("violet", VIOLET, 6), ("orange", ORANGE, 4), ("rock", COLOURS["red_rock"], 1)):
        painted(tmp_path / "library", colour, count, name)
    list(LibraryRun(gallery.store, tagger.bundle, [str(tmp_path / "library")], lambda: tagger).results())
    return gallery


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens pages; a script's error, or a request to another machine, fails the test."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def open_page(gallery: Gallery, path: str = "/", **options: object) -> Page:
        def refuse_others(route: Route) -> None:
            if route.request.url.startswith((gallery.url, "data:", "blob:")):
                route.continue_()
            else:
                problems.append(f"leaves the machine: {route.request.url}")
                route.abort()

        context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        context.route("**", refuse_others)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
        )
        page.goto(gallery.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
