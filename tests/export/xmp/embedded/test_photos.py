"""Landmarks are written into photos themselves, with nothing else in them changed, and go without a trace."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from db.read.filters import TagFilter
from tagger.export.xmp import sidecars, writing
from tagger.export.xmp.changes import Change
from tagger.export.xmp.embedding import embed, packet_in
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import GUESSED, LATITUDE, SUBJECT
from tagger.export.xmp.sidecars import WriteOptions
from tagger.image.metadata.whole import read_whole
from tagger.image.picture_hash import picture_hash
from tests.db.samples import decide, digest
from tests.drawn import encoded
from tests.export.xmp.embedded.drawn import FOREIGN, FORMATS, lists, needs_tools, picture, pixels, write
from tests.export.xmp.written import EIFFEL, beside, needs_programs, statuses, tag_photos, undo

pytestmark = [needs_programs, needs_tools]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_photo_holds_the_landmark_and_comes_back_byte_for_byte(
    store: Store, tmp_path: Path, suffix: str, tool: str
) -> None:
    path = picture(tmp_path / f"paris.{suffix}")
    tag_photos(store, [path])
    before, shown = path.read_bytes(), pixels(path)
    (outcome,) = write(store)
    if tool == "exiv2" and suffix in ("heic", "avif"):
        assert (outcome.status, "need exiftool" in (outcome.message or "")) == ("failed", True)
        assert path.read_bytes() == before
        return
    assert (outcome.status, outcome.sidecar) == ("written", str(path))
    assert lists(path) == EIFFEL
    assert (pixels(path), picture_hash(path.read_bytes())) == (shown, picture_hash(before))
    assert read_whole(path.read_bytes()).has_same_rest(read_whole(before))
    assert statuses(write(store)) == ["unchanged"]
    assert statuses(undo(store)) == ["written"]
    assert path.read_bytes() == before
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".tagger")]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "heic"])
def test_other_programs_read_the_keywords(store: Store, tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"paris.{suffix}")
    tag_photos(store, [path])
    write(store)
    done = subprocess.run(["exiftool", "-s3", "-XMP-dc:Subject", path], capture_output=True, text=True, check=True)
    assert done.stdout == "Eiffel Tower\n"
    if suffix != "heic":
        done = subprocess.run(
            ["exiv2", "-g", "Xmp.dc.subject", "-Pv", path], capture_output=True, text=True, check=True
        )
        assert done.stdout == "Eiffel Tower\n"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "heic"])
def test_what_the_photo_says_already_stays(store: Store, tmp_path: Path, suffix: str) -> None:
    path = picture(tmp_path / f"paris.{suffix}")
    path.write_bytes(embed(path.read_bytes(), FOREIGN))
    before = path.read_bytes()
    tag_photos(store, [path])
    write(store)
    assert lists(path)["dc:subject"] == ["sea", "Eiffel Tower"]
    packet = packet_in(path.read_bytes()) or b""
    assert b"<odd:thing>1</odd:thing><!-- a comment -->" in packet
    undo(store)
    assert path.read_bytes() == before


def test_what_others_write_in_between_stays(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    tag_photos(store, [path])
    write(store)
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Subject+=Ann", path], check=True)
    decide(store, digest("paris.jpg"), "shows", "machu_picchu")
    assert statuses(write(store)) == ["written"]
    assert lists(path)["dc:subject"] == ["Ann", "Machu Picchu"]
    assert statuses(undo(store)) == ["written"]
    assert lists(path) == {"dc:subject": ["Ann"], "lr:hierarchicalSubject": [], "digiKam:TagsList": []}


def test_a_landmark_that_no_longer_holds_is_taken_away(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    before = path.read_bytes()
    tag_photos(store, [path])
    write(store)
    decide(store, digest("paris.jpg"), "none", None)
    assert statuses(write(store)) == ["written"]
    assert path.read_bytes() == before
    assert write(store) == []


def test_undo_finds_what_another_database_wrote(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    tag_photos(store, [path])
    write(store)
    with store.write() as connection:
        connection.exec_driver_sql("DELETE FROM sidecar")
    assert statuses(undo(store, landmarks=["eiffel_tower"])) == ["written"]
    assert packet_in(path.read_bytes()) is None


@pytest.mark.usefixtures("tool")
def test_what_is_behind_the_picture_stays(store: Store, tmp_path: Path) -> None:
    first = Image.linear_gradient("L").convert("RGB")
    two, film = tmp_path / "two.jpg", picture(tmp_path / "film.jpg")
    two.write_bytes(encoded(first, "MPO", save_all=True, append_images=[first.rotate(90)]))
    film.write_bytes(film.read_bytes() + b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 9)
    before = [path.read_bytes() for path in (two, film)]
    tag_photos(store, [two, film])
    assert statuses(write(store)) == ["written", "written"]
    assert film.read_bytes()[-2000:] == before[1][-2000:]
    with Image.open(two) as image:
        image.seek(1)
        assert image.convert("RGB").tobytes() == second_picture(before[0])
    undo(store)
    assert [path.read_bytes() for path in (two, film)] == before


def test_what_is_behind_a_png_is_not_lost(store: Store, tmp_path: Path, tool: str) -> None:
    path = picture(tmp_path / "paris.png")
    path.write_bytes(path.read_bytes() + b"more")
    tag_photos(store, [path])
    assert statuses(write(store)) == ["failed" if tool == "exiv2" else "written"]  # that drops it
    assert path.read_bytes().endswith(b"more")


def second_picture(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        image.seek(1)
        return image.convert("RGB").tobytes()


def test_a_moved_index_of_further_pictures_is_noticed() -> None:
    first = Image.linear_gradient("L").convert("RGB")
    data = encoded(first, "MPO", save_all=True, append_images=[first.rotate(90)])
    end = data.index(b"\xff\xdb")  # the first table, behind the index
    start, segment = data.index(b"\xff\xe2"), b"\xff\xeb\0\x06more"
    before = read_whole(data)
    assert before.has_same_rest(read_whole(data[:start] + segment + data[start:]))
    assert not before.has_same_rest(read_whole(data[:end] + segment + data[end:]))


def test_the_preview_shows_the_packet_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    before = path.read_bytes()
    tag_photos(store, [path])
    (change,) = sidecars.preview(store, TagFilter(), WriteOptions(naming="embedded"))
    assert isinstance(change, Change)
    assert (change.sidecar, change.now, path.read_bytes()) == (str(path), None, before)
    write(store)
    assert packet_in(path.read_bytes()) == (change.new or b"").strip()
    assert list(sidecars.preview(store, TagFilter(), WriteOptions(naming="embedded"))) == []


def test_a_photo_keeps_its_mode_and_a_link_stays_a_link(store: Store, tmp_path: Path) -> None:
    real, link = picture(tmp_path / "real" / "a.jpg"), tmp_path / "paris.jpg"
    real.chmod(0o640)
    link.symlink_to(real)
    tag_photos(store, [link])
    assert statuses(write(store)) == ["written"]
    assert (link.is_symlink(), stat.S_IMODE(real.stat().st_mode)) == (True, 0o640)
    assert lists(real) == EIFFEL


def test_a_photo_that_another_program_changes_meanwhile_is_left_alone(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(tmp_path / "paris.jpg")
    tag_photos(store, [path])
    real = writing.begin_writes  # type: ignore[attr-defined]

    def meanwhile(*arguments: Any) -> None:
        path.write_bytes(path.read_bytes() + b"more")
        real(*arguments)

    monkeypatch.setattr(writing, "begin_writes", meanwhile)
    (outcome,) = write(store)
    assert (outcome.status, outcome.message) == ("failed", "another program has just changed it")
    assert ".tagger" not in "".join(os.listdir(tmp_path))


def test_a_guessed_position_is_marked_and_is_no_position_of_the_photo(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "paris.jpg"
    path.write_bytes(encoded(Image.new("RGB", (40, 40)), "JPEG"))
    tag_photos(store, [path], score=0.96)
    write(store, with_gps=True)
    packet = Packet(packet_in(path.read_bytes()) or b"")
    assert (packet.has(LATITUDE), packet.has(GUESSED)) == (True, True)
    assert "Guessed position" in packet.items(SUBJECT)
    assert statuses(write(store)) == ["unchanged"]


def test_a_sidecar_is_told_of_and_not_written(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    beside(path).write_bytes(FOREIGN)
    tag_photos(store, [path])
    (outcome,) = write(store)
    assert (outcome.status, "sidecar" in (outcome.message or "")) == ("written", True)
    assert beside(path).read_bytes() == FOREIGN
