"""Screenshots of every page, to be looked at: `SCREENSHOTS=folder pytest tests/web/browser/test_screenshots.py`.

Without the variable they are made all the same, since a page that is wider than its window fails here.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from db.read.gallery.tiles import tiles
from tagger.core.types import Answer, FoundFile, Landmark, NoLandmark, PhotoInfo, Result, Suggestion, Tagged
from tagger.serving.catalogues import CODES
from tagger.web import services
from tests.db.samples import failed
from tests.web.browser.conftest import Open
from tests.web.browser.screenshots import picture
from tests.web.conftest import Gallery, Start
from tests.web.library import FIRST, store_photos

pytestmark = pytest.mark.slow

WINDOWS: dict[str, dict[str, object]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "color_scheme": "light", "has_touch": True},
    "zoomed": {"viewport": {"width": 640, "height": 400}, "color_scheme": "dark"},  # 1280 by 800 at 200 %
}
PAGES = {
    "library": "/",
    "photo": "/photo/{sha256}",
    "review": "/review",
    "map": "/map",
    "landmarks": "/landmarks",
    "unknown": "/unknown",
    "runs": "/runs",
    "run": "/runs/1",
    "try": "/try",
    "share": "/share?query=landmark:taj_mahal",
    "login": "/login",
    "nothing": "/?query=landmark:taj_mahal taken:1999",
    "wrong": "/?query=landmrk:x",
    "missing": "/no",
}
LONG = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 2
ARABIC = "برج إيفل"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = Path(os.environ.get("SCREENSHOTS", tmp_path / "screenshots"))
    made.mkdir(parents=True, exist_ok=True)
    return made


def look_at(
    gallery: Gallery, open_page: Open, folder: Path, window: str, paths: dict[str, str], **options: str
) -> None:
    """Take a screenshot of each of these pages, none of which may be wider than the window."""
    page = open_page(gallery, **(WINDOWS[window] | options))
    width = page.viewport_size and page.viewport_size["width"]
    for name, path in paths.items():
        answer = page.goto(gallery.url + path)
        assert answer is None or answer.status < 500, name
        picture(page, folder / f"{name}-{window}.webp")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


@pytest.mark.parametrize("window", WINDOWS)
def test_every_page_has_room_in_every_window(library: Gallery, open_page: Open, folder: Path, window: str) -> None:
    with library.store.read() as connection:
        sha256 = tiles(connection).tiles[0].sha256
    look_at(library, open_page, folder, window, {name: path.format(sha256=sha256) for name, path in PAGES.items()})


@pytest.mark.parametrize("window", WINDOWS)
def test_photos_that_are_selected_leave_room_to_name_them(
    library: Gallery, open_page: Open, folder: Path, window: str
) -> None:
    page = open_page(library, **WINDOWS[window])
    page.get_by_role("button", name="Select").click()
    for number in range(3):
        page.locator(".tile:visible").nth(number).click()
    picture(page, folder / f"select-{window}.webp")
    page.get_by_role("button", name="Name this place…").click()
    picture(page, folder / f"name-{window}.webp")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


@pytest.mark.parametrize("window", WINDOWS)
def test_places_that_are_taught_and_those_without_a_name_have_room(
    nameless: Gallery, open_page: Open, folder: Path, window: str
) -> None:
    look_at(nameless, open_page, folder, window, {"unknown": "/unknown"})
    page = open_page(nameless, "/unknown")
    page.locator("#name-1").fill(LONG[:200])
    page.locator("#name-1").press("Enter")
    page.wait_for_url("**/?query=landmark%3A**")
    look_at(nameless, open_page, folder, window, {"taught": "/landmarks"})


@pytest.mark.parametrize("window", WINDOWS)
def test_a_library_without_photos_says_what_to_do(gallery: Gallery, open_page: Open, folder: Path, window: str) -> None:
    paths = ("library", "review", "map", "landmarks", "unknown", "runs")
    look_at(gallery, open_page, folder, window, {f"empty-{name}": PAGES[name] for name in paths})


@pytest.mark.parametrize("window", ["desktop", "phone"])
def test_long_names_and_those_from_right_to_left_have_room(
    start: Start, open_page: Open, folder: Path, window: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CODES", (*CODES, "ar"))  # a language of names alone
    landmark = Landmark("long", LONG, "United Kingdom", 53.2, -4.2, LONG, names={"ar": ARABIC, "de": LONG})
    gallery, path = start(), f"/photos/{LONG.replace(' ', '_') * 2}.jpg"
    suggestions = (Suggestion(1, landmark, 0.7, is_tag=True),)
    shown: tuple[tuple[Answer, int, int], ...] = (
        (Tagged(suggestions), 400, 300),
        (NoLandmark(suggestions), 300, 400),
        (Tagged(suggestions), 9000, 300),
    )
    batch = []
    for number, (answer, width, height) in enumerate(shown):
        info = PhotoInfo(width, height, "JPEG", FIRST)
        batch.append((FoundFile(f"{path}{number}", 1, 1), Result(f"{path}{number}", f"{number}" * 64, answer, info)))
    store_photos(gallery.store, [*batch, failed(f"{path}.png")], landmarks=[landmark])
    paths = {name: PAGES[name].format(sha256="0" * 64) for name in ("library", "photo", "review", "landmarks", "run")}
    for locale in ("ar", "de"):
        named = {f"{locale}-{name}": path for name, path in paths.items()}
        look_at(gallery, open_page, folder, window, named, locale=locale)
