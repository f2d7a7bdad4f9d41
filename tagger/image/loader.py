"""One file on its way to the network: read, hash, decode, preprocess.

The one rule: whoever looks, a thread of this process or a process of its own (a decoder worker), does exactly this.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from tagger.core.errors import PhotoError
from tagger.core.types import Failed, Limits, PhotoInfo
from tagger.image import decode
from tagger.image.phash import difference_hash
from tagger.image.preprocess import Pixels, preprocess

if TYPE_CHECKING:
    from tagger.core.types import InputContract

Wanted = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class LoadedPhoto:
    """What a look at a file gave.

    Args:
        sha256: of its bytes; None where it could not be read.
        info: None where the photo was not wanted or failed; likewise the pixels.
        failure: why there is none.
    """

    sha256: str | None
    info: PhotoInfo | None = None
    pixels: Pixels | None = None
    failure: Failed | None = None


class PhotoLoader(Protocol):
    """Looks at files for several threads at a time."""

    def look(self, path: str, wanted: Wanted) -> LoadedPhoto:
        """Args:
        wanted: asked with the content's sha256; where it says no, nothing is decoded.
        """
        ...

    def abandon(self) -> None:
        """The answers are not needed any more: whoever waits for one shall not wait long."""
        ...


@dataclass(frozen=True, slots=True)
class InProcessLoader:
    """Looks in the thread that asks."""

    contract: InputContract
    limits: Limits

    def look(self, path: str, wanted: Wanted) -> LoadedPhoto:
        sha256 = None
        try:
            data = decode.read(path, self.limits.max_file_bytes)
            sha256 = hashlib.sha256(data).hexdigest()
            if not wanted(sha256):
                return LoadedPhoto(sha256)
            return LoadedPhoto(sha256, *photo_of(data, self.contract, self.limits))
        except PhotoError as error:
            return LoadedPhoto(sha256, failure=Failed(error.kind, error.message))

    def abandon(self) -> None:
        """A photo in work cannot be taken from its thread."""


def photo_of(data: bytes, contract: InputContract, limits: Limits) -> tuple[PhotoInfo, Pixels]:
    """What a file says of its photo, and the network's input.

    Raises:
        PhotoError: it cannot be decoded.
    """
    decoded = decode.decode(data, min_side_px=contract.resize_px, max_pixels=limits.max_pixels)
    info = replace(decoded.info, phash=difference_hash(decoded.image))
    return info, preprocess(decoded.image, contract)
