"""A page that was open while the gallery was upgraded."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tagger.web.assets import VERSION
from tests.web.browser.conftest import Open
from tests.web.conftest import Gallery

pytestmark = pytest.mark.slow

MAKE_OLD = """() => {
    document.querySelector("meta[name=version]").content = "old";
    document.body.setAttribute("hx-headers:inherited", JSON.stringify({"X-Gallery-Version": "old"}));
}"""


@pytest.mark.parametrize(("path", "keys"), [("/", "/taj"), ("/review", "n")])
def test_a_page_from_before_an_upgrade_is_reloaded(library: Gallery, open_page: Open, path: str, keys: str) -> None:
    page = open_page(library, path)
    expect(page.locator("#counter")).to_have_text(re.compile("photos|of"))
    page.wait_for_load_state("networkidle")
    page.evaluate(MAKE_OLD)
    with page.expect_navigation():
        for key in keys:
            page.keyboard.press(key)
    expect(page.locator("meta[name=version]")).to_have_attribute("content", VERSION)
