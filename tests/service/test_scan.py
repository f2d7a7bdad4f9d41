"""What a walk finds, what it skips, and that it always ends."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tagger.errors import FolderNotFound
from tagger.scan import Globs, scan


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def found(root: Path, *more: str, include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    paths = [item.path for item in scan([str(root), *more], Globs(include, exclude))]
    return [os.path.relpath(path, root) for path in paths]


def test_photos_are_found_at_every_depth_in_the_order_of_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a/z.JPEG", "a/b/c.heic", "c.webp", "notes.txt", "movie.mp4", "jpg")
    assert found(tmp_path) == ["a/b/c.heic", "a/z.JPEG", "b.jpg", "c.webp"]


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


def test_size_and_time_come_along_and_are_missing_where_a_link_is_broken(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    (tmp_path / "broken.jpg").symlink_to("nowhere")
    good, broken = scan([str(tmp_path)], Globs())
    assert (good.size_bytes, good.mtime_ns) == (1, (tmp_path / "a.jpg").stat().st_mtime_ns)
    assert (broken.size_bytes, broken.mtime_ns) == (None, None)


def test_a_folder_with_an_image_s_name_is_reported_and_still_walked(tmp_path: Path) -> None:
    touch(tmp_path, "album.jpg/a.jpg")
    assert found(tmp_path) == ["album.jpg", "album.jpg/a.jpg"]


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
