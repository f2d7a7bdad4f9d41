"""Decisions by command: they outrank the model, follow the picture, and move between databases without loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from db.engine import open_store
from tests.cli.conftest import Tagger, lines
from training.data.decisions import load_decisions

pytestmark = pytest.mark.usefixtures("url")  # on both databases


def shown(tagger: Tagger, *options: object, **environment: str) -> list[tuple[str, str]]:
    hits = lines(tagger("query", "--json", *options, **environment))
    return [(Path(hit["path"]).name, hit["landmark"]) for hit in hits]


def with_comment(path: Path) -> None:
    """Edit the metadata of a photo alone."""
    text = PngInfo()
    text.add_text("Comment", "edited")
    with Image.open(path) as image:
        image.load()
    image.save(path, "PNG", pnginfo=text)


def stored(database: str) -> list[tuple[str, ...]]:
    with open_store(database) as store, store.read() as connection:
        query = "SELECT verdict, who, source FROM decision ORDER BY id"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.fixture
def two(tagger: Tagger, library: Path) -> list[Path]:
    """Two photos of a tagged library: of a red rock and of a green hill."""
    tagger("tag", library)
    return sorted(library.iterdir())[:2]


def test_people_outrank_the_model_until_they_take_it_back(tagger: Tagger, two: list[Path]) -> None:
    before = shown(tagger)
    assert tagger("decide", *two, "--shows", "Blue Lake", "--who", "ann").returncode == 0
    assert shown(tagger)[:2] == [("00000.jpg", "blue_lake"), ("00001.jpg", "blue_lake")]
    tagger("decide", two[0], "--none", "--who", "ann")
    tagger("decide", two[1], "--shows", "red_rock", "--shows", "green_hill", "--who", "ann")
    assert shown(tagger)[:2] == [("00001.jpg", "green_hill"), ("00001.jpg", "red_rock")]
    done = tagger("decide", *two, "--undo", "--who", "ann")
    assert done.stderr == "Took back 3 decisions by ann.\n"
    tagger("decide", two[0], "--not", "red_rock", "--who", "ann")
    assert shown(tagger) == before[1:]


def test_a_later_person_corrects_an_earlier_one_and_who_takes_it_back_gives_that_back(
    tagger: Tagger, two: list[Path], own: dict[str, str]
) -> None:
    tagger("decide", two[0], "--shows", "blue_lake", "--who", "ann")
    tagger("decide", two[0], "--shows", "green_hill", "--who", "ben")
    assert shown(tagger)[0] == ("00000.jpg", "green_hill")
    tagger("decide", two[0], "--undo", "--who", "ben")
    assert shown(tagger)[0] == ("00000.jpg", "blue_lake")
    assert stored(own["TAGGER_DB_URL"]) == [("shows", "ann", "cli"), ("not", "ben", "cli"), ("shows", "ben", "cli")]


def test_a_decision_is_about_what_is_in_the_file_now(tagger: Tagger, two: list[Path], library: Path) -> None:
    with_comment(two[0])
    tagger("decide", two[0], "--none")
    assert shown(tagger)[0] == ("00001.jpg", "green_hill")
    two[1].write_bytes(two[0].read_bytes())
    tagger("tag", library)
    assert "00001.jpg" not in dict(shown(tagger))


@pytest.mark.parametrize("options", [(), ("--none", "--undo"), ("--shows", "red_rock", "--not", "blue_lake")])
def test_a_decision_is_one_of_four(tagger: Tagger, two: list[Path], options: tuple[str, ...]) -> None:
    done = tagger("decide", two[0], *options)
    assert (done.returncode, "Choose one of --shows LANDMARK" in done.stderr) == (2, True)


def test_what_cannot_be_decided_is_said_and_nothing_is_stored(
    tagger: Tagger, two: list[Path], library: Path, tmp_path: Path, own: dict[str, str]
) -> None:
    Image.new("RGB", (9, 9)).save(new := tmp_path / "new.png")
    for arguments, message in (
        ((*two, new, "--none"), "new.png is not in the store"),
        ((*two, "--shows", "red_rok"), "Did you mean 'red_rock'?"),
        ((library, "--none"), "is a directory"),
        ((library / "no.jpg", "--none"), "does not exist"),
    ):
        done = tagger("decide", *arguments)
        assert done.returncode != 0
        assert message in done.stderr
    assert stored(own["TAGGER_DB_URL"]) == []


def test_export_and_import_lose_nothing(tagger: Tagger, two: list[Path], library: Path, tmp_path: Path) -> None:
    tagger("decide", *two, "--shows", "blue_lake", "--who", "ann")
    tagger("decide", two[0], "--none", "--who", "ben")
    tagger("decide", two[1], "--undo", "--who", "ann")
    with_comment(two[0])
    tagger("tag", library)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert tagger("decisions", "export", first).stderr == f"Wrote 5 rows to {first}.\n"
    other = {"TAGGER_DB_URL": str(tmp_path / "other.sqlite")}
    tagger("tag", library, **other)
    done = tagger("decisions", "import", first, **other)
    assert (done.returncode, done.stderr) == (0, "Decisions: 3 added, 0 taken back, 2 there already.\n")
    assert shown(tagger, **other) == shown(tagger)
    tagger("decisions", "export", second, **other)
    assert second.read_text() == first.read_text()
    assert "0 added" in tagger("decisions", "import", second).stderr
    assert [decision.verdict for decision in load_decisions(first)] == ["none", "none"]


def test_a_dash_exports_to_stdout(tagger: Tagger, two: list[Path], tmp_path: Path) -> None:
    assert tagger("decide", "--none", *two).returncode == 0
    done = tagger("decisions", "export", "-")
    tagger("decisions", "export", tmp_path / "out.csv")
    assert done.stdout == (tmp_path / "out.csv").read_text()
    assert not Path("-").exists()


def test_what_was_decided_here_later_outranks_an_import_and_what_was_taken_back_there_is_taken_back_here(
    tagger: Tagger, two: list[Path], tmp_path: Path
) -> None:
    tagger("decide", two[0], "--shows", "blue_lake", "--who", "ann")
    tagger("decisions", "export", early := tmp_path / "early.csv")
    tagger("decide", two[0], "--undo", "--who", "ann")
    tagger("decisions", "export", undone := tmp_path / "undone.csv")
    other = {"TAGGER_DB_URL": str(tmp_path / "other.sqlite")}
    tagger("tag", two[0], **other)
    tagger("decide", two[0], "--none", "--who", "ben", **other)
    tagger("decisions", "import", early, **other)
    assert shown(tagger, **other) == []
    tagger("decide", two[0], "--undo", "--who", "ben", **other)
    assert shown(tagger, **other) == [("00000.jpg", "blue_lake")]
    assert "1 taken back" in tagger("decisions", "import", undone, **other).stderr
    assert shown(tagger, **other) == [("00000.jpg", "red_rock")]


def test_what_is_left_out_is_counted(tagger: Tagger, two: list[Path], tmp_path: Path) -> None:
    tagger("decide", *two, "--shows", "blue_lake")
    tagger("decisions", "export", file := tmp_path / "decisions.csv")
    file.write_text(file.read_text().replace("blue_lake", "moon_base", 1))
    other = {"TAGGER_DB_URL": str(tmp_path / "other.sqlite")}
    tagger("tag", two[0], **other)
    done = tagger("decisions", "import", file, **other)
    assert done.returncode == 3
    assert "1 decision left out: no model here knows 'moon_base'." in done.stderr
    assert "1 decision left out: their photos are not in the database." in done.stderr


@pytest.mark.usefixtures("two")
def test_three_columns_are_enough_and_a_bad_line_is_named(tagger: Tagger, tmp_path: Path) -> None:
    (hit, *_) = lines(tagger("query", "--json"))
    (file := tmp_path / "three.csv").write_text(f"sha256,verdict,landmark\n{hit['sha256']},shows,blue_lake\n")
    assert tagger("decisions", "import", file).returncode == 0
    assert shown(tagger)[0] == ("00000.jpg", "blue_lake")
    for text, message in (
        ("sha256,verdict\n", "no column 'landmark'"),
        ("\udcff", "is not a CSV in UTF-8."),
        ("sha256,verdict,landmark\nx,none,\n", "line 2: sha256 'x' is not 64 hexadecimal digits"),
        (f"sha256,verdict,landmark\n{'0' * 64},none,red_rock\n", "line 2: the verdict is"),
        (f"sha256,verdict,landmark,decided_at\n{'0' * 64},none,,soon\n", "line 2: Invalid isoformat string"),
        (f"sha256,verdict,landmark,decided_at\n{'0' * 64},none,,2999-01-01\n", "line 2: 2999-01-01 is in the future"),
        (f"sha256,verdict,landmark,decided_at\n{'0' * 64},none,,0001-01-01T00:00+14:00\n", "line 2: date value out of"),
        (f"sha256,verdict,landmark,answer_id\n{'0' * 64},none,,{2**63}\n", "line 2: there is no answer"),
    ):
        file.write_text(text, errors="surrogateescape")
        done = tagger("decisions", "import", file)
        assert (done.returncode, message in done.stderr) == (1, True)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_spreadsheet_may_have_saved_it(tagger: Tagger, two: list[Path], tmp_path: Path, delimiter: str) -> None:
    tagger("decide", two[0], "--shows", "blue_lake")
    tagger("decisions", "export", file := tmp_path / "decisions.csv")
    rows = file.read_text().replace(",", delimiter).replace("sha256", "\ufeffSHA256 ").replace("yes", "YES")
    file.write_text(rows, newline="\r\n")
    done = tagger("decisions", "import", file)
    assert (done.returncode, done.stderr) == (0, "Decisions: 0 added, 0 taken back, 1 there already.\n")


def test_an_export_replaces_no_link_and_no_device(tagger: Tagger, two: list[Path], tmp_path: Path) -> None:
    tagger("decide", two[0], "--shows", "blue_lake")
    (link := tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    (device := tmp_path / "device.csv").symlink_to("/dev/null")
    for file in (link, device):
        assert tagger("decisions", "export", file).returncode == 0
        assert file.is_symlink()
    assert "blue_lake" in (tmp_path / "real.csv").read_text()
    assert Path("/dev/null").is_char_device()
    assert sorted(tmp_path.glob("*.part")) == []
