"""Load one file for the network: read, hash, decode, preprocess. Threads and decoder processes both use this."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from typing import Protocol

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.core.types import Failed, InputContract, PhotoInfo, TakenDate
from tagger.image.decode import decode
from tagger.image.metadata.photo_info import file_date, with_file
from tagger.image.phash import difference_hash
from tagger.image.preprocess import Pixels, preprocess
from tagger.image.source import open_source

ShouldDecode = Callable[[str], bool]
IsCancelled = Callable[[], bool]


def always(_sha256: str) -> bool:
    """Decode every photo."""
    return True


@dataclass(frozen=True, slots=True)
class LoadedPhoto:
    """A loaded file.

    Args:
        sha256: of its bytes; None if it could not be read.
        info: None, like the pixels, if the photo failed or was not to be decoded.
        failure: why it could not be read or decoded.
        file_date: from what is beside the file, if it was not to be decoded; see `tagger.image.metadata`.
    """

    sha256: str | None
    info: PhotoInfo | None = None
    pixels: Pixels | None = None
    failure: Failed | None = None
    file_date: TakenDate | None = None


class PhotoLoader(Protocol):
    """Loads photos; safe to call from several threads."""

    def load(self, path: str, should_decode: ShouldDecode, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        """Load one photo.

        Args:
            should_decode: called with the content's sha256; if it returns False, nothing is decoded.
            is_cancelled: polled while the caller waits, if the loader can cancel.

        Raises:
            concurrent.futures.CancelledError: it was cancelled.
        """
        ...


@dataclass(frozen=True, slots=True)
class InProcessLoader:
    """Loads photos in the calling thread; a photo in progress cannot be cancelled."""

    contract: InputContract
    limits: Limits

    def load(self, path: str, should_decode: ShouldDecode, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        if is_cancelled and is_cancelled():
            raise CancelledError
        sha256 = None
        try:
            with open_source(path, self.limits) as source:
                sha256 = source.sha256
                if not should_decode(sha256):
                    return LoadedPhoto(sha256, file_date=file_date(path))
                decoded = decode(source.content, min_side_px=self.contract.resize_px, max_pixels=self.limits.max_pixels)
            info = replace(with_file(decoded.info, path), phash=difference_hash(decoded.image))
            return LoadedPhoto(sha256, info, preprocess(decoded.image, self.contract))
        except PhotoError as error:
            return LoadedPhoto(sha256, failure=Failed(error.kind, error.message))
        except MemoryError:  # in a decoder process, whose memory is limited
            return LoadedPhoto(sha256, failure=Failed("too_large", "it does not fit into memory"))
