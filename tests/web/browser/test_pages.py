"""The gallery as a person uses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from db.read.gallery.tiles import Tile, tiles
from db.read.query_language.grammar import parse
from db.read.query_language.tree import ALL
from tagger.core.types import FoundFile, Landmark, PhotoInfo, Result, Suggestion, Tagged
from tests.db.samples import assessed, failed
from tests.drawn import COLOURS, jpeg
from tests.web.browser.barriers import serious_barriers
from tests.web.browser.conftest import PHONE, PHOTOS, Open
from tests.web.browser.tracing import scroll, traced
from tests.web.conftest import Gallery, Start
from tests.web.library import FIRST, keep_thumbnails, store_photos
from tests.web.library import library as photos_of_days
from tests.web.pictures import drawn_library

pytestmark = pytest.mark.slow

LONGEST_FRAME_MS = 50.0
PAGES = (
    "/",
    "/review",
    "/map",
    "/landmarks",
    "/unknown",
    "/runs",
    "/runs/1",
    "/try",
    "/share",
    "/login",
    "/photo/{sha256}",
    "/no",
)
EVIL = """<script>evil=1</script>"'><img src=x onerror="evil=1"><svg onload=evil=1>{{7*7}}javascript:evil=1"""


def tiles_in(gallery: Gallery) -> tuple[Tile, ...]:
    with gallery.store.read() as connection:
        return tiles(connection).tiles


def newest(gallery: Gallery, query: str = "") -> str:
    with gallery.store.read() as connection:
        return tiles(connection, parse(query) if query else ALL, limit=1).tiles[0].sha256


def test_the_first_visit_shows_the_library(library: Gallery, open_page: Open) -> None:
    page = open_page(library)
    expect(page.locator("#counter")).to_have_text(f"{PHOTOS} photos")
    first = page.locator(".tile").first
    expect(first).to_have_attribute("href", f"/photo/{newest(library)}")
    expect(first.locator("img")).to_have_attribute("alt", re.compile(r".+, \d+ \w+ \d{4}, .*unreviewed"))
    first.click()
    expect(page.locator("h1")).to_be_visible()


def test_a_search_is_completed_and_finds(library: Gallery, open_page: Open) -> None:
    page = open_page(library)
    page.locator("#query").press_sequentially("taj")
    expect(page.locator("#completions button").first).to_contain_text("Taj Mahal")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#query")).to_have_value("landmark:taj_mahal ")
    page.locator("#query").press("Enter")
    page.wait_for_url("**/?query=landmark**")
    expect(page.locator(".tile img").first).to_have_attribute("alt", re.compile("^Taj Mahal"))


def test_a_search_that_is_wrong_says_where(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/?query=landmrk:x")
    expect(page.locator(".problem")).to_contain_text("landmrk is not a key")


def test_a_hundred_photos_are_reviewed_by_keyboard(start: Start, open_page: Open, tmp_path: Path) -> None:
    gallery = start()
    photos_of_days(gallery.store, tmp_path / "photos", 100)
    page = open_page(gallery, "/review")
    counter = page.locator("#counter")
    for number in range(100):
        expect(counter).to_have_text(f"{number + 1} of 100")
        page.keyboard.press("ar"[number % 2])
    expect(page.locator("#done")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert all(tile.is_reviewed for tile in tiles_in(gallery))
    page.keyboard.press("u")
    expect(page.locator("#review")).to_be_visible()
    expect(counter).to_have_text("100 of 100")
    page.keyboard.press(" ")
    expect(page.locator("#skipped")).to_be_visible()
    page.reload()
    expect(counter).to_have_text("1 of 1")


def test_a_skipped_photo_comes_last(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/review")
    expect(page.locator("#counter")).to_have_text(re.compile("^1 of"))
    first = page.locator("#link").get_attribute("href")
    page.keyboard.press(" ")
    expect(page.locator("#counter")).to_have_text(re.compile("^2 of"))
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.locator("#counter")).to_have_text(re.compile("^1 of"))
    assert page.locator("#link").get_attribute("href") != first


def test_another_landmark_is_chosen_by_a_name_in_any_case(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/review")
    expect(page.locator("#counter")).to_have_text(re.compile("^1 of"))
    decided = (page.locator("#link").get_attribute("href") or "").rpartition("/")[2]
    page.keyboard.press("c")
    page.locator("#choice").press_sequentially("BRANDEN")
    expect(page.locator("#names button").first).to_contain_text("Brandenburg Gate")
    page.keyboard.press("Enter")
    expect(page.locator("#counter")).to_have_text(re.compile("^2 of"))
    page.wait_for_load_state("networkidle")
    page.goto(f"{library.url}/photo/{decided}")
    expect(page.locator("h1")).to_have_text("Brandenburg Gate")


def test_all_of_a_landmark_are_confirmed_at_once(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/review?query=landmark:taj_mahal")
    expect(page.locator("#batch")).to_have_text("Confirm all Taj Mahal")
    page.keyboard.press("b")
    expect(page.locator("#done")).to_be_visible()
    page.goto(f"{library.url}/?query=landmark:taj_mahal state:unreviewed")
    expect(page.locator(".empty h2")).to_have_text("Nothing found")


def test_a_photo_is_decided_on_its_page_and_that_is_undone(library: Gallery, open_page: Open) -> None:
    page = open_page(library, f"/photo/{newest(library, 'state:unreviewed')}")
    page.get_by_role("button", name="Right").click()
    expect(page.locator(".state")).to_have_text("✓ reviewed")
    page.locator(".history").get_by_role("button", name="Undo").click()
    expect(page.locator(".state")).not_to_have_text("✓ reviewed")


def test_a_photo_that_is_dropped_in_is_answered(library: Gallery, open_page: Open, tmp_path: Path) -> None:
    (tmp_path / "rock.jpg").write_bytes(jpeg(COLOURS["red_rock"]))
    (tmp_path / "text.jpg").write_text("no photo")
    page = open_page(library, "/try")
    page.set_input_files("#file", tmp_path / "rock.jpg")
    expect(page.locator("#result h2")).to_have_text("Red Rock")
    page.set_input_files("#file", tmp_path / "text.jpg")
    expect(page.locator("#result .problem")).to_be_visible()


def test_the_map_works_without_a_network(library: Gallery, open_page: Open) -> None:
    page = open_page(library, "/map")
    expect(page.locator(".cluster").first).to_be_visible()
    expect(page.locator("#map path").first).to_be_attached()
    expect(page.locator("#counter")).to_have_text(re.compile(r"\d+ photos in view"))


def test_a_link_shows_what_is_shared_and_nothing_else(start: Start, open_page: Open, tmp_path: Path) -> None:
    gallery = start(web_listen="0.0.0.0:0", password="correct horse")
    drawn_library(gallery.store, tmp_path / "photos", 12)
    token = gallery.credentials.add_share("landmark:taj_mahal", datetime.now(UTC) + timedelta(days=1))
    page = open_page(gallery, f"/shared/{token}")
    shown = page.locator(".tile")
    expect(shown.first.locator("img")).to_have_attribute("alt", "Taj Mahal")
    assert page.request.get(gallery.url + (shown.first.get_attribute("href") or "")).ok
    other = newest(gallery, "NOT landmark:taj_mahal")
    assert page.request.get(f"{gallery.url}/shared/{token}/{other}").status == 404
    assert page.request.get(f"{gallery.url}/api/v1/photos").status == 401
    gallery.credentials.add_share("", datetime.now(UTC) - timedelta(days=1))
    (share,) = gallery.credentials.shares()
    gallery.credentials.remove_share(share)
    expect(open_page(gallery, f"/shared/{token}").locator("h1")).to_have_text("Not found")


def test_a_login_is_needed_and_ends(start: Start, open_page: Open) -> None:
    gallery = start(web_listen="0.0.0.0:0", password="correct horse")
    page = open_page(gallery, "/landmarks")
    page.locator("#password").fill("wrong horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".problem")).to_have_text("The password is wrong.")
    page.locator("#password").fill("correct horse")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("h1")).to_have_text("Landmarks")
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#password")).to_be_visible()


def test_a_phone_shows_every_page_in_its_width(library: Gallery, open_page: Open) -> None:
    page = open_page(library, **PHONE)
    for path in PAGES:
        page.goto(library.url + path.format(sha256=newest(library)))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_barrier(library: Gallery, open_page: Open, scheme: str) -> None:
    page = open_page(library, color_scheme=scheme)
    found = {}
    for path in PAGES:
        page.goto(library.url + path.format(sha256=newest(library)))
        found[path] = serious_barriers(page)
    assert {path: barriers for path, barriers in found.items() if barriers} == {}


def test_scrolling_keeps_the_page_small_and_each_frame_short(start: Start, open_page: Open, tmp_path: Path) -> None:
    gallery = start()
    widths = (4000, 2250, 5000, 12_000)
    batch = [
        assessed(
            f"/p/{number:05}.jpg",
            width=widths[number * 7 % 11 % 4],
            height=3000,
            taken_at=FIRST + timedelta(hours=number),
        )
        for number in range(10_000)
    ]
    store_photos(gallery.store, batch)
    keep_thumbnails(tmp_path / "thumbnails", [result.sha256 for _, result in batch])
    page = open_page(gallery)
    expect(page.locator("#counter")).to_have_text("10,000 photos")
    before = page.evaluate("document.querySelectorAll('*').length")
    tasks = traced(page, lambda: scroll(page))
    expect(page.locator(".tile[data-index='9999'] img")).to_have_attribute("alt", re.compile("Eiffel Tower"))
    assert page.evaluate("document.querySelectorAll('*').length") == before
    assert max(task.cpu_ms for task in tasks) < LONGEST_FRAME_MS


def test_photos_keep_their_shapes_in_rows_that_are_full(library: Gallery, open_page: Open) -> None:
    page = open_page(library)
    expect(page.locator("#counter")).to_have_text(f"{PHOTOS} photos")
    page.locator(".tile img[src]").first.wait_for()
    rows: dict[float, list[dict[str, float]]] = {}
    for box in page.locator(".tile:visible").evaluate_all("tiles => tiles.map(tile => tile.getBoundingClientRect())"):
        rows.setdefault(box["y"], []).append(box)
    assert {round(box["width"] / box["height"], 1) for row in rows.values() for box in row} == {0.7, 1.5}
    ends = [round(max(box["right"] for box in row)) for _, row in sorted(rows.items())]
    assert len(set(ends[:-1])) == 1
    assert len({round(box["height"]) for box in next(iter(rows.values()))}) == 1


def test_arrows_lead_through_the_grid_and_back_leads_to_the_same_place(start: Start, open_page: Open) -> None:
    gallery = start()
    store_photos(gallery.store, [assessed(f"/p/{n:05}.jpg", taken_at=FIRST + timedelta(hours=n)) for n in range(1000)])
    page = open_page(gallery)
    expect(page.locator("#counter")).to_have_text("1,000 photos")
    page.locator(".tile[tabindex='0']").focus()
    for key in ("End", "ArrowUp", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    focused = page.locator(".tile:focus")
    expect(focused.locator("img")).to_have_attribute("alt", re.compile("Eiffel Tower"))
    href = focused.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{href}")
    page.go_back()
    expect(page.locator(f".tile[href='{href}']")).to_be_in_viewport()


def test_arrows_lead_from_photo_to_photo_of_a_search(library: Gallery, open_page: Open) -> None:
    with library.store.read() as connection:
        first, second, *_ = tiles(connection, parse("landmark:taj_mahal")).tiles
    page = open_page(library, f"/photo/{first.sha256}?query=landmark:taj_mahal")
    expect(page.locator("#newer")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/photo/{second.sha256}?query=landmark*")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/photo/{first.sha256}?query=landmark*")
    page.keyboard.press("Escape")
    page.wait_for_url("**/?query=landmark*")


def test_what_others_have_written_is_never_a_script(start: Start, open_page: Open) -> None:
    landmark = Landmark("x", EVIL, EVIL, 10.0, 20.0, EVIL, (EVIL,))
    answer = Tagged((Suggestion(1, landmark, 0.9, is_tag=True),))
    gallery, path = start(), f"/p/{EVIL}.jpg"
    info = PhotoInfo(40, 40, EVIL, datetime(2024, 5, 1), 10.0, 20.0)
    result = Result(path, "a" * 64, answer, info)
    store_photos(gallery.store, [(FoundFile(path, 1, 1), result), failed(f"{path}.png")], landmarks=[landmark])
    page = open_page(gallery)
    for target in (*PAGES, f"/?{urlencode({'query': EVIL})}", f"/review?{urlencode({'query': EVIL})}"):
        page.goto(gallery.url + target.format(sha256="a" * 64))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.evil") is None, target
    page.goto(gallery.url)
    page.locator("#query").press_sequentially("landmark:")
    expect(page.locator("#completions button").first).to_be_visible()
    assert page.evaluate("window.evil") is None
