"""Barriers for people who cannot see, or use no mouse, as axe-core finds them."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()


def serious_barriers(page: Page) -> list[str]:
    """The serious and critical ones on a page."""
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE)
    violations = page.evaluate("axe.run().then(({ violations }) => violations)")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in violations
        if one["impact"] in ("serious", "critical")
    ]
