"""The .json of Google Takeout is found beside its photo, under any of its odd names."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tagger.core.types import Position
from tagger.image.metadata.takeout import Takeout, read_takeout

NOON = datetime(2019, 3, 4, 12)
LONG = "Screenshot of a very long title that nobody wan"  # 47 characters
PISA = {"latitude": 43.723, "longitude": 10.396, "altitude": 0.0}
NOWHERE = {"latitude": 0.0, "longitude": 0.0}


def write(folder: Path, name: str, **changes: Any) -> None:
    values = {"title": "x", "photoTakenTime": {"timestamp": str(int(NOON.timestamp()))}, "geoData": PISA}
    (folder / name).write_text(json.dumps(values | changes))


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_1.jpg.json"),
        ("IMG_1.jpg", "IMG_1.jpg.supplemental-metadata.json"),
        ("IMG_1.jpg", "IMG_1.jpg.suppl.json"),
        ("IMG_1.jpg", "IMG_1.json"),
        ("IMG_1(2).jpg", "IMG_1(2).jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg(2).json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.supplemental-metadata(2).json"),
        ("IMG_1-edited.jpg", "IMG_1.jpg.json"),
        ("IMG_1-bearbeitet(2).jpg", "IMG_1.jpg(2).json"),
        (f"{LONG}.jpg", f"{LONG[:46]}.json"),
        (f"{LONG}(3).jpg", f"{LONG[:46]}(3).json"),
        (f"{LONG}(3).jpg", f"{LONG[:43]}(3).json"),
        (f"{LONG[:40]}.jpg", f"{LONG[:40]}.jpg.s.json"),
        ("Torre di Pisa – über.jpg", "Torre di Pisa – über.jpg.supplemental-metadata.json"),
    ],
)
def test_the_json_of_a_photo_is_found(tmp_path: Path, photo: str, sidecar: str) -> None:
    write(tmp_path, sidecar)
    assert read_takeout(str(tmp_path / photo)) == Takeout((NOON, "takeout"), Position(43.723, 10.396))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("photo", "sidecar"),
    [
        ("IMG_1.jpg", "IMG_10.jpg.json"),
        ("IMG_10.jpg", "IMG_1.jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg.json"),
        ("IMG_1(2).jpg", "IMG_1.jpg(3).json"),
        ("IMG_1.jpg", "IMG_1.jpg(1).json"),
        ("IMG_1.jpg", "IMG_1.png.json"),
        ("IMG_1.jpg", "IM.json"),
        (f"{LONG}.jpg", f"{LONG[:45]}.json"),
    ],
)
def test_the_json_of_another_photo_is_not_taken(tmp_path: Path, photo: str, sidecar: str) -> None:
    write(tmp_path, sidecar)
    assert read_takeout(str(tmp_path / photo)) == Takeout()


def test_zero_is_no_place_and_no_time(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg.json", geoData=NOWHERE, geoDataExif=PISA, photoTakenTime={"timestamp": "0"})
    assert read_takeout(str(tmp_path / "a.jpg")) == Takeout(None, Position(43.723, 10.396))
    write(tmp_path, "a.jpg.json", geoData=NOWHERE, geoDataExif=NOWHERE)
    assert read_takeout(str(tmp_path / "a.jpg")).position is None


@pytest.mark.parametrize(
    "changes",
    [
        {"photoTakenTime": None, "geoData": None},
        {"photoTakenTime": {"timestamp": "soon"}, "geoData": {"latitude": "north", "longitude": 10.4}},
        {"photoTakenTime": {"timestamp": 10**30}, "geoData": {"latitude": 91, "longitude": 10.4}},
        {"photoTakenTime": [], "geoData": {"latitude": float("nan"), "longitude": float("inf")}},
        {"photoTakenTime": {}, "geoData": {"latitude": 43.7}},
    ],
)
def test_nonsense_in_it_says_nothing(tmp_path: Path, changes: dict[str, Any]) -> None:
    write(tmp_path, "a.jpg.json", **changes)
    assert read_takeout(str(tmp_path / "a.jpg")) == Takeout()


@pytest.mark.parametrize("text", [b"", b"[1]", b"\xff\xfe{", b"[" * 200_000, b'{"a": "' + b"x" * (2 << 20) + b'"}'])
def test_what_is_no_json_of_google_says_nothing(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.jpg.json").write_bytes(text)
    assert read_takeout(str(tmp_path / "a.jpg")) == Takeout()


def test_a_pipe_or_a_folder_with_its_name_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg.json")
    (tmp_path / "b.jpg.json").mkdir()
    assert [read_takeout(str(tmp_path / name)) for name in ("a.jpg", "b.jpg")] == [Takeout()] * 2
    assert read_takeout(str(tmp_path / "gone" / "a.jpg")) == Takeout()


def test_a_json_that_comes_later_is_found(tmp_path: Path) -> None:
    assert read_takeout(str(tmp_path / "a.jpg")) == Takeout()
    write(tmp_path, "a.jpg.json")
    os.utime(tmp_path, (1, 1))
    assert read_takeout(str(tmp_path / "a.jpg")).date == (NOON, "takeout")
