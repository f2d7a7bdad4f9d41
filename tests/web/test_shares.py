"""Share links over HTTP."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.web.conftest import Gallery
from tests.web.library import library


def form(client: httpx.Client, **fields: str) -> httpx.Response:
    """Send the form as a browser does."""
    csrf = re.search(r'name="csrf" content="([^"]+)"', client.get("/share").text)
    assert csrf is not None
    return client.post("/share", data={"csrf": csrf[1], **fields})


def test_a_link_is_shown_once_and_leads_to_what_its_query_finds(
    gallery: Gallery, client: httpx.Client, tmp_path: Path
) -> None:
    first, *_, last = library(gallery.store, tmp_path / "photos", 3)
    made = form(client, query="score:>=0.8", until=f"{datetime.now(UTC).date() + timedelta(days=3)}")
    link = re.search(r'value="http://[^/]+(/shared/[^"]+)"', made.text)
    assert link is not None
    assert link[1] not in client.get("/share").text
    page = client.get(link[1]).text
    assert last in page
    assert first not in page
    assert client.get(f"{link[1]}/{last}").headers["content-type"] == "image/webp"
    assert client.get(f"{link[1]}/{first}").status_code == 404


@pytest.mark.parametrize("until", ["2020-01-01", "2999-01-01", "2024-13-45", "tomorrow"])
def test_a_link_ends_on_a_day_that_is_not_far(client: httpx.Client, until: str) -> None:
    assert form(client, query="", until=until).status_code == 422


def test_a_link_that_has_ended_leads_nowhere(gallery: Gallery, client: httpx.Client) -> None:
    token = gallery.credentials.add_share("", datetime.now(UTC) - timedelta(seconds=1))
    assert client.get(f"/shared/{token}").status_code == 404
    assert client.get("/shared/guess").status_code == 404


def test_a_link_does_not_tell_when_photos_were_taken(gallery: Gallery, client: httpx.Client, tmp_path: Path) -> None:
    digests = library(gallery.store, tmp_path / "photos", 62)
    token = gallery.credentials.add_share("", datetime.now(UTC) + timedelta(days=1))
    page = client.get(f"/shared/{token}").text
    assert "2024-0" not in page
    (after,) = re.findall(r"after=([0-9a-f]{64})", page)
    older = client.get(f"/shared/{token}", params={"after": after}).text
    assert [sha256 in older for sha256 in digests[:3]] == [True, True, False]


def test_a_link_whose_query_finds_nothing_any_more_has_ended(gallery: Gallery, client: httpx.Client) -> None:
    token = gallery.credentials.add_share("landmark:nowhere", datetime.now(UTC) + timedelta(days=1))
    answer = client.get(f"/shared/{token}")
    assert (answer.status_code, "nowhere" in answer.text) == (404, False)
