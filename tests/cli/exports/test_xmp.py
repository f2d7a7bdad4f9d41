"""`tagger xmp` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Tagger


@pytest.fixture
def tagged(tagger: Tagger, library: Path) -> Path:
    tagger("tag", library)
    return library


def sidecars(library: Path) -> list[Path]:
    return sorted(library.rglob("*.xmp"))


def test_preview_write_and_undo(tagger: Tagger, tagged: Path) -> None:
    shown = tagger("xmp", "preview", "red_rock", "--under", tagged)
    assert (shown.returncode, "Sidecars: 3 would be changed, 0 cannot be changed." in shown.stderr) == (0, True)
    assert "--- /dev/null" in shown.stdout
    assert "Landmark|Nowhere|Red Rock" in shown.stdout
    assert sidecars(tagged) == []
    written = tagger("xmp", "write")
    assert (written.returncode, written.stderr) == (0, "Sidecars: 9 written, 0 removed, 0 unchanged, 0 failed.\n")
    assert len(sidecars(tagged)) == 9
    undone = tagger("xmp", "undo", "--under", tagged)
    assert (undone.returncode, undone.stderr) == (0, "Sidecars: 0 restored, 9 removed, 0 unchanged, 0 failed.\n")
    assert sidecars(tagged) == []


def test_a_damaged_sidecar_is_named_and_the_others_are_written(tagger: Tagger, tagged: Path) -> None:
    tagger("xmp", "write")
    damaged = sidecars(tagged)[0]
    tagger("xmp", "undo")
    damaged.write_bytes(b"<x:xmpmeta")
    for command, count in (("preview", "Sidecars: 8 would be changed, 1 cannot be"), ("write", "Sidecars: 8 written")):
        done = tagger("xmp", command)
        assert (done.returncode, count in done.stderr) == (3, True)
        assert f"{damaged}: it is not well-formed XML" in done.stderr
    assert damaged.read_bytes() == b"<x:xmpmeta"


def test_a_sidecar_is_no_photo(tagger: Tagger, tagged: Path) -> None:
    tagger("xmp", "write", "--naming", "both")
    done = tagger("tag", tagged)
    assert (done.returncode, "12 unchanged" in done.stderr) == (0, True)


def test_without_a_database_nothing_is_made(tagger: Tagger, tmp_path: Path) -> None:
    done = tagger("xmp", "write")
    assert (done.returncode, "There is no database" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_without_lxml_it_is_said_how_to_install_it(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.core.errors.find_spec", lambda _package: None)
    done = tagger("xmp", "preview")
    assert (done.returncode, "needs the extra 'xmp'" in done.stderr) == (1, True)


@pytest.mark.parametrize(("setting", "count"), [("off", 0), ("confirmed", 0), ("tags", 9)])
def test_the_nightly_job_writes_by_its_setting(tagger: Tagger, library: Path, setting: str, count: int) -> None:
    variables = {"TAGGER_FOLDERS": f'["{library}"]', "TAGGER_JOBS__UNTIL": "off", "TAGGER_XMP": setting}
    done = tagger("jobs", "run", "nightly", **variables)
    assert done.returncode == 0
    assert (f"XMP sidecars: {count} written, 0 failed" in done.stdout + done.stderr) == (setting != "off")
    assert len(sidecars(library)) == count
    again = tagger("jobs", "run", "nightly", **variables)
    assert ("XMP sidecars: 0 written, 0 failed" in again.stdout + again.stderr) == (setting != "off")


def test_the_nightly_job_reports_what_it_could_not_write(tagger: Tagger, library: Path) -> None:
    variables = {"TAGGER_FOLDERS": f'["{library}"]', "TAGGER_JOBS__UNTIL": "off", "TAGGER_XMP": "tags"}
    tagger("tag", library)
    tagger("xmp", "write")
    damaged = sidecars(library)[0]
    tagger("xmp", "undo")
    damaged.touch()
    done = tagger("jobs", "run", "nightly", **variables)
    assert f"{damaged}: it is empty" in done.stdout + done.stderr
    assert done.returncode != 0


def test_the_nightly_job_tags_even_if_there_are_no_names_in_the_language(tagger: Tagger, library: Path) -> None:
    variables = {"TAGGER_FOLDERS": f'["{library}"]', "TAGGER_JOBS__UNTIL": "off", "TAGGER_XMP": "tags"}
    done = tagger("jobs", "run", "nightly", **variables, TAGGER_XMP_LANG="xx")
    assert "There are no names in the language 'xx'." in done.stdout + done.stderr
    assert (done.returncode != 0, sidecars(library)) == (True, [])
    assert len(tagger("query").stdout.splitlines()) == 9
