"""What a run and its decoder processes say to each other: a JSON header, and behind it the pixels as they are.

The one rule: nothing that is read here is run. A decoder may have been taken over by a photo.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from tagger.look import Looked
from tagger.types import Failed, PhotoInfo

SIZES = struct.Struct("<II")  # bytes of the header, bytes behind it


class Frame(NamedTuple):
    header: dict[str, Any]
    payload: bytes | bytearray = b""


def packed(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """ASCII, so that a path that is no text arrives as it is."""
    text = json.dumps(header).encode("ascii")
    return SIZES.pack(len(text), len(payload)) + text + payload


def frame_of(text: bytes | bytearray, payload: bytes | bytearray) -> Frame:
    return Frame(json.loads(text), payload)


def looked_packed(looked: Looked) -> bytes:
    header: dict[str, Any] = {"sha256": looked.sha256}
    if looked.failure is not None:
        header["failure"] = [looked.failure.kind, looked.failure.message]
    if looked.info is None or looked.pixels is None:
        return packed(header)
    taken_at = looked.info.taken_at
    header["info"] = asdict(looked.info) | {"taken_at": taken_at and taken_at.isoformat()}
    header["shape"] = looked.pixels.shape
    return packed(header, looked.pixels.tobytes())


def looked_from(frame: Frame) -> Looked:
    """Raises:
    ValueError, KeyError, TypeError: this is no look at a photo.
    """
    sha256, failure, info = (frame.header.get(name) for name in ("sha256", "failure", "info"))
    if failure is not None:
        return Looked(sha256, failure=Failed(*failure))
    if info is None:
        return Looked(sha256)
    taken_at = info["taken_at"] and datetime.fromisoformat(info["taken_at"])
    pixels = np.frombuffer(frame.payload, dtype=np.uint8).reshape(frame.header["shape"])  # (H, W, 3)
    return Looked(sha256, PhotoInfo(**info | {"taken_at": taken_at}), pixels)
