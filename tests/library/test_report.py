"""A run leaves a report, as JSON and as a page that stands alone."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from db.engine import Store
from db.errors import UnknownRun
from db.read.run_report import report_of
from db.write.jobs import finish_job, start_job
from db.write.undo import undo_run
from tagger.core.run_options import RunOptions
from tagger.library import report_html
from tagger.library.recorder import RunRecorder, new_start, register
from tagger.library.report import MOST_NAMED, RunReport, RunState, passed_over_text
from tagger.library.runner import NO_ENGINE
from tagger.model.bundle import Bundle
from tests.drawn import ColourEngine, jpeg, photos
from tests.library.test_runner import BreakingEngine, counts, library, new_run

__all__ = ["library"]  # a fixture


def kept(store: Store, run: int = 1) -> RunReport:
    with store.read() as connection:
        found = report_of(connection, run)
    assert found is not None
    return RunReport.from_json(found)


@pytest.fixture
def report(store: Store, bundle: Bundle, library: Path) -> RunReport:
    """The report of a run over twelve photos and a broken one whose name is made to break a page."""
    (library / "<b>&.jpg").write_text("no photo")
    counts(new_run(store, bundle, library, ColourEngine()))
    return kept(store)


def test_a_report_says_how_many_of_what_and_on_what(report: RunReport) -> None:
    assert (report.run, report.job, report.status, report.error) == (1, "tag", "done", None)
    assert (report.counts["tagged"], report.counts["none"], report.counts["failed"]) == (9, 3, 1)
    assert report.photos_per_s is not None
    assert report.photos_per_s > 0
    assert (report.model["name"], report.engine["engine"]) == ("colours", "colour")


def test_a_report_counts_what_was_passed_over(store: Store, bundle: Bundle, library: Path) -> None:
    for name in ("a.psd", "b.psd", "c.mov"):
        (library / name).touch()
    counts(new_run(store, bundle, library, ColourEngine()))
    assert passed_over_text(kept(store).passed_over) == "2 .psd, 1 .mov"


def test_a_report_names_what_failed_and_what_was_slow(report: RunReport, library: Path) -> None:
    path = str(library / "<b>&.jpg")
    assert report.failures == {"unsupported": 1}
    assert [(photo["path"], photo["kind"]) for photo in report.failed] == [(path, "unsupported")]
    seconds = [photo["seconds"] for photo in report.slowest]
    assert len(seconds) == 10
    assert seconds == sorted(seconds, reverse=True)


def test_a_report_says_where_the_time_went(report: RunReport) -> None:
    assert set(report.stages) == {"scan", "decode_wait", "engine", "store", "compare"}
    assert all(spent <= report.seconds for spent in report.stages.values())


def test_landmarks_are_new_once(report: RunReport, store: Store, bundle: Bundle, library: Path) -> None:
    assert {landmark["key"]: (landmark["photos"], landmark["is_new"]) for landmark in report.landmarks} == {
        "red_rock": (3, True), "green_hill": (3, True), "blue_lake": (3, True),
    }  # fmt: skip
    (library / "new.jpg").write_bytes(jpeg())
    counts(new_run(store, bundle, library, ColourEngine()))
    assert [(landmark["key"], landmark["photos"], landmark["is_new"]) for landmark in kept(store, 2).landmarks] == [
        ("red_rock", 1, False),
    ]  # fmt: skip


def test_a_run_without_news_and_one_that_broke_leave_reports_too(store: Store, bundle: Bundle, library: Path) -> None:
    with pytest.raises(Exception, match="out of luck"):
        counts(new_run(store, bundle, library, BreakingEngine()))
    assert kept(store).status == "failed"
    assert "out of luck" in str(kept(store).error)
    counts(new_run(store, bundle, library, ColourEngine()))
    counts(new_run(store, bundle, library, ColourEngine()))
    assert (kept(store, 3).photos_per_s, kept(store, 3).landmarks) == (None, [])


def test_a_report_survives_its_way_through_the_store(report: RunReport) -> None:
    assert RunReport.from_json(asdict(report)) == report


def test_a_report_of_an_older_or_a_newer_version_opens(report: RunReport) -> None:
    stored = asdict(report)
    del stored["voted"], stored["counts"]["set_aside"]
    assert RunReport.from_json(stored | {"weather": "fine"}) == report


def test_the_page_stands_alone_and_shows_photos(store: Store, report: RunReport) -> None:
    page = report_html.page(store, report.run)
    assert page is not None
    assert page.count("data:image/jpeg;base64,") == 12
    assert not re.search(r"<script|<link|https?:|src=\"(?!data:)", page)
    assert "Red Rock" in page
    assert not re.search(r"\$\w", page)


def test_nothing_from_outside_enters_the_page_as_markup(store: Store, report: RunReport) -> None:
    page = report_html.page(store, report.run)
    assert page is not None
    assert "<b>&.jpg" not in page
    assert "&lt;b&gt;&amp;.jpg" in page


def test_a_photo_that_vanished_since_has_a_place_without_a_picture(
    store: Store, report: RunReport, library: Path
) -> None:
    (library / "00000.jpg").unlink()
    page = report_html.page(store, report.run)
    assert page is not None
    assert (page.count("data:image/jpeg"), page.count('class="blank"')) == (11, 1)


def test_a_landmark_of_many_photos_is_shown_by_its_newest_with_links_to_all(
    store: Store, bundle: Bundle, tmp_path: Path
) -> None:
    for number, path in enumerate(photos(tmp_path / "many", 20)):
        path.write_bytes(jpeg(size=(64 + number, 48)))
        os.utime(path, (1_600_000_000 + 86_400 * number,) * 2)
    counts(new_run(store, bundle, tmp_path / "many", ColourEngine()))
    page = report_html.page(store, 1)
    assert page is not None
    shown = re.findall(r'<figure>\s*<a href="file://([^"]+)">\s*<img', page)
    assert shown == [str(tmp_path / "many" / f"{number:05}.jpg") for number in (19, 18, 17, 16)]
    assert len(re.findall(r'<li><a href="file://', page)) == 20
    assert "all 20" in page
    assert '<a href="#red_rock"' in page
    assert '<h3 id="red_rock">Red Rock</h3>' in page


def test_more_files_than_a_page_can_hold_are_counted(
    store: Store, report: RunReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_html, "LINKS_PER_LANDMARK", 2)
    page = report_html.page(store, report.run)
    assert page is not None
    assert page.count("<summary>2 of 3</summary>") == 3
    assert "tagger query red_rock lists all that still exist" in page


def test_a_run_that_was_asked_again_for_more_still_shows_its_photos(
    store: Store, bundle: Bundle, library: Path
) -> None:
    counts(new_run(store, bundle, library, ColourEngine(), k=1))
    counts(new_run(store, bundle, library, ColourEngine(), k=2))
    counts(new_run(store, bundle, library, ColourEngine(), k=3))
    pages = [report_html.page(store, number) or "" for number in (1, 2, 3)]
    assert [page.count("data:image/jpeg") for page in pages] == [12, 12, 12]


def test_a_link_leads_to_a_file_whatever_its_name(store: Store, bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    path = Path(os.fsdecode(os.fsencode(tmp_path / "odd") + b"/caf\xe9 #1?.jpg"))
    path.write_bytes(jpeg())
    counts(new_run(store, bundle, tmp_path / "odd", ColourEngine()))
    page = report_html.page(store, 1)
    assert page is not None
    (link,) = set(re.findall(r'href="file://([^"]+)"', page))
    assert unquote_to_bytes(link) == os.fsencode(path)


def test_without_a_run_there_is_no_page(store: Store) -> None:
    with pytest.raises(UnknownRun):
        report_html.page(store, 1)


def test_what_somebody_should_look_at_comes_first(store: Store, bundle: Bundle, library: Path) -> None:
    photos(library.parent / "mounted", 30, start=100)
    library_run = new_run(store, bundle, library, ColourEngine())
    library_run.roots = [str(library), str(library.parent / "mounted")]
    counts(library_run)
    with store.write() as connection:
        finish_job(connection, start_job(connection, "canary", due_at=None), status="failed", message="it got worse")
    for path in (library.parent / "mounted").iterdir():
        path.unlink()
    library_run = new_run(store, bundle, library, ColourEngine())
    library_run.roots = [str(library), str(library.parent / "mounted"), str(library.parent / "unplugged")]
    library_run.options = RunOptions(k=3, skip_missing_roots=True)
    counts(library_run)
    missing, deletion, canary = kept(store, 2).alerts
    assert "unplugged does not exist" in missing
    assert "30 of the 30 known files" in deletion
    assert canary == "it got worse"
    page = report_html.page(store, 2)
    assert page is not None
    assert page.index("it got worse") < page.index("<h2>")


def test_photos_a_second_are_those_that_were_answered(store: Store, bundle: Bundle, library: Path) -> None:
    photos(library, 400, start=100)
    library_run = new_run(store, bundle, library, ColourEngine())
    for number, _ in enumerate(library_run.results()):
        if number == 20:
            library_run.until = datetime.now(UTC)
    answered = library_run.state.counts.tagged + library_run.state.counts.none
    assert kept(store).photos_per_s == pytest.approx(answered / library_run.state.seconds, rel=0.01)
    assert answered < 400


def test_what_a_run_did_not_come_to_is_not_said_of_it(store: Store, bundle: Bundle, library: Path) -> None:
    died_with(store, bundle, library / "00003.jpg")
    library_run = new_run(store, bundle, library, ColourEngine())
    library_run.until = datetime.now(UTC)
    counts(library_run)
    assert kept(store, 2).suspects == []
    counts(new_run(store, bundle, library, ColourEngine()))
    assert kept(store, 3).suspects == [str(library / "00003.jpg")]


def died_with(store: Store, bundle: Bundle, path: Path) -> None:
    """A run that died while a file was in progress."""
    start = new_start([str(path.parent)], 3, NO_ENGINE, job="tag", settings_hash=None)
    model, options = register(store, bundle), RunOptions()
    record = RunRecorder(store, start, RunState(), model=model, options=options, thresholds={})
    record.lease([str(path)])


def test_the_page_of_a_run_that_was_taken_back_says_so(store: Store, report: RunReport) -> None:
    with store.write() as connection:
        undo_run(connection, report.run)
    page = report_html.page(store, report.run)
    assert page is not None
    assert "Its suggestions were undone on 2" in page


def test_of_many_files_that_are_not_tried_again_the_first_are_named(
    store: Store, bundle: Bundle, library: Path
) -> None:
    for number in range(MOST_NAMED + 1):
        (library / f"bad {number:03}.jpg").write_text("no photo")
    library_run = new_run(store, bundle, library, ColourEngine())
    library_run.options = RunOptions(k=3, max_attempts=1)
    counts(library_run)
    assert (len(kept(store).quarantined), kept(store).in_quarantine) == (MOST_NAMED, MOST_NAMED + 1)
    page = report_html.page(store, 1)
    assert page is not None
    assert page.count("; here the first 200, all of them with tagger query --failed") == 2


def test_failures_of_one_kind_are_one_line_of_the_log(
    store: Store, bundle: Bundle, library: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(67):
        (library / f"{number:02}.HEIC").write_text("no photo")
    (library / "text.jpg").write_text("no photo")
    counts(new_run(store, bundle, library, ColourEngine()))
    assert sorted(record.getMessage() for record in caplog.records) == [
        f"{library}/text.jpg: not an image of a known format (unsupported)",
        f"67 .heic: not an image of a known format (unsupported), first {library}/00.HEIC",
    ]
