"""Landmarks are written into photos themselves, with nothing else in them changed, and go without a trace."""

from __future__ import annotations

import io
import os
import stat
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from db.read.filters import TagFilter
from tagger.export.xmp import embedding, sidecars, writing
from tagger.export.xmp.changes import Change
from tagger.export.xmp.embedding import embed, packet_in
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import GUESSED, LATITUDE, LISTS, SUBJECT
from tagger.export.xmp.sidecars import Outcome, WriteOptions
from tagger.image.metadata.whole import read_whole
from tagger.image.picture_hash import picture_hash
from tests.db.samples import decide, digest
from tests.drawn import encoded
from tests.export.xmp.written import EIFFEL, bag, beside, needs_programs, sidecar, statuses, tag_photos, undo
from tests.export.xmp.written import write as write_sidecars

FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "heic": "HEIF", "avif": "AVIF"}
FOREIGN = sidecar(bag("dc:subject", "sea") + "<odd:thing>1</odd:thing><!-- a comment -->").encode()
TOOLS = ("exiv2", "exiftool")

pytestmark = [needs_programs, pytest.mark.skipif(find_spec("exiv2") is None, reason="needs the extra embed")]


def exif() -> Image.Exif:
    values = Image.Exif()
    values[0x010F], values[0x0132] = "Canon", "2020:01:01 10:00:00"
    values.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0a comment"
    values.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0)})
    return values


def picture(path: Path, **options: Any) -> Path:
    """A photo with EXIF and a pattern, in the format of its suffix."""
    if path.suffix in (".heic", ".avif"):
        pytest.importorskip("pillow_heif").register_heif_opener()
    image = Image.linear_gradient("L").resize((60, 40)).convert("RGB")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(image, FORMATS[path.suffix[1:]], exif=exif(), **options))
    return path


def pixels(path: Path) -> bytes:
    with Image.open(path) as image:
        return image.convert("RGBA").tobytes()


def write(store: Store, **options: Any) -> list[Outcome]:
    return write_sidecars(store, naming="embedded", **options)


def lists(path: Path) -> dict[str, list[str]]:
    packet = Packet(packet_in(path.read_bytes()) or b"")
    return {str(item): packet.items(item) for item in LISTS}


@pytest.fixture(params=TOOLS)
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Only one of the two tools is there."""
    name: str = request.param
    missing = "exiftool" if name == "exiv2" else "exiv2"
    if missing == "exiftool":
        monkeypatch.setattr(embedding.shutil, "which", lambda _: None)  # type: ignore[attr-defined]
    else:
        monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    return name


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


@pytest.mark.parametrize(
    ("packet", "message"),
    [
        (b" \n ", "reads as empty"),
        (sidecar().encode(), "reads as empty"),
        (FOREIGN[:-20], "not well-formed"),
        (b"<!DOCTYPE x>" + FOREIGN, "document type"),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_xmp_that_cannot_be_kept_is_refused(
    store: Store, tmp_path: Path, suffix: str, packet: bytes, message: str
) -> None:
    path = with_raw_packet(tmp_path / f"paris.{suffix}", packet)
    before = path.read_bytes()
    tag_photos(store, [path])
    (outcome,) = write(store)
    assert (outcome.status, path.read_bytes()) == ("failed", before)
    assert message in (outcome.message or "")


def with_raw_packet(path: Path, packet: bytes) -> Path:
    """A photo whose XMP is whatever it is."""
    from PIL.PngImagePlugin import PngInfo

    if path.suffix == ".png":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        return picture(path, pnginfo=text)
    return picture(path, xmp=packet)


def test_xmp_in_several_parts_is_refused(store: Store, tmp_path: Path) -> None:
    path = picture(tmp_path / "paris.jpg")
    body = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40 + b"<x/>"
    data = path.read_bytes()
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:])
    tag_photos(store, [path])
    (outcome,) = write(store)
    assert "in several parts" in (outcome.message or "")


def test_a_tool_that_would_change_more_is_not_used(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(tmp_path / "paris.jpg")
    before = path.read_bytes()
    tag_photos(store, [path])

    def careless(data: bytes, _packet: bytes | None) -> bytes:
        with Image.open(io.BytesIO(data)) as image:
            return encoded(image, "JPEG", xmp=FOREIGN)

    monkeypatch.setattr(embedding, "_tools", lambda _: [careless])
    (outcome,) = write(store)
    assert (outcome.status, path.read_bytes()) == ("failed", before)


def test_other_formats_and_damaged_photos_are_refused(store: Store, tmp_path: Path) -> None:
    gif, half = tmp_path / "a.gif", picture(tmp_path / "half.png")
    Image.new("RGB", (9, 9)).save(gif)
    half.write_bytes(half.read_bytes()[:-20])
    tag_photos(store, [gif, half])
    assert statuses(write(store)) == ["failed", "failed"]


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
