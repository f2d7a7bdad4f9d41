"""Selecting photos in the grid, and naming what they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.browser.barriers import serious_barriers
from tests.web.browser.conftest import PHONE, Open
from tests.web.conftest import Gallery

pytestmark = pytest.mark.slow


def test_three_photos_are_named_and_another_one_is_answered_with_the_place(
    nameless: Gallery, open_page: Open, tmp_path: Path
) -> None:
    page = open_page(nameless, "/?query=file:violet* status:none")
    expect(page.locator("#counter")).to_have_text("6 photos")
    page.get_by_role("button", name="Select").click()
    for number in range(3):
        page.locator(".tile:visible").nth(number).click()
    expect(page.locator("#selected")).to_have_text("3 selected")
    page.get_by_role("button", name="Name this place…").click()
    page.locator("#place").fill("Grandma's House")
    page.locator("#near").fill("48.1, 11.5")
    assert serious_barriers(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_have_text("Grandma's House was taught")
    expect(page.locator(".tile.reviewed")).to_have_count(3)
    page.goto(f"{nameless.url}/try")
    page.set_input_files("#file", tmp_path / "library" / "violet5.png")
    expect(page.locator("#result h2")).to_have_text("Grandma's House")
    page.goto(f"{nameless.url}/landmarks")
    assert serious_barriers(page) == []
    page.get_by_role("button", name="Remove Grandma's House").click()
    expect(page.locator("#own")).to_have_count(0)


def test_the_keyboard_selects_and_says_what_all_show(nameless: Gallery, open_page: Open) -> None:
    page = open_page(nameless, "/?query=file:orange* status:none")
    expect(page.locator("#counter")).to_have_text("4 photos")
    page.locator(".tile[tabindex='0']").focus()
    page.keyboard.press("x")
    expect(page.locator(".tile:focus")).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Space")
    expect(page.locator("#selected")).to_have_text("3 selected")
    page.locator(".tile:focus").press("Space")
    expect(page.locator("#selected")).to_have_text("2 selected")
    page.get_by_role("button", name="No landmark").click()
    expect(page.locator(".tile.reviewed")).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile.reviewed")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    expect(page.locator("[role=checkbox]")).to_have_count(0)


def test_a_landmark_s_name_is_completed_and_decides(nameless: Gallery, open_page: Open) -> None:
    page = open_page(nameless, "/?query=file:orange* status:none")
    expect(page.locator("#counter")).to_have_text("4 photos")
    page.locator(".tile:visible").first.click(modifiers=["Shift"])
    expect(page.locator("#selected")).to_have_text("1 selected")
    page.get_by_role("button", name="Name this place…").click()
    page.locator("#place").press_sequentially("red")
    page.locator("#place-names button").first.click()
    page.get_by_role("button", name="Name it").click()
    expect(page.locator("#toast")).to_have_text("1 confirmed as Red Rock")


def test_a_group_of_photos_is_named_on_a_phone(nameless: Gallery, open_page: Open) -> None:
    page = open_page(nameless, "/unknown", **PHONE)
    expect(page.locator("#places section")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert serious_barriers(page) == []
    page.locator("#name-1").fill("Cabin")
    page.locator("#name-1").press("Enter")
    page.wait_for_url("**/?query=landmark%3Acabin")
    expect(page.locator("#counter")).to_have_text("6 photos")
    page.get_by_role("button", name="Select").click()
    page.locator(".tile:visible").first.tap()
    expect(page.locator("#it-is")).to_have_text("It is Cabin")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_who_names_photos_that_have_another_tag_reads_how_to_take_it_back(nameless: Gallery, open_page: Open) -> None:
    page = open_page(nameless, "/?query=file:violet* status:none")
    for name in ("Grandma's House", "Cabin"):
        expect(page.locator("#counter")).to_have_text("6 photos")
        page.locator(".tile:visible").first.click(modifiers=["Shift"])
        page.locator(".tile:visible").nth(5).click(modifiers=["Shift"])
        expect(page.locator("#selected")).to_have_text("6 selected")
        page.get_by_role("button", name="Name this place…").click()
        page.locator("#place").fill(name)
        page.get_by_role("button", name="Name it").click()
        expect(page.locator(".tile.reviewed")).to_have_count(6)
        warned = page.locator("#toast", has_text="6 of 6 photos were tagged Grandma's House.")
        expect(warned).to_have_count(int(name == "Cabin"))
