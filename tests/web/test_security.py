"""What the gate lets in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from db.engine import Store
from tagger.config.settings import load_settings
from tagger.core.errors import ConfigError
from tagger.core.run_options import Limits
from tagger.image.loader import InProcessLoader
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.app import API, PAGES, V1
from tagger.web.pages import overview
from tagger.web.security.credentials import Credentials
from tagger.web.server import listening
from tests.drawn import ColourEngine, colour_bundle, jpeg
from tests.web.conftest import Start

SUGGEST = "/api/v1/suggest"
METRICS = "/api/v1/metrics"
UNSAFE = sorted(
    prefix + route.path
    for prefix, modules in ((V1, API), ("", PAGES))
    for module in modules
    for route in module.router.routes
    if isinstance(route, APIRoute) and set(route.methods or ()) - {"GET", "HEAD"}
)
PASSWORD = "correct horse"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8470", "localhost.evil.example", "", "a b", "@"])
def test_a_name_that_is_not_ours_is_refused(client: httpx.Client, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:8470", "127.0.0.1", "[::1]:8470", "photos.example"])
def test_our_own_names_are_served(start: Start, host: str) -> None:
    with start(web_hosts=("Photos.example",)).client() as client:
        assert client.get("/health", headers={"Host": host}).status_code == 200


def test_nobody_else_reaches_a_gallery_without_a_login(store: Store, tmp_path: Path) -> None:
    tagger = Tagger(colour_bundle(tmp_path / "bundle"), ColourEngine(), Limits())
    settings = load_settings({"web_listen": "0.0.0.0:0", "web_folder": tmp_path / "web"})
    loader = InProcessLoader(tagger.bundle.card.input, tagger.limits)
    with ModelThread(tagger, loader, k=3) as model, Thumbnails(tmp_path / "thumbnails", 1, loader) as thumbnails:
        with (
            pytest.raises(ConfigError, match="tagger web password"),
            listening(settings, store, model, thumbnails),
        ):
            pass
        Credentials(settings.web_folder).set_password(PASSWORD)
        with listening(settings, store, model, thumbnails):
            pass


def test_others_need_a_token(start: Start) -> None:
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD)
    token = gallery.credentials.add_token("laptop")
    with gallery.client() as client:
        assert client.get("/health").status_code == 200
        assert client.get(METRICS).status_code == 401
        assert client.get(METRICS, headers={"Authorization": "Bearer nonsense"}).status_code == 401
        assert client.get(METRICS, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        files = {"photo": ("a.jpg", jpeg())}
        assert client.post(SUGGEST, files=files).status_code == 401
        assert client.post(SUGGEST, files=files, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        gallery.credentials.remove_token("laptop")
        assert client.get(METRICS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Cookie": "tagger_session=x"},
        {"Referer": "https://evil.example/"},
        {"Origin": "null", "X-CSRF-Token": "guess"},
    ],
)
def test_a_page_of_another_site_cannot_post(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post(SUGGEST, files={"photo": ("a.jpg", jpeg())}, headers=headers).status_code == 403


def test_every_post_without_the_token_is_refused(start: Start) -> None:
    assert f"{V1}/photos/{{sha256}}/decisions" in UNSAFE
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD)
    with gallery.client() as client:
        for path in UNSAFE:
            refused = client.post(path, headers={"Origin": gallery.url})
            assert refused.status_code in (401, 403), path


def test_what_a_proxy_says_of_the_user_counts_only_from_a_trusted_one(start: Start) -> None:
    header = {"Remote-User": "ann"}
    for networks, status in (("10.0.0.0/8", 401), ("127.0.0.0/8", 200)):
        gallery = start(web_trusted_proxies=(networks,), web_proxy_user_header="Remote-User")
        with gallery.client() as client:
            assert client.get(METRICS, headers=header).status_code == status
            assert client.get(METRICS).status_code == 401


def test_a_page_of_another_site_can_lead_here_but_load_nothing(client: httpx.Client) -> None:
    for mode, status in (("navigate", 200), ("no-cors", 403), ("cors", 403)):
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
        assert client.get("/landmarks", headers=headers).status_code == status


def test_only_those_who_are_logged_in_learn_why_something_fails(start: Start) -> None:
    with start(web_listen="0.0.0.0:0", password=PASSWORD).client() as client:
        assert client.get("/health").json() == {"status": "fine", "reasons": [], "notes": [], "version": None}
    with start().client() as client:
        assert client.get("/health").json()["version"]


@pytest.mark.parametrize("path", ["/", "/login", "/api/v1/photos", "/static/js/grid.js", "/no"])
def test_head_is_get_without_a_body(client: httpx.Client, path: str) -> None:
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "TRACE"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/api/v1/photos").status_code == 405


def test_credentials_are_private_and_hold_no_password(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "web")
    credentials.set_password(PASSWORD)
    token = credentials.add_token("laptop")
    file = tmp_path / "web" / "access.json"
    assert file.stat().st_mode & 0o077 == 0
    assert PASSWORD not in file.read_text()
    assert token not in file.read_text()
    assert Credentials(tmp_path / "web").name_of(token) == "laptop"


def test_damaged_credentials_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "access.json").write_text("[]")
    with pytest.raises(ConfigError, match="tagger web password"):
        _ = Credentials(tmp_path).tokens


@pytest.mark.sqlite  # it takes the file away
def test_strangers_do_not_learn_where_the_database_lies(start: Start) -> None:
    gallery = start(web_listen="0.0.0.0:0", password=PASSWORD)
    token = gallery.credentials.add_share("", datetime.now(UTC) + timedelta(days=1))
    file = Path(gallery.store.file)
    file.rename(file.with_suffix(".moved"))
    with gallery.client() as client:
        answer = client.get(f"/shared/{token}", headers={"Accept": "text/html"})
    assert (answer.status_code, file.name in answer.text) == (503, False)


def test_an_unexpected_error_is_a_page_without_details(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_connection: object) -> None:
        raise ZeroDivisionError("a detail")

    monkeypatch.setattr(overview, "landmark_cards", fail)
    gallery = start()
    with gallery.client() as client:
        page = client.get("/landmarks", headers={"Accept": "text/html"})
    with gallery.client() as client:  # the server has closed the connection
        answer = client.get("/landmarks")
    assert (page.status_code, "<h1>" in page.text, "detail" in page.text) == (500, True, False)
    assert (answer.status_code, "went wrong" in answer.json()["detail"]) == (500, True)


@pytest.mark.parametrize("path", ["/runs/99999999999999999999", "/runs/0", "/runs/x", "/photo/x"])
def test_a_number_that_cannot_be_one_of_ours_is_refused(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 422
