"""What cannot be written without a loss is named and left alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from db.engine import Store
from tagger.export.xmp import embedding
from tests.drawn import encoded
from tests.export.xmp.embedded.drawn import FOREIGN, needs_tools, picture, write
from tests.export.xmp.written import needs_programs, sidecar, statuses, tag_photos

pytestmark = [needs_programs, needs_tools]


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


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_second_packet_is_refused(store: Store, tmp_path: Path, suffix: str) -> None:
    path = with_raw_packet(tmp_path / f"paris.{suffix}", FOREIGN)
    data = path.read_bytes()
    if suffix == "png":
        start = data.index(b"iTXt") - 4
        size = 12 + int.from_bytes(data[start : start + 4], "big")
    else:
        start = data.index(b"http://ns.adobe.com/xap/") - 4
        size = 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    path.write_bytes(data[: start + size] + data[start:])
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
