"""Load one file for the network: read, hash, decode, preprocess. Threads and decoder processes both use this."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol

from PIL import Image

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.core.types import Failed, InputContract, PhotoInfo, TakenDate
from tagger.image.decode import decode, read_info
from tagger.image.metadata.photo_info import file_date, with_file
from tagger.image.phash import difference_hash
from tagger.image.picture_hash import picture_hash
from tagger.image.preprocess import Pixels, preprocess, preview
from tagger.image.source import open_source
from tagger.image.thumbnail import copy_file, keep_copy, webp

# Of a photo: "pixels" are the network's input, a "preview" is for people. Both come with the metadata.
# A "thumbnail" and a "screen" are copies without metadata, as files.
Part = Literal["nothing", "metadata", "pixels", "preview", "thumbnail", "screen"]
COPIES: dict[Part, int] = {"thumbnail": 400, "screen": 1600}  # the long side in pixels
IsCancelled = Callable[[], bool]


class Content(NamedTuple):
    """What identifies a file that was read.

    Attributes:
        sha256: of its bytes.
        picture: the hash of its picture, see `tagger.image.picture_hash`; None if it has none.
    """

    sha256: str
    picture: str | None


NeededPart = Callable[[Content], Part]


def always(_content: Content) -> Part:
    """Decode every photo."""
    return "pixels"


@dataclass(frozen=True, slots=True)
class LoadedPhoto:
    """A loaded file.

    Args:
        content: None if it could not be read.
        info: None if the photo failed, or nothing of it was needed.
        pixels: (H, W, 3); None without `info`, or if only metadata were needed.
        failure: why it could not be read or decoded.
        file_date: from what is beside the file, if nothing of it was needed; see `tagger.image.metadata`.
        copy: a WebP, if a copy was needed, and then nothing else.
    """

    content: Content | None
    info: PhotoInfo | None = None
    pixels: Pixels | None = None
    failure: Failed | None = None
    file_date: TakenDate | None = None
    copy: bytes | None = None

    @property
    def sha256(self) -> str | None:
        return self.content.sha256 if self.content else None


class PhotoLoader(Protocol):
    """Loads photos; safe to call from several threads."""

    def load(self, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        """Load one photo.

        Args:
            needed_part: called once the file was read; says what else is needed of it.
            is_cancelled: polled while the caller waits, if the loader can cancel.

        Raises:
            concurrent.futures.CancelledError: it was cancelled.
        """
        ...


@dataclass(frozen=True, slots=True)
class InProcessLoader:
    """Loads photos in the calling thread; a photo in progress cannot be cancelled.

    Args:
        contract: the network's input.
        limits: of the work on one photo.
        thumbnails: a folder in which a thumbnail of each photo is kept whose pixels are needed.
    """

    contract: InputContract
    limits: Limits
    thumbnails: str | None = None

    def load(self, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        if is_cancelled and is_cancelled():
            raise CancelledError
        content = None
        try:
            with open_source(path, self.limits) as source:
                data = source.content if isinstance(source.content, bytes) else None
                content = Content(source.sha256, picture_hash(data) if data else None)
                part = needed_part(content)
                if part == "nothing":
                    return LoadedPhoto(content, file_date=file_date(path))
                if part == "metadata" and data:
                    return LoadedPhoto(content, with_file(read_info(data, self.limits.max_pixels), path))
                side_px = COPIES.get(part, self.contract.resize_px)
                decoded = decode(source.content, min_side_px=side_px, max_pixels=self.limits.max_pixels)
            if part in COPIES:
                return LoadedPhoto(content, copy=webp(decoded.image, side_px))
            if part == "pixels" and self.thumbnails:
                _keep_thumbnail(self.thumbnails, content.sha256, decoded.image)
            info = replace(with_file(decoded.info, path), phash=difference_hash(decoded.image))
            pixels = preprocess if part == "pixels" else preview
            return LoadedPhoto(content, info, pixels(decoded.image, self.contract))
        except PhotoError as error:
            return LoadedPhoto(content, failure=Failed(error.kind, error.message))
        except MemoryError:  # in a decoder process, whose memory is limited
            return LoadedPhoto(content, failure=Failed("too_large", "it does not fit into memory"))


def _keep_thumbnail(folder: str, sha256: str, image: Image.Image) -> None:
    """Keep a thumbnail; without room for it, the gallery makes it later."""
    file = copy_file(folder, "thumbnail", sha256)
    with suppress(OSError):
        if not file.exists():
            keep_copy(file, webp(image.copy(), COPIES["thumbnail"]))
