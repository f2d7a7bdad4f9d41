"""Nothing is believed that a decoder says: a photo may have taken it over."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tagger.core.types import Failed
from tagger.image.decoder_protocol import SIZES, Frame, ProtocolError, decode_content, decode_part, encode_frame
from tagger.image.loader import Content
from tagger.model.pipeline import Pipeline
from tests.drawn import ColourEngine, card, photos
from tests.hostile_photos import LIES
from tests.image.conftest import LIMITS, MakeDecoders

NOTHING = {"taken_at": None, "taken_from": "exif", "lat": None, "lon": None, "phash": None}
INFO = {"width": 4, "height": 3, "format": "BMP"} | NOTHING
PIXELS = bytes(16 * 16 * 3)
CONTENT = Content("0" * 64, "1" * 64)


def framed(text: bytes) -> bytes:
    return SIZES.pack(len(text), 0) + text


LYING_FRAMES = {
    "no object": framed(b"[1]"),
    "no JSON": framed(b"\xff{"),
    "too deep": framed(b"[" * 200_000),
    "4 GB": SIZES.pack(2, (1 << 32) - 1) + b"{}",
    "4 GB of text": SIZES.pack((1 << 32) - 1, 0) + b"{}",
    "nothing": encode_frame({}),
    "too little memory, twice": encode_frame({"fresh_process": True}),
    "a question": encode_frame({"content": ["0" * 64, None]}),
    "no pixels": encode_frame({"info": INFO}),
    "other pixels": encode_frame({"info": INFO}, PIXELS[3:]),
    "no width": encode_frame({"info": {name: value for name, value in INFO.items() if name != "width"}}, PIXELS),
    **{
        f"{name} {json.dumps(value)}": encode_frame({"info": INFO | {name: value}}, PIXELS)
        for name, value in [
            ("width", {}),
            ("width", 0),
            ("height", 1 << 32),
            ("format", "\udcff"),
            ("phash", 1 << 64),
            ("phash", -1),
            ("phash", 0.5),
            ("taken_at", "yesterday"),
            ("taken_at", "2024-05-01T12:00:00+02:00"),
            ("taken_from", "hearsay"),
            ("taken_from", ["exif"]),
            ("lat", 45.0),
            ("lon", "east"),
        ]
    },
    "nowhere": encode_frame({"info": INFO | {"lat": float("nan"), "lon": 1e999}}, PIXELS),
    **{
        f"failure {json.dumps(failure)}": encode_frame({"failure": failure})
        for failure in (None, [], ["corrupt"], ["corrupt", None], ["cursed", "by a witch"], ["corrupt", "\udcff"])
    },
}


@pytest.mark.slow
def test_nothing_is_believed_that_a_decoder_says_and_the_photos_beside_it_are_sound(
    tmp_path: Path, decoders: MakeDecoders
) -> None:
    for number, lie in enumerate(LYING_FRAMES.values()):
        (tmp_path / f"{number:05} lies.bmp").write_bytes(LIES + lie)
    photos(tmp_path, len(LYING_FRAMES))
    files = sorted(str(file) for file in tmp_path.glob("*.*"))
    results = list(Pipeline(ColourEngine(), card(), LIMITS, loader=decoders(timeout_s=60)).run(files))
    liars = [r.answer.kind if isinstance(r.answer, Failed) else "believed" for r in results if "lies" in r.path]
    assert dict(zip(LYING_FRAMES, liars, strict=True)) == dict.fromkeys(LYING_FRAMES, "decoder_crashed")
    assert not any(isinstance(r.answer, Failed) for r in results if "lies" not in r.path)


def test_the_date_of_a_file_that_was_not_decoded_is_not_believed_either() -> None:
    believed = decode_part(Frame({"file_date": ["2024-05-01T12:00:00", "name"]}), CONTENT, "nothing", 16)
    assert believed.file_date == (datetime(2024, 5, 1, 12), "name")
    for lie in ([], ["soon", "name"], ["2024-05-01", ["name"]], ["2024-05-01T12:00:00Z", "name"]):
        with pytest.raises(ProtocolError):
            decode_part(Frame({"file_date": lie}), CONTENT, "nothing", 16)


def test_the_shape_of_a_preview_is_not_believed_either() -> None:
    frame = Frame({"info": INFO, "shape": [8, 16, 3]}, bytes(8 * 16 * 3))
    pixels = decode_part(frame, CONTENT, "preview", 16).pixels
    assert pixels is not None and pixels.shape == (8, 16, 3)
    for lie in (None, [], [8, 16], [8, 16, 4], [16, 16, 3], [4, 32, 3], [-8, -16, 3], [0, 16, 3], ["8", 16, 3]):
        with pytest.raises(ProtocolError):
            decode_part(Frame(frame.header | {"shape": lie}, frame.payload), CONTENT, "preview", 16)


def test_what_identifies_a_content_is_not_believed_either() -> None:
    assert decode_content(Frame({"content": list(CONTENT)})) == CONTENT
    for lie in (None, "0" * 64, [], ["0" * 64], ["0" * 63, None], ["0" * 64, "g" * 64], ["0" * 64, 5], [None, None]):
        with pytest.raises(ProtocolError):
            decode_content(Frame({"content": lie}))
