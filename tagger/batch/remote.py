"""Load photos of an object store: each is copied to the machine's disk while it is decoded, and removed afterwards."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory

from pyarrow import ArrowException, fs

from tagger.batch.places import Place, is_url, open_place
from tagger.core.errors import ConfigError, PhotoError
from tagger.core.types import Failed
from tagger.image.loader import IsCancelled, LoadedPhoto, NeededPart, PhotoLoader


@dataclass(frozen=True, slots=True)
class RemoteLoader:
    """A `PhotoLoader` for paths and URLs.

    Args:
        loader: for files of the machine.
        max_file_bytes: larger files are not copied.
    """

    loader: PhotoLoader
    max_file_bytes: int
    _systems: dict[str, Place] = field(default_factory=dict)  # by the URL's scheme and host

    def load(self, path: str, needed_part: NeededPart, is_cancelled: IsCancelled | None = None) -> LoadedPhoto:
        if not is_url(path):
            return self.loader.load(path, needed_part, is_cancelled)
        with TemporaryDirectory(prefix="tagger-") as folder:
            copy = os.path.join(folder, os.path.basename(path) or "photo")  # a file's name may say when it was taken
            try:
                self._copy(path, copy)
            except PhotoError as error:
                return LoadedPhoto(None, failure=Failed(error.kind, error.message))
            return self.loader.load(copy, needed_part, is_cancelled)

    def _copy(self, url: str, copy: str) -> None:
        try:
            place = self._place(url)
            entry = place.system.get_file_info(place.path)
            if entry.type == fs.FileType.NotFound:
                raise PhotoError("not_found", "there is no such file")
            if entry.size and entry.size > self.max_file_bytes:
                limit = f"the limit max_file_bytes is {self.max_file_bytes:,}"
                raise PhotoError("too_large", f"it has {entry.size:,} bytes; {limit}")
            with place.system.open_input_stream(place.path) as source, open(copy, "wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except (ArrowException, ConfigError, OSError) as error:
            raise PhotoError("io_error", f"reading failed: {error}") from error
        if entry.mtime is not None:
            os.utime(copy, (entry.mtime.timestamp(), entry.mtime.timestamp()))

    def _place(self, url: str) -> Place:
        """The file of a URL; connections are kept."""
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        known = self._systems.get(f"{scheme}://{host}")
        if known is None:
            opened = open_place(url)
            known = self._systems[f"{scheme}://{host}"] = opened
        return Place(known.system, f"{host}/{path}" if known.root else f"/{path}", known.root)
