"""A download ends with the whole file, however often its connection breaks; against a real server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training.data.served import Server
from training.data.download import ATTEMPTS, download
from training.data.manifest import DataError

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(CONTENT) as running:
        yield running


def part(folder: Path, content: bytes) -> Path:
    path = folder / "landmark images.zip.part"
    path.write_bytes(content)
    return path


def test_a_file_comes_whole_under_the_addresss_name_and_only_once(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        file = download(server.url, tmp_path / "new", pause_s=0)
    assert file == tmp_path / "new" / "landmark images.zip"
    assert file.read_bytes() == CONTENT
    assert server.ranges == [None]
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_cut_connection_is_taken_up_where_it_ended(tmp_path: Path) -> None:
    with Server(CONTENT, cut_after=400_000) as server:
        assert download(server.url, tmp_path, pause_s=0).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=400000-", "bytes=800000-"]


def test_a_later_run_goes_on_with_what_an_earlier_one_left(server: Server, tmp_path: Path) -> None:
    part(tmp_path, CONTENT[:1000])
    assert download(server.url, tmp_path, pause_s=0).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_a_server_without_ranges_starts_over(tmp_path: Path) -> None:
    part(tmp_path, b"what came of it before")
    with Server(CONTENT, knows_ranges=False) as server:
        assert download(server.url, tmp_path, pause_s=0).read_bytes() == CONTENT


def test_a_file_that_was_whole_but_for_its_name_is_not_loaded_again(server: Server, tmp_path: Path) -> None:
    part(tmp_path, CONTENT)
    assert download(server.url, tmp_path, pause_s=0).read_bytes() == CONTENT


def test_a_part_that_is_longer_than_the_file_is_dropped(server: Server, tmp_path: Path) -> None:
    part(tmp_path, CONTENT + b"more")
    assert download(server.url, tmp_path, pause_s=0).read_bytes() == CONTENT


def test_a_size_that_is_never_reached_is_an_error_and_leaves_no_file(tmp_path: Path) -> None:
    with (
        Server(CONTENT, cut_after=1000, knows_ranges=False) as server,
        pytest.raises(DataError, match=r"ended after 1,000 of 1,024,000 bytes.*run the same command again"),
    ):
        download(server.url, tmp_path, pause_s=0)
    assert len(server.ranges) == ATTEMPTS
    assert [path.name for path in tmp_path.iterdir()] == ["landmark images.zip.part"]


def test_what_the_server_does_not_have_is_asked_for_once(tmp_path: Path) -> None:
    with (
        Server(CONTENT, status=404) as server,
        pytest.raises(DataError, match="answered 404 Not Found"),
    ):
        download(server.url, tmp_path, pause_s=0)
    assert len(server.ranges) == 1


def test_a_server_in_trouble_is_asked_again(tmp_path: Path) -> None:
    with Server(CONTENT, status=503) as server, pytest.raises(DataError, match="answered 503"):
        download(server.url, tmp_path, pause_s=0)
    assert len(server.ranges) == ATTEMPTS


def test_nobody_there_is_an_expected_error(tmp_path: Path) -> None:
    with Server(CONTENT) as server:
        url = server.url
    with pytest.raises(DataError, match="the connection failed"):
        download(url, tmp_path, pause_s=0)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "landmark_images.zip", "https://example.org/", "ftp://a/b.zip"])
def test_only_a_file_on_the_web_has_an_address(url: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not the address of a file"):
        download(url, tmp_path)
