"""An upgrade while the gallery runs, or while somebody looks at a page of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from db.engine import Store
from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tagger.model.predictor import Tagger
from tagger.web.assets import VERSION
from tests.library.taught.palette import VIOLET, PaletteEngine, painted, palette_bundle
from tests.web.conftest import Gallery

OLD = {"X-Gallery-Version": "000000000000"}


def test_a_browser_keeps_files_for_ever_under_an_address_of_their_version(client: httpx.Client) -> None:
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', client.get("/").text)
    assert {address.split("/")[2] for address in addresses} == {VERSION}
    for address in addresses:
        answer = client.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True), address


def test_a_page_of_another_version_gets_the_files_but_does_not_keep_them(client: httpx.Client) -> None:
    for address in (f"/static/{'0' * 12}/js/app.js", "/static/js/app.js"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        assert answer.headers["content-type"].startswith("text/javascript")
    assert client.get(f"/static/{VERSION}/js/no.js").status_code == 404
    assert client.get(f"/static/{VERSION}/../../../pyproject.toml").status_code == 404


def test_a_page_of_another_version_is_reloaded_instead_of_answered(client: httpx.Client) -> None:
    for path in ("/api/v1/photos", "/complete?query=taj"):
        refused = client.get(path, headers=OLD)
        assert (refused.status_code, refused.headers["hx-refresh"]) == (409, "true")
        assert client.get(path, headers={"X-Gallery-Version": VERSION}).status_code == 200
        assert client.get(path).status_code == 200


def test_a_store_that_a_later_version_has_migrated_is_explained(gallery: Gallery, client: httpx.Client) -> None:
    with gallery.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE photo RENAME COLUMN taken_at TO shot_at")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for path in ("/", "/api/v1/photos", "/api/v1/review"):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, "newer version" in answer.text) == (503, True), path


@pytest.mark.process
@pytest.mark.sqlite
def test_a_gallery_imports_all_that_it_needs_when_it_starts(store: Store, tmp_path: Path) -> None:
    tagger = Tagger(palette_bundle(tmp_path / "palette"), PaletteEngine(), Limits())
    painted(tmp_path / "library", VIOLET, 4, "violet")
    list(LibraryRun(store, tagger.bundle, [str(tmp_path / "library")], lambda: tagger).results())
    command = [sys.executable, "-m", "tests.web.late_imports", store.file, str(tmp_path / "palette"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == ""
