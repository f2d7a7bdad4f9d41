"""A Python caller runs jobs, watched folders and parts of its own in one process, without the command line."""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

pytest.importorskip("apscheduler", reason="the extra 'schedule' is not installed")
pytest.importorskip("prometheus_client", reason="the extra 'schedule' is not installed")
pytest.importorskip("watchdog", reason="the extra 'watch' is not installed")

from db.engine import Store
from db.read import listings
from db.read.filters import TagFilter
from tagger.config.settings import load_settings
from tagger.core.errors import ConfigError, TaggerError
from tagger.core.run_options import Limits
from tagger.jobs.context import JobContext
from tagger.jobs.daemon import daemon, supervised
from tagger.model.bundle import Bundle
from tagger.model.predictor import Tagger
from tests.drawn import ColourEngine, jpeg

PATIENCE_S = 60


@pytest.fixture
def context(store: Store, bundle: Bundle, tmp_path: Path) -> JobContext:
    (tmp_path / "library").mkdir()
    options = {"folders": (tmp_path / "library",), "metrics_listen": "127.0.0.1:0", "watch_settle_s": 0.1}
    settings = load_settings({"bundle": bundle.folder} | options)
    return JobContext(settings, store, lambda: Tagger(bundle, ColourEngine(), Limits(threads=1)))


def eventually(is_so: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def tagged(store: Store) -> list[str]:
    with store.read() as connection:
        return [Path(hit.path).name for hit in listings.all_hits(listings.tags, connection, TagFilter())]


def health(log: str) -> dict[str, object]:
    (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)", log)
    with urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


@pytest.mark.slow
def test_the_jobs_are_scheduled_and_new_photos_tagged_while_the_context_lasts(
    context: JobContext, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = threading.active_count()
    with daemon(context, watch=True):
        eventually(lambda: "Watching" in caplog.text)
        assert "nightly is due at" in caplog.text
        (tmp_path / "library" / "new.jpg").write_bytes(jpeg())
        eventually(lambda: tagged(store) == ["new.jpg"])
        assert health(caplog.text)["status"] == "fine"
    assert context.stop.is_set()
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [TaggerError("the token is refused."), ZeroDivisionError("the token is refused.")])
def test_a_part_that_breaks_is_a_note_and_the_jobs_go_on(
    context: JobContext, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    caplog.set_level(logging.INFO)
    with daemon(context):
        with supervised(context, "bot", "The jobs go on without the bot"):
            raise error
        assert not context.stop.is_set()
        assert (health(caplog.text)["status"], health(caplog.text)["notes"]) == ("fine", ["bot: the token is refused."])
    assert "The jobs go on without the bot" in caplog.text


def test_without_a_job_that_has_a_time_it_does_not_start(context: JobContext) -> None:
    idle = load_settings({"jobs": {"nightly": "off", "backup": "off"}})
    with (
        pytest.raises(ConfigError, match="Every job is off"),
        daemon(JobContext(idle, context.store, context.open_tagger)),
    ):
        pass
