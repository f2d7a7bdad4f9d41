"""Logging in, how often one may try, and logging out."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tagger.web.security.credentials import Credentials
from tagger.web.security.rate_limits import RateLimit
from tests.web.conftest import Start

PASSWORD = "correct horse"


def token_of(page: str) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrf" content="([^"]+)"', page)
    assert found is not None
    return found[1]


def log_in(client: httpx.Client) -> None:
    page = client.get("/login").text
    assert client.post("/login", data={"csrf": token_of(page), "password": PASSWORD}).status_code == 303


def test_a_logout_ends_copies_of_the_cookie(start: Start) -> None:
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD)
    with gallery.client() as client, gallery.client() as thief, gallery.client() as other:
        for browser in (client, other):
            log_in(browser)
        thief.cookies = httpx.Cookies(client.cookies)
        assert [one.get("/").status_code for one in (client, thief, other)] == [200, 200, 200]
        client.post("/logout", data={"csrf": token_of(client.get("/").text)})
        assert [one.get("/").status_code for one in (client, thief, other)] == [303, 303, 200]
        assert thief.post("/logout", data={"csrf": "x"}).status_code == 401


def test_what_is_kept_of_ended_sessions_goes_when_they_would_have_ended(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.end_session("old", datetime.now(UTC) - timedelta(seconds=1))
    credentials.end_session("new", datetime.now(UTC) + timedelta(days=1))
    assert (credentials.has_ended("old"), credentials.has_ended("new")) == (False, True)


def test_logins_are_limited_by_network(start: Start) -> None:
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD, web_trusted_proxies=("127.0.0.0/8",))
    with gallery.client() as client:
        csrf = token_of(client.get("/login").text)
        statuses = [
            client.post(
                "/login",
                data={"csrf": csrf, "password": "wrong"},
                headers={"X-Forwarded-For": f"2001:db8::{number:x}"},
            ).status_code
            for number in range(1, 9)
        ]
        other = client.post(
            "/login", data={"csrf": csrf, "password": "wrong"}, headers={"X-Forwarded-For": "2001:db8:0:1::1"}
        )
    assert (statuses, other.status_code) == ([401] * 6 + [429] * 2, 401)


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1:2:3", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_a_household_is_one_client(one: str, other: str, *, are_same: bool) -> None:
    limit = RateLimit(1)
    limit.wait_s(one)
    assert (limit.wait_s(other) is not None) == are_same


def test_a_client_that_asks_too_often_waits() -> None:
    limit = RateLimit(2)
    assert [limit.wait_s("a") for _ in range(3)] == [None, None, 30]
    assert limit.wait_s("b") is None
    assert RateLimit(0).wait_s("a") is None


def test_a_new_password_ends_sessions_and_a_form_of_one_is_refused_by_a_page(start: Start) -> None:
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD)
    with gallery.client(headers={"Accept": "text/html"}) as client:
        log_in(client)
        form = {"csrf": token_of(client.get("/landmarks").text), "landmark": "eiffel_tower"}
        gallery.credentials.set_password("another horse")
        refused = client.post("/landmarks/forget", data=form)
        assert (refused.status_code, "<h1>" in refused.text, "<nav" in refused.text) == (401, True, False)
        assert client.get("/complete?query=x", headers={"HX-Request": "true"}).status_code == 401
        assert client.post("/login", data={"csrf": "old", "password": PASSWORD}).text.startswith("<!doctype html>")
