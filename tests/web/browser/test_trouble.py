"""What may go wrong while a person decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.drawn import COLOURS, jpeg
from tests.web.browser.conftest import Open
from tests.web.conftest import Gallery, Start
from tests.web.library import library as photos_of_days

pytestmark = pytest.mark.slow

PASSWORD = "correct horse"


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


@pytest.mark.parametrize(("path", "key"), [("/review", "a"), ("/", "/"), ("/landmarks", "")])
def test_who_was_logged_out_is_led_to_the_login_and_back(
    start: Start, open_page: Open, tmp_path: Path, path: str, key: str
) -> None:
    gallery = start(web_listen="0.0.0.0:0", password="an old one")
    photos_of_days(gallery.store, tmp_path / "photos", 5)
    page = open_page(gallery, path)
    page.locator("#password").fill("an old one")
    page.keyboard.press("Enter")
    expect(page.locator("#password")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    gallery.credentials.set_password(PASSWORD)
    if key:
        page.keyboard.press(key)
        page.keyboard.press("e")
    else:
        page.get_by_role("link", name="Places without a name").click()
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(path) if key else "/unknown"))
    expect(page.locator("#password")).to_have_count(0)


def test_a_gallery_that_has_stopped_is_noticed(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/photo/" + photo_of(library))
    page.context.set_offline(True)
    page.get_by_role("button", name="No landmark").click()
    expect(page.locator("#toast")).to_have_text("That did not work. Try again.")


def test_the_answer_to_an_earlier_photo_goes_when_another_one_is_refused(
    start: Start, open_page: Open, tmp_path: Path
) -> None:
    (tmp_path / "rock.jpg").write_bytes(jpeg(COLOURS["red_rock"]))
    (tmp_path / "large.jpg").write_bytes(bytes(40_000))
    page = open_page(start(web_max_upload_bytes=20_000), "/try")
    page.set_input_files("#file", tmp_path / "rock.jpg")
    expect(page.locator("#result h2")).to_have_text("Red Rock")
    page.set_input_files("#file", tmp_path / "large.jpg")
    expect(page.locator("#toast")).to_contain_text("longer than")
    expect(page.locator("#result")).to_be_empty()


def photo_of(gallery: Gallery) -> str:
    with gallery.client() as client:
        return str(client.get("/api/v1/photos").json()["photos"][0]["sha256"])
