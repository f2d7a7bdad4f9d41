"""Keywords that people wrote into photos and sidecars become decisions; the tagger's own do not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Tagger, lines
from tests.drawn import COLOURS, jpeg

pytest.importorskip("lxml", reason="the extra 'xmp' is not installed")


@pytest.fixture
def photo(tagger: Tagger, tmp_path: Path) -> Path:
    """A tagged photo of a red rock."""
    path = tmp_path / "library" / "a.jpg"
    path.parent.mkdir()
    path.write_bytes(jpeg(COLOURS["red_rock"]))
    tagger("tag", path.parent)
    return path


def keyword(path: Path, *edits: str) -> None:
    if shutil.which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    subprocess.run(["exiftool", "-q", "-overwrite_original", *edits, str(path)], check=True)


def shown(tagger: Tagger) -> list[tuple[str, str]]:
    return [(hit["landmark"], hit["source"]) for hit in lines(tagger("query", "--json"))]


@pytest.mark.process
@pytest.mark.parametrize(
    "edit",
    ["-XMP-dc:Subject=blue lake", "-IPTC:Keywords=Blue Lake", "-XMP-lr:HierarchicalSubject=Places|Nowhere|Blue Lake"],
)
def test_a_keyword_that_names_a_landmark_is_a_decision(tagger: Tagger, photo: Path, edit: str) -> None:
    keyword(photo, "-XMP-dc:Subject=holiday", edit)
    tagger("tag", photo.parent)
    for added in (1, 0):
        done = tagger("decisions", "import", "--from-keywords", photo.parent)
        assert (done.returncode, f"{added} new decision" in done.stderr) == (0, True)
        assert shown(tagger) == [("blue_lake", "person")]


@pytest.mark.process
def test_a_sidecar_counts_too_and_what_cannot_be_read_is_named(tagger: Tagger, photo: Path) -> None:
    keyword(photo, "-o", f"{photo}.xmp", "-XMP-dc:Subject=green_hill")
    assert tagger("decisions", "import", "--from-keywords").returncode == 0
    assert shown(tagger) == [("green_hill", "person")]
    Path(f"{photo}.xmp").write_text("<broken")
    done = tagger("decisions", "import", "--from-keywords")
    assert (done.returncode, "a.jpg.xmp: it is not well-formed XML" in done.stderr) == (3, True)


def test_what_the_tagger_wrote_is_no_decision(tagger: Tagger, photo: Path) -> None:
    tagger("xmp", "write")
    assert Path(f"{photo}.xmp").exists()
    assert "0 new decisions" in tagger("decisions", "import", "--from-keywords").stderr
    assert shown(tagger) == [("red_rock", "machine")]


@pytest.mark.process
def test_a_keyword_overrules_nobody_and_what_was_taken_back_does_not_return(tagger: Tagger, photo: Path) -> None:
    keyword(photo, "-IPTC:Keywords=Blue Lake")
    tagger("decide", photo, "--none", "--who", "ann")
    tagger("decisions", "import", "--from-keywords", "--who", "ben")
    assert shown(tagger) == []
    tagger("decide", photo, "--undo", "--who", "ann")
    tagger("decisions", "import", "--from-keywords", "--who", "ben")
    assert shown(tagger) == [("blue_lake", "person")]
    tagger("decide", photo, "--undo", "--who", "ben")
    tagger("decisions", "import", "--from-keywords", "--who", "ben")
    assert shown(tagger) == [("red_rock", "machine")]
