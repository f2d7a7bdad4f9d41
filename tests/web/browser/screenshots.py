"""Screenshots of the gallery on drawn photos.

`python -m tests.web.browser.screenshots docs/web` makes those of docs/WEB.md.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from db.engine import open_store
from db.read.gallery.tiles import tiles
from db.read.query_language.grammar import parse
from tagger.core.run_options import Limits
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, colour_bundle
from tests.web.pictures import drawn_library
from tests.web.serving import serving

PHOTOS = 120
POLL_MS, MOST_POLLS = 500, 240
ALL_LOADED = "[...document.images].every((image) => image.hidden || image.complete)"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
PAGES = {  # name: path, viewport, colour scheme
    "library": ("/", DESKTOP, "light"),
    "photo": ("/photo/{sha256}", DESKTOP, "dark"),
    "review": ("/review", DESKTOP, "light"),
    "map": ("/map", DESKTOP, "light"),
    "phone": ("/?query=landmark:taj_mahal", PHONE, "dark"),
}


def take(browser: Browser, url: str, sha256: str, folder: Path) -> list[Path]:
    """Take the screenshots.

    Args:
        browser: any.
        url: of the gallery.
        sha256: the photo whose page is shown.
        folder: where to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, (path, viewport, scheme) in PAGES.items():
        page = browser.new_page(viewport=viewport, color_scheme=scheme)  # type: ignore[arg-type]
        page.set_default_timeout(120_000)
        page.goto(url + path.format(sha256=sha256))
        made.append(picture(page, folder / f"{name}.webp"))
        page.close()
    return made


def picture(page: Page, file: Path) -> Path:
    """Take one screenshot of what a page shows, with its pictures."""
    _wait_for_pictures(page)
    Image.open(io.BytesIO(page.screenshot())).save(file, quality=80, method=6)
    return file


def _wait_for_pictures(page: Page) -> None:
    """Wait until all pictures in view are there; the page's own policy forbids Playwright's way to wait for that."""
    page.wait_for_load_state("networkidle")
    for _ in range(MOST_POLLS):
        page.wait_for_timeout(POLL_MS)
        if page.evaluate(ALL_LOADED):
            return


def main() -> None:
    with tempfile.TemporaryDirectory() as made, open_store(f"{made}/tags.sqlite") as store:
        drawn_library(store, Path(made) / "photos", PHOTOS)
        tagger = Tagger(colour_bundle(Path(made) / "bundle"), ColourEngine(), Limits())
        with store.read() as connection:
            sha256 = tiles(connection, parse("landmark:taj_mahal has:gps"), limit=1).tiles[0].sha256
        with serving(store, tagger, Path(made)) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser, url, sha256, Path(sys.argv[1]))
            browser.close()


if __name__ == "__main__":
    main()
