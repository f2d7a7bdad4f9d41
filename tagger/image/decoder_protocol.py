"""What a run and its decoder processes say to each other: a JSON header, and behind it the pixels as they are.

The one rule: nothing that is read here is run, and nothing is believed on which the engine or the store could break.
A decoder may have been taken over by a photo.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from tagger.core.types import Failed, PhotoInfo
from tagger.image.decode import KINDS
from tagger.image.loader import LoadedPhoto
from tagger.image.preprocess import Pixels

SIZES = struct.Struct("<II")  # bytes of the header, bytes behind it
MOST_HEADER_BYTES = 1 << 20  # a decoder's longest is what a codec complains of
SHA256 = re.compile("[0-9a-f]{64}")
SIDES_PX = range(1, 1 << 32)  # no format can say more
PHASHES = range(1 << 64)


class ProtocolError(Exception):
    """What no decoder says that works. The message quotes nothing of it."""


class Frame(NamedTuple):
    header: dict[str, Any]
    payload: bytes | bytearray = b""


def packed(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """ASCII, so that a path that is no text arrives as it is."""
    text = json.dumps(header).encode("ascii")
    return SIZES.pack(len(text), len(payload)) + text + payload


def frame_of(text: bytes | bytearray, payload: bytes | bytearray) -> Frame:
    """Raises:
    Nonsense: the text is no JSON object.
    """
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header that is no JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("a header that is no object")
    return Frame(header, payload)


def sizes_from(start: bytes | bytearray, size_px: int) -> tuple[int, int]:
    """The bytes of a header, and those behind it, which are a photo's pixels at most.

    Raises:
        Nonsense: they are more than a decoder has to say.
    """
    header, payload = SIZES.unpack(start)
    if header > MOST_HEADER_BYTES or payload > _pixel_bytes(size_px):
        raise ProtocolError(f"a frame of {header:,} and {payload:,} bytes")
    return header, payload


def looked_packed(looked: LoadedPhoto) -> bytes:
    if looked.failure is not None:
        return packed({"failure": [looked.failure.kind, looked.failure.message]})
    if looked.info is None or looked.pixels is None:
        return packed({"sha256": looked.sha256})
    taken_at = looked.info.taken_at
    info = asdict(looked.info) | {"taken_at": taken_at and taken_at.isoformat()}
    return packed({"info": info}, looked.pixels.tobytes())


def asked_from(frame: Frame) -> str:
    """The sha256 of the content of which a decoder asks whether it is wanted.

    Raises:
        Nonsense: it does not ask.
    """
    match frame.header:
        case {"sha256": str(sha256)} if SHA256.fullmatch(sha256):
            return sha256
    raise ProtocolError("no question")


def looked_from(frame: Frame, sha256: str | None, size_px: int) -> LoadedPhoto:
    """A decoder's last word on a photo.

    Args:
        sha256: what it asked of; None where it failed before that.
        size_px: the sides of the pixels that the network wants.

    Raises:
        Nonsense: this is no look at a photo.
    """
    if "failure" in frame.header:
        return LoadedPhoto(sha256, failure=_failure(frame.header["failure"]))
    return LoadedPhoto(sha256, _info(frame.header.get("info")), _pixels(frame.payload, size_px))


def _failure(told: object) -> Failed:
    match told:
        case [str(kind), str(message)] if kind in KINDS and _is_text(message):
            return Failed(kind, message)
    raise ProtocolError("a failure that is none")


def _info(told: object) -> PhotoInfo:
    match told:
        case {
            "width": int(width),
            "height": int(height),
            "format": str(name),
            "taken_at": None | str() as taken_at,
            "lat": None | float() as lat,
            "lon": None | float() as lon,
            "phash": None | int() as phash,
        } if (
            width in SIDES_PX
            and height in SIDES_PX
            and _is_text(name)
            and _is_place(lat, lon)
            and (phash is None or phash in PHASHES)
        ):
            return PhotoInfo(width, height, name, _moment(taken_at), lat, lon, phash)
    raise ProtocolError("a description of no photo")


def _pixels(payload: bytes | bytearray, size_px: int) -> Pixels:
    if len(payload) != _pixel_bytes(size_px):
        raise ProtocolError("pixels of another size")
    return np.frombuffer(payload, dtype=np.uint8).reshape(size_px, size_px, 3)  # (H, W, 3)


def _pixel_bytes(size_px: int) -> int:
    return size_px * size_px * 3


def _is_text(told: str) -> bool:
    """Whether it can be stored and printed: JSON can hold half a character."""
    try:
        told.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_place(lat: float | None, lon: float | None) -> bool:
    if lat is None or lon is None:
        return lat is lon
    return abs(lat) <= 90 and abs(lon) <= 180  # NaN is not


def _moment(told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise ProtocolError("a date that is none") from error
    if moment.tzinfo is not None:
        raise ProtocolError("a camera that knows its zone")
    return moment
