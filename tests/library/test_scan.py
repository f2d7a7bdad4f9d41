"""What a scan finds and what it skips, and that it always ends."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tagger.core.errors import FolderNotFound
from tagger.core.types import FoundFile
from tagger.library.scan import scan
from tagger.library.selection import Globs, would_find


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def found(root: Path, *more: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    paths = [item.path for item in scan([str(root), *more], Globs(include, exclude))]
    return [os.path.relpath(path, root) for path in paths]


def test_photos_are_found_at_every_depth_a_folder_s_files_before_its_folders(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a/z.JPEG", "a/b/c.heic", "c.webp", "notes.txt", "movie.mp4", "jpg")
    assert found(tmp_path) == ["b.jpg", "c.webp", "a/z.JPEG", "a/b/c.heic"]


def test_hidden_names_and_nomedia_folders_are_skipped(tmp_path: Path) -> None:
    touch(tmp_path, ".trash/a.jpg", "._a.jpg", "thumbs/.nomedia", "thumbs/a.jpg", "thumbs/deep/a.jpg", "a.jpg")
    assert found(tmp_path) == ["a.jpg"]


def test_a_hidden_root_is_walked_because_it_was_named(tmp_path: Path) -> None:
    touch(tmp_path, ".photos/a.jpg")
    assert found(tmp_path / ".photos") == ["a.jpg"]


def test_a_loop_of_links_ends_and_a_linked_folder_is_walked_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/photo.jpg")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "self").symlink_to("self")
    assert found(tmp_path) == ["a/photo.jpg"]


def test_a_link_does_not_hide_the_place_it_leads_to(tmp_path: Path) -> None:
    touch(tmp_path, "z/deep/photo.jpg")
    (tmp_path / "a").symlink_to(tmp_path / "z" / "deep")
    assert found(tmp_path) == ["z/deep/photo.jpg"]


def test_a_tree_deeper_than_python_recurses_is_walked(tmp_path: Path) -> None:
    depth = 1200
    try:
        place = os.open(tmp_path, os.O_RDONLY)
        for _ in range(depth):
            os.mkdir("d", dir_fd=place)
            place, above = os.open("d", os.O_RDONLY, dir_fd=place), place
            os.close(above)
        os.close(os.open("photo.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        os.close(place)
        assert found(tmp_path) == ["d/" * depth + "photo.jpg"]
    finally:
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest's own cleaning recurses


@pytest.mark.parametrize("mtime_ns", [14 * 10**18, -(2**62)])
def test_a_time_that_no_database_holds_is_clamped(tmp_path: Path, mtime_ns: int) -> None:
    touch(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(0, mtime_ns))
    (item,) = scan([str(tmp_path)], Globs())
    assert item.mtime_ns is not None
    assert abs(item.mtime_ns) < 2**63


def test_nested_and_repeated_roots_yield_a_file_once(tmp_path: Path) -> None:
    touch(tmp_path, "a/photo.jpg")
    assert found(tmp_path, str(tmp_path), str(tmp_path / "a")) == ["a/photo.jpg"]


def test_any_bytes_may_be_in_a_name(tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/\xff\xfe line\nbreak.jpg"
    with open(strange, "wb"):
        pass
    assert [os.fsencode(item.path) for item in scan([str(tmp_path)], Globs())] == [strange]


def test_globs_admit_and_shut_out(tmp_path: Path) -> None:
    touch(tmp_path, "2024/a.jpg", "2024/a.png", "2024/thumbs/a.jpg", "2023/a.jpg")
    assert found(tmp_path, include=("*.jpg",)) == ["2023/a.jpg", "2024/a.jpg", "2024/thumbs/a.jpg"]
    assert found(tmp_path, exclude=("thumbs", "2023/*")) == ["2024/a.jpg", "2024/a.png"]


NAMES = [
    *("@eaDir", "#recycle", "@Recycle", "#snapshot", ".@__thumb", "$RECYCLE.BIN", "$Recycle.Bin", "lost+found"),
    *(
        "__MACOSX",
        ".dtrash",
        ".thumbnails",
        ".Trash-1000",
        ".stversions",
        ".picasaoriginals",
        "System Volume Information",
    ),
    *("System Volume Information", "Catalog Previews.lrdata", "appdata_oc1a2b3c", "found.000"),
]


@pytest.mark.parametrize("folder", NAMES)
def test_folders_of_devices_and_programs_are_skipped(tmp_path: Path, folder: str) -> None:
    touch(tmp_path, f"trip/{folder}/a.jpg", f"trip/{folder}/deep/b.jpg", "trip/c.jpg")
    assert found(tmp_path) == ["trip/c.jpg"]
    assert not would_find(str(tmp_path), str(tmp_path / "trip" / folder / "deep" / "b.jpg"), Globs())


def test_a_list_of_one_s_own_replaces_the_skipped_folders(tmp_path: Path) -> None:
    touch(tmp_path, "@eaDir/a.jpg", "Old Exports/b.jpg", "c.jpg")
    globs = Globs(skip_folders=("old *",))
    assert [os.path.relpath(file.path, tmp_path) for file in scan([str(tmp_path)], globs)] == ["c.jpg", "@eaDir/a.jpg"]


def test_a_skipped_folder_is_walked_if_it_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "@eaDir/a.jpg")
    assert found(tmp_path / "@eaDir") == ["a.jpg"]


def test_of_a_photo_library_only_the_originals_are_photos(tmp_path: Path) -> None:
    library = "Photos Library.photoslibrary"
    touch(tmp_path, f"{library}/originals/A/a.heic", f"{library}/resources/derivatives/a.jpg", f"{library}/poster.jpg")
    touch(tmp_path, "Old.aplibrary/Masters/2014/b.jpg", "Old.aplibrary/Previews/b.jpg")
    touch(tmp_path, "iPhoto Library/Originals/c.jpg", "iPhoto Library/Data/c.jpg")
    originals = ["Old.aplibrary/Masters/2014/b.jpg", f"{library}/originals/A/a.heic", "iPhoto Library/Originals/c.jpg"]
    assert found(tmp_path) == originals
    assert found(tmp_path / library) == ["originals/A/a.heic"]
    paths = [*originals, f"{library}/resources/derivatives/a.jpg", f"{library}/poster.jpg"]
    assert [path for path in paths if would_find(str(tmp_path), str(tmp_path / path), Globs())] == originals


def test_the_caches_of_immich_are_skipped_and_a_person_s_folder_of_that_name_is_not(tmp_path: Path) -> None:
    touch(tmp_path, "upload/thumbs/.immich", "upload/thumbs/a.webp", "upload/library/.immich", "upload/library/a.jpg")
    touch(tmp_path, "thumbs/b.jpg")
    assert found(tmp_path) == ["thumbs/b.jpg", "upload/library/a.jpg"]


def test_links_are_followed_after_all_roots(tmp_path: Path) -> None:
    touch(tmp_path, "a/photo.jpg", "b/photo.jpg")
    (tmp_path / "a" / "link").symlink_to(tmp_path / "b")
    roots = [str(tmp_path / "a"), str(tmp_path / "b")]
    assert [file.path for file in scan(roots, Globs())] == [f"{roots[0]}/photo.jpg", f"{roots[1]}/photo.jpg"]


def test_what_is_not_looked_at_is_counted_by_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "A.PSD", "b.psd", "deep/c.mov", "notes", "a.jpg.json", ".hidden.mov", "raw/d.psd")
    passed_over = Counter[str]()
    list(scan([str(tmp_path)], Globs(exclude=["raw"]), passed_over=passed_over))
    assert passed_over == {".psd": 2, ".mov": 1, "without a suffix": 1}


@pytest.mark.parametrize("suffix", ["jfif", "hif", "pjpeg", "apng", "dib", "avifs", "heics", "jp2", "JPX"])
def test_rarer_suffixes_of_photos_are_known(tmp_path: Path, suffix: str) -> None:
    touch(tmp_path, f"a.{suffix}")
    assert found(tmp_path) == [f"a.{suffix}"]


@pytest.mark.parametrize(("suffix", "module"), [("cr2", "rawpy"), ("DNG", "rawpy"), ("jxl", "pillow_jxl")])
def test_what_an_extra_reads_is_found_with_it_and_passed_over_without(tmp_path: Path, suffix: str, module: str) -> None:
    touch(tmp_path, f"a.{suffix}")
    assert found(tmp_path) == ([f"a.{suffix}"] if find_spec(module) else [])


def test_size_and_time_come_along_and_are_missing_where_a_link_is_broken(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "broken.jpg").symlink_to("nowhere")
    good, broken = scan([str(tmp_path)], Globs())
    status = (tmp_path / "a.jpg").stat()
    assert good == FoundFile(good.path, 1, status.st_mtime_ns, status.st_ctime_ns)
    assert broken == FoundFile(broken.path, None, None, None)


def test_a_folder_with_an_image_s_name_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "album.jpg/a.jpg", "Trip 2014.PNG/day.heic/b.jpg")
    assert found(tmp_path) == ["Trip 2014.PNG/day.heic/b.jpg", "album.jpg/a.jpg"]


def test_a_named_file_counts_whatever_its_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "photo.bin")
    assert found(tmp_path / "photo.bin") == ["."]


def test_a_folder_that_may_not_be_listed_is_reported(
    public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    touch(public_folder, "secret/a.jpg", "b.jpg")
    (public_folder / "secret").chmod(0)
    with without_privileges():
        paths = found(public_folder)
    assert paths == ["b.jpg", "secret"]


def test_a_missing_root_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FolderNotFound, match="holiday"):
        list(scan([str(tmp_path / "holiday")], Globs()))
