"""What the main thread of a page does, traced by Chromium itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"]
POLL_MS = 50


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the main thread; no frame is drawn while it runs.

    Args:
        ms: how long it took.
        cpu_ms: how much of this it ran: on a busy machine it also waits for a core.
    """

    ms: float
    cpu_ms: float


def traced(page: Page, act: Callable[[], object]) -> list[Task]:
    """The tasks of the page's main thread while something is done."""
    session = page.context.new_cdp_session(page)
    events: list[dict[str, Any]] = []
    is_complete: list[object] = []
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    session.on("Tracing.tracingComplete", lambda data: is_complete.append(data))
    session.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": {"includedCategories": CATEGORIES}})
    act()
    session.send("Tracing.end")
    while not is_complete:
        page.wait_for_timeout(POLL_MS)
    session.detach()
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        Task(event["dur"] / 1000, event.get("tdur", event["dur"]) / 1000)
        for event in events
        if event["name"] == "RunTask" and "dur" in event and (event["pid"], event["tid"]) in threads
    ]


def scroll(page: Page) -> None:
    """Scroll to the end as a person does, slowly at first, then fast."""
    for _ in range(20):
        page.mouse.wheel(0, 240)
        page.wait_for_timeout(16)
    while page.evaluate("scrollY + innerHeight < document.documentElement.scrollHeight - 1"):
        page.mouse.wheel(0, 8000)
        page.wait_for_timeout(16)
