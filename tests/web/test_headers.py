"""All responses have the headers that keep foreign scripts out, whoever answers."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tagger.web.pages import overview
from tagger.web.security.headers import always
from tests.web.conftest import Gallery


def missing_headers(answer: httpx.Response) -> set[str]:
    return {name for name in (*always(""), "Cache-Control") if name not in answer.headers}


def test_no_page_may_run_foreign_scripts(client: httpx.Client) -> None:
    headers = client.get("/health").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/no", 404),
        ("/landmarks", 500),
        ("/runs/x", 422),
        ("/static/no.js", 404),
        ("/static/js/grid.js", 200),
        ("/api/v1/photos?after=x", 422),
        ("/shared/guess", 404),
    ],
)
def test_every_response_has_the_headers(
    client: httpx.Client, path: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "landmark_cards", lambda _connection: 1 / 0)
    for accepted in ("text/html", "application/json"):
        answer = client.get(path, headers={"Accept": accepted, "Connection": "close"})
        assert (answer.status_code, missing_headers(answer)) == (status, set())
    assert missing_headers(client.head(path, headers={"Connection": "close"})) == set()


def test_refusals_before_the_routes_have_the_headers(client: httpx.Client) -> None:
    refused = {
        401: client.get("/", headers={"Authorization": "Bearer no"}),
        403: client.post("/logout"),
        405: client.put("/api/v1/photos"),
        413: client.post("/login", content=bytes(100_000), headers={"Connection": "close"}),
        421: client.get("/", headers={"Host": "evil.example"}),
    }
    assert {status: (answer.status_code, missing_headers(answer)) for status, answer in refused.items()} == {
        status: (status, set()) for status in refused
    }


def test_what_is_not_http_is_refused_with_the_headers(gallery: Gallery) -> None:
    address = urlsplit(gallery.url)
    with socket.create_connection((str(address.hostname), address.port or 0), timeout=30) as client:
        client.sendall(b"nonsense\r\n\r\n")
        answer = client.makefile("rb").read().decode().lower()
    assert answer.startswith("http/1.1 400 ")
    assert [name for name in always("") if f"{name.lower()}: " not in answer] == []
