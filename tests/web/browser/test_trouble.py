"""What may go wrong while a person decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.web.browser.conftest import Open
from tests.web.conftest import Gallery, Start
from tests.web.library import library as photos_of_days

pytestmark = pytest.mark.slow


def test_photos_that_were_passed_by_are_not_the_last(start: Start, open_page: Open, tmp_path: Path) -> None:
    gallery = start()
    photos_of_days(gallery.store, tmp_path / "photos", 203)
    page = open_page(gallery, "/review")
    expect(page.locator("#counter")).to_have_text("1 of 203")
    for _ in range(200):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#counter")).to_have_text("201 of 203")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    expect(page.locator("#counter")).to_have_text("203 of 203")
    expect(page.locator("#review")).to_be_visible()


def test_undo_takes_back_what_was_stored_and_not_what_failed(start: Start, open_page: Open, tmp_path: Path) -> None:
    gallery = start()
    photos_of_days(gallery.store, tmp_path / "photos", 3)
    page = open_page(gallery, "/review")
    counter = page.locator("#counter")
    expect(counter).to_have_text("1 of 3")
    page.keyboard.press("a")
    expect(counter).to_have_text("2 of 3")
    page.wait_for_load_state("networkidle")
    held: list[Route] = []
    page.route("**/decisions", lambda route: held.append(route))
    page.keyboard.press("a")
    expect(counter).to_have_text("3 of 3")
    page.keyboard.press("u")
    held[0].abort()
    expect(counter).to_have_text("2 of 3")
    page.unroute_all()
    page.keyboard.press("u")
    expect(counter).to_have_text("1 of 3")
    assert page.request.get(f"{gallery.url}/api/v1/review").json()["total"] == 3
