"""The course's archive is unpacked, and no other, and nothing it says is believed."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest

from tests.training.pictures import course_files, photo, written, zipped
from training.data import archive
from training.data.archive import extract
from training.data.manifest import DataError


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "out" / "photos"


def test_the_photos_lie_below_train_and_test_and_junk_stays_where_it_is(tmp_path: Path, to: Path) -> None:
    files = course_files(train=1, test=1)
    junk = {
        "__MACOSX/landmark_images/train/00.Dead_Sea/._0000.jpg": b"x",
        "landmark_images/.DS_Store": b"x",
        "landmark_images/train/00.Dead_Sea/.DS_Store": b"x",
        "landmark_images/train/00.Dead_Sea/run.sh": b"x",
        "landmark_images/readme.txt": b"x",
        "landmark_images/logo.png": b"x",
    }
    assert extract(zipped(tmp_path / "a.zip", files | junk), to) == to
    assert names(to) == [
        "test/00.Dead_Sea/0000.jpg",
        "test/01.Taj_Mahal/0000.jpg",
        "train/00.Dead_Sea/0000.jpg",
        "train/01.Taj_Mahal/0000.jpg",
    ]
    assert (to / "train/01.Taj_Mahal/0000.jpg").read_bytes() == files["landmark_images/train/01.Taj_Mahal/0000.jpg"]


def test_the_top_folder_may_be_missing(tmp_path: Path, to: Path) -> None:
    files = {name.removeprefix("landmark_images/"): content for name, content in course_files().items()}
    assert len(names(extract(zipped(tmp_path / "a.zip", files), to))) == 22


def test_unpacking_goes_on_where_it_ended_and_mends_what_is_cut(tmp_path: Path, to: Path) -> None:
    path = zipped(tmp_path / "a.zip", files := course_files())
    extract(path, to)
    kept, gone, cut = (to / f"train/00.Dead_Sea/000{n}.jpg" for n in range(3))
    before = kept.stat().st_mtime_ns
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:100])
    extract(path, to)
    assert len(names(to)) == len(files)
    assert kept.stat().st_mtime_ns == before
    assert cut.read_bytes() == files["landmark_images/train/00.Dead_Sea/0002.jpg"]


def test_a_folder_with_other_photos_is_left_alone(tmp_path: Path, to: Path) -> None:
    mine = written(to / "train" / "Holiday" / "1.jpg", b"mine")
    with pytest.raises(DataError, match=r"Holiday/1\.jpg exists and is not from this archive"):
        extract(zipped(tmp_path / "a.zip", course_files()), to)
    assert names(to) == [str(mine.relative_to(to))]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"photos/1.jpg": b"x"}, r"found 'photos/1\.jpg'"),
        ({"readme.txt": b"x"}, "found 0 folders in train/ and 0 in test/"),
        (
            {"train/00.Dead_Sea/1.jpg": b"x"},
            "found 1 folder in train/ and 0 in test/, '00.Dead_Sea' in only one of them",
        ),
        (
            {"train/a/1.jpg": b"x", "test/b/1.jpg": b"x"},
            "found 1 folder in train/ and 1 in test/, 'a' in only one of them",
        ),
        ({"train/1.jpg": b"x", "test/1.jpg": b"x"}, r"found 'test/1\.jpg'"),
        ({"a/b/train/c/1.jpg": b"x", "a/b/test/c/1.jpg": b"x"}, r"found 'a/b/test/c/1\.jpg'"),
    ],
)
def test_another_layout_is_refused_with_what_was_expected_and_found(
    tmp_path: Path, to: Path, files: dict[str, bytes], found: str
) -> None:
    with pytest.raises(DataError, match=rf"Expected train/NN\.Name/ and test/NN\.Name/ .*; {found}"):
        extract(zipped(tmp_path / "a.zip", files), to)
    assert not to.exists()


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "/tmp/evil.jpg", "train/../../evil.jpg", "C:/evil.jpg", "..\\evil.jpg"]
)
def test_an_entry_that_leaves_its_folder_refuses_the_whole_archive(tmp_path: Path, to: Path, name: str) -> None:
    with pytest.raises(DataError, match="would be written outside its folder"):
        extract(zipped(tmp_path / "a.zip", course_files() | {name: photo(1)}), to)
    assert not to.exists()
    assert not list(tmp_path.rglob("evil*"))


def test_a_link_refuses_the_whole_archive(tmp_path: Path, to: Path) -> None:
    path = zipped(tmp_path / "a.zip", course_files())
    with zipfile.ZipFile(path, "a") as opened:
        link = zipfile.ZipInfo("landmark_images/train/00.Dead_Sea/link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(DataError, match=r"link\.jpg' is a link or a device"):
        extract(path, to)
    assert not to.exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, to: Path) -> None:
    bomb = {"landmark_images/train/00.Dead_Sea/bomb.jpg": bytes(20_000_000)}
    with pytest.raises(DataError, match=r"bomb\.jpg' would grow more than 100 times"):
        extract(zipped(tmp_path / "a.zip", course_files() | bomb), to)
    assert not to.exists()


@pytest.mark.parametrize(
    ("limit", "value", "problem"),
    [
        ("MAX_FILES", 10, "has 22 entries; more than 10"),
        ("MAX_BYTES", 5_000, "more than 5,000 are not unpacked"),
        ("MAX_FILE_BYTES", 500, "would take .* bytes"),
    ],
)
def test_number_and_sizes_have_limits(
    tmp_path: Path, to: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, problem: str
) -> None:
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(DataError, match=problem):
        extract(zipped(tmp_path / "a.zip", course_files()), to)


def test_one_name_twice_is_refused(tmp_path: Path, to: Path) -> None:
    path = zipped(tmp_path / "a.zip", course_files())
    with (
        zipfile.ZipFile(path, "a") as opened,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        opened.writestr("landmark_images/train/00.Dead_Sea/0000.jpg", b"other")
    with pytest.raises(DataError, match="has two entries named"):
        extract(path, to)


def test_a_truncated_archive_and_one_that_is_none_are_expected_errors(tmp_path: Path, to: Path) -> None:
    path = zipped(tmp_path / "a.zip", course_files())
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataError, match=r"is not a complete zip archive .* download it again"):
        extract(path, to)
    with pytest.raises(DataError, match="is not a complete zip archive"):
        extract(written(tmp_path / "page.zip", b"<html>please log in</html>"), to)
    with pytest.raises(DataError, match="cannot be unpacked"):
        extract(tmp_path / "none.zip", to)


def test_a_damaged_photo_is_found_while_unpacking_and_not_kept(tmp_path: Path, to: Path) -> None:
    content = photo(7)
    files = course_files() | {"landmark_images/train/00.Dead_Sea/9999.jpg": content}
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    whole = path.read_bytes()
    at = whole.index(content) + len(content) // 2
    path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    with pytest.raises(DataError, match="Bad CRC-32"):
        extract(path, to)
    assert not (to / "train/00.Dead_Sea/9999.jpg").exists()
