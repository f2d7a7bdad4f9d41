"""The messages between a run and its decoder processes: a JSON header, followed by raw pixels.

The one rule: nothing that is read here is executed, and everything that could break the engine or the store is
validated. A photo may have taken over its decoder.
"""

from __future__ import annotations

import json
import re
import struct
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from tagger.core.types import DATE_SOURCES, Failed, PhotoInfo, TakenDate
from tagger.image.decode import KINDS
from tagger.image.limits import FRESH_PROCESS
from tagger.image.loader import COPIES, Content, LoadedPhoto, Part
from tagger.image.preprocess import Pixels

SIZES = struct.Struct("<II")  # bytes of the header, bytes of the payload
MAX_HEADER_BYTES = 1 << 20  # a codec's error message is the longest
HASH = re.compile("[0-9a-f]{64}")
SIDES_PX = range(1, 1 << 32)  # no format allows more
PHASHES = range(1 << 64)
MAX_COPY_BYTES = 4 << 20


class ProtocolError(Exception):
    """A reply that no working decoder sends. The message does not quote it."""


class FreshProcessNeeded(Exception):
    """A decoder has too little memory left for a part of a photo, and exits."""

    def __init__(self, part: Part) -> None:
        super().__init__(part)
        self.part = part


class Frame(NamedTuple):
    header: dict[str, Any]
    payload: bytes | bytearray = b""


def encode_frame(header: dict[str, Any], payload: bytes | memoryview = b"") -> bytes:
    """Encode a frame, its header in ASCII, so that undecodable paths survive."""
    text = json.dumps(header).encode("ascii")
    return b"".join((SIZES.pack(len(text), len(payload)), text, payload))


def decode_frame(text: bytes | bytearray, payload: bytes | bytearray) -> Frame:
    """Decode a frame's header and payload.

    Raises:
        ProtocolError: the header is not a JSON object.
    """
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a header that is not JSON") from error
    if not isinstance(header, dict):
        raise ProtocolError("a header that is not an object")
    return Frame(header, payload)


def decode_sizes(start: bytes | bytearray, size_px: int) -> tuple[int, int]:
    """The sizes of a frame's header and payload; a photo's pixels at most, or a copy.

    Raises:
        ProtocolError: they exceed the limits.
    """
    header_bytes, payload_bytes = SIZES.unpack(start)
    if header_bytes > MAX_HEADER_BYTES or payload_bytes > max(_pixel_bytes(size_px), MAX_COPY_BYTES):
        raise ProtocolError(f"a frame of {header_bytes:,} and {payload_bytes:,} bytes")
    return header_bytes, payload_bytes


def encode_photo(photo: LoadedPhoto) -> bytes:
    """A decoder's last reply on a photo."""
    if photo.failure is not None:
        return encode_frame({"failure": [photo.failure.kind, photo.failure.message]})
    if photo.copy is not None:
        return encode_frame({"copy": True}, photo.copy)
    if photo.info is None:
        date = photo.file_date
        return encode_frame({"file_date": date and [date.taken_at.isoformat(), date.taken_from]})
    taken_at = photo.info.taken_at
    info = {name: getattr(photo.info, name) for name in PhotoInfo.__slots__}  # `asdict` copies deeply
    info["taken_at"] = taken_at and taken_at.isoformat()
    if photo.pixels is None:
        return encode_frame({"info": info})
    return encode_frame({"info": info, "shape": photo.pixels.shape}, photo.pixels.data.cast("B"))


def decode_content(frame: Frame) -> Content | LoadedPhoto:
    """A decoder's first reply on a photo: what identifies its content, or why it cannot be read.

    Raises:
        ProtocolError: it is neither.
    """
    match frame.header:
        case {"failure": failure}:
            return LoadedPhoto(None, failure=_failure(failure))
        case {"content": [str(sha256), None | str() as picture]} if HASH.fullmatch(sha256):
            if picture is None or HASH.fullmatch(picture):
                return Content(sha256, picture)
    raise ProtocolError("no content")


def decode_part(frame: Frame, content: Content, part: Part, size_px: int) -> LoadedPhoto:
    """A decoder's last reply on a photo.

    Args:
        part: what was asked for.
        size_px: the side of the network's input.

    Raises:
        ProtocolError: it is not that.
        FreshProcessNeeded: another process must decode it.
    """
    if part == "nothing":
        return _skipped(frame, content)
    if FRESH_PROCESS in frame.header:
        raise FreshProcessNeeded(part)
    if "failure" in frame.header:
        return LoadedPhoto(content, failure=_failure(frame.header["failure"]))
    if part in COPIES:
        return LoadedPhoto(content, copy=_webp(frame.payload))
    return LoadedPhoto(content, _info(frame.header.get("info")), _pixels(frame, part, size_px))


def _skipped(frame: Frame, content: Content) -> LoadedPhoto:
    match frame.header:
        case {"file_date": None}:
            return LoadedPhoto(content)
        case {"file_date": [str(text), source]} if (time := _naive_time(text)) and source in DATE_SOURCES:
            return LoadedPhoto(content, file_date=TakenDate(time, source))
    raise ProtocolError("no date of the file")


def _failure(value: object) -> Failed:
    match value:
        case [str(kind), str(message)] if kind in KINDS and _is_text(message):
            return Failed(kind, message)
    raise ProtocolError("a failure of an unknown kind")


def _info(value: object) -> PhotoInfo:
    match value:
        case {
            "width": int(width),
            "height": int(height),
            "format": str(name),
            "taken_at": None | str() as taken_at,
            "lat": None | float() as lat,
            "lon": None | float() as lon,
            "phash": None | int() as phash,
            "taken_from": source,
        } if (
            width in SIDES_PX
            and height in SIDES_PX
            and _is_text(name)
            and _is_place(lat, lon)
            and (phash is None or phash in PHASHES)
            and source in DATE_SOURCES
        ):
            return PhotoInfo(width, height, name, _naive_time(taken_at), lat, lon, phash, source)
    raise ProtocolError("an invalid description of a photo")


def _pixels(frame: Frame, part: Part, size_px: int) -> Pixels | None:
    """The pixels of a part that has some: a square for the network; of a preview, what the decoder says, up to that."""
    if part == "metadata":
        return None
    match frame.header.get("shape") if part == "preview" else (size_px, size_px, 3):
        case [int(height), int(width), 3] if 1 <= min(height, width) <= max(height, width) <= size_px:
            if len(frame.payload) == height * width * 3:
                return np.frombuffer(frame.payload, dtype=np.uint8).reshape(height, width, 3)  # (H, W, 3)
    raise ProtocolError("pixels of a wrong size")


def _webp(payload: bytes | bytearray) -> bytes:
    if payload[:4] != b"RIFF" or payload[8:12] != b"WEBP":
        raise ProtocolError("a copy that is no WebP")
    return bytes(payload)


def _pixel_bytes(size_px: int) -> int:
    return size_px * size_px * 3


def _is_text(value: str) -> bool:
    """Whether a string can be stored and printed: JSON may contain half a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_place(lat: float | None, lon: float | None) -> bool:
    if lat is None or lon is None:
        return lat is lon
    return abs(lat) <= 90 and abs(lon) <= 180  # false for NaN


def _naive_time(value: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(value) if value is not None else None
    except ValueError as error:
        raise ProtocolError("an invalid date") from error
    if time and time.tzinfo:
        raise ProtocolError("a camera that knows its time zone")
    return time
