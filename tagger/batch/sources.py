"""The photos of a batch: those in folders, under a prefix of an object store, or in a manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
from pyarrow import ArrowException, csv, fs, parquet

from tagger.batch.places import Place, is_url, open_place
from tagger.core.errors import ConfigError
from tagger.core.run_options import RunOptions
from tagger.core.text import without_secrets
from tagger.core.types import FoundFile
from tagger.image.formats import SUFFIXES
from tagger.library.comparison import globs_of
from tagger.library.scan import scan

MANIFESTS = (".csv", ".parquet")
COLUMNS = ("path", "url", "file", "uri")  # of a manifest; else its first one
ROWS = 50_000  # of a table of photos, which bounds the memory of a listing
SCHEMA = pa.schema(
    [("path", pa.large_binary()), ("size_bytes", pa.int64()), ("mtime_ns", pa.int64()), ("ctime_ns", pa.int64())]
)


def photos(sources: Sequence[str], options: RunOptions) -> Iterator[pa.Table]:
    """List photos.

    Args:
        sources: folders, files, manifests (.csv or .parquet), and URLs of all these.
        options: its globs select files in folders.

    Yields:
        Tables of `SCHEMA`, of at most `ROWS` rows. The stamps are those of local files.

    Raises:
        ConfigError: a source cannot be read.
        FolderNotFound: a folder does not exist.
    """
    for source in sources:
        for files in _batches(_listed(source, options)):
            columns = zip(*((os.fsencode(file.path), *file[1:]) for file in files), strict=True)
            yield pa.table(list(map(list, columns)), schema=SCHEMA)


def _listed(source: str, options: RunOptions) -> Iterator[FoundFile]:
    if source.lower().endswith(MANIFESTS):
        yield from _in_manifest(source)
    elif is_url(source):
        yield from _in_store(open_place(source), source, options)
    else:
        yield from scan([os.path.abspath(source)], globs_of(options))


def _in_store(place: Place, source: str, options: RunOptions) -> Iterator[FoundFile]:
    if isinstance(place.system, fs.LocalFileSystem):
        yield from scan([place.path], globs_of(options))
        return
    globs = globs_of(options)
    try:
        found = place.system.get_file_info(fs.FileSelector(place.path, recursive=True))
    except (ArrowException, OSError) as error:
        shown = without_secrets(source)
        raise ConfigError(f"{shown} cannot be listed: {error}. Check the URL and the credentials.") from error
    for entry in sorted(found, key=lambda entry: entry.path):
        relative = entry.path.removeprefix(place.path).lstrip("/")
        if entry.type == fs.FileType.File and entry.path.lower().endswith(SUFFIXES) and globs.selects(relative):
            yield FoundFile(place.url(entry.path), entry.size, _ns(entry.mtime))


def _in_manifest(source: str) -> Iterator[FoundFile]:
    place = open_place(source)
    folder = os.path.dirname(place.url(place.path))
    try:
        with place.system.open_input_file(place.path) as file:
            table = parquet.read_table(file) if source.lower().endswith(".parquet") else csv.read_csv(file)
    except (ArrowException, OSError) as error:
        raise ConfigError(f"The manifest {without_secrets(source)} cannot be read: {error}") from error
    name = next((column for column in COLUMNS if column in table.column_names), table.column_names[0])
    for text in table.column(name).to_pylist():
        if text is None or text == "":
            continue
        path = os.fsdecode(text) if isinstance(text, bytes) else str(text)
        yield _named(path if is_url(path) else _joined(folder, path))


def _joined(folder: str, path: str) -> str:
    """A path beside a manifest, as a scan would find it if it is a local one."""
    joined = os.path.join(folder, path)
    return joined if is_url(joined) else os.path.normpath(joined)


def _named(path: str) -> FoundFile:
    """A file of a manifest; a missing one becomes a row that says so."""
    if path.startswith("file://"):
        path = open_place(path).path
    try:
        status = None if is_url(path) else Path(path).stat()
    except (OSError, ValueError):
        status = None
    return FoundFile(path, *((status.st_size, status.st_mtime_ns, status.st_ctime_ns) if status else (None, None)))


def _ns(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1e9)


def _batches(files: Iterator[FoundFile]) -> Iterator[list[FoundFile]]:
    batch: list[FoundFile] = []
    for file in files:
        batch.append(file)
        if len(batch) == ROWS:
            yield batch
            batch = []
    if batch:
        yield batch
