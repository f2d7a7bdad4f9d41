"""Shards: Parquet files of results.

The one rule: a shard gets its name once it is complete, so a name is the mark that its photos are done. The name has
what decides the answers: the model, the number of suggestions, and the least score of a tag.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import ArrowException, fs, parquet

from tagger.batch.places import Place
from tagger.batch.rows import SCHEMA, Row
from tagger.core.errors import ConfigError

NAME_END = r"[0-9a-f]{16}\.parquet"
UNFINISHED = "_unfinished-"  # Spark and others skip such names, too


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of one model in a folder.

    Args:
        place: the folder.
        model_id: of the bundle.
        k: suggestions of each photo.
        min_score: the least score of a tag.
    """

    place: Place
    model_id: str
    k: int
    min_score: float

    @property
    def prefix(self) -> str:
        """The beginning of the names of these shards."""
        score = f"-s{self.min_score:g}" if self.min_score else ""
        return f"tags-{self.model_id[:16]}-k{self.k}{score}-"

    def prepare(self) -> None:
        """Create the folder.

        Raises:
            ConfigError: it cannot be created or listed.
        """
        try:
            self.place.system.create_dir(self.place.path, recursive=True)
            self.names()
        except (ArrowException, OSError) as error:
            raise ConfigError(
                f"The results cannot be written to {self.place.url(self.place.path)} ({error}). "
                "Name another place with --out, or check the credentials."
            ) from error

    def names(self) -> list[str]:
        """The complete shards, by name."""
        found = self.place.system.get_file_info(fs.FileSelector(self.place.path))
        is_shard = re.compile(re.escape(self.prefix) + NAME_END).fullmatch  # others have a score after the same prefix
        return sorted(entry.base_name for entry in found if entry.is_file and is_shard(entry.base_name))

    def done(self) -> pa.ChunkedArray:
        """The paths of the photos that have a result.

        Raises:
            ConfigError: a shard is damaged.
        """
        columns = [self._table(name, ["path_bytes"]).column(0) for name in self.names()]
        return pa.chunked_array([chunk for column in columns for chunk in column.chunks], pa.large_binary())

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a shard."""
        for values in self._table(name, None).to_pylist():
            yield Row(**values)

    def write(self, rows: Sequence[Row]) -> str:
        """Write a shard, and return its name, which follows from its photos: one that is written again is replaced."""
        digest = hashlib.sha256(b"\0".join(row.path_bytes for row in rows)).hexdigest()
        name = f"{self.prefix}{digest[:16]}.parquet"
        unfinished = self._path(f"{UNFINISHED}{secrets.token_hex(8)}")
        table = pa.Table.from_pylist([row.values() for row in rows], schema=SCHEMA)
        try:
            with self.place.system.open_output_stream(unfinished) as stream:
                parquet.write_table(table, stream, compression="zstd")
            self.place.system.move(unfinished, self._path(name))
        except BaseException:
            with suppress(ArrowException, OSError):
                self.place.system.delete_file(unfinished)
            raise
        return name

    def _table(self, name: str, columns: Sequence[str] | None) -> pa.Table:
        try:
            with self.place.system.open_input_file(self._path(name)) as file:
                table = parquet.read_table(file, columns=columns)
            return table.select(columns or SCHEMA.names)
        except (ArrowException, OSError, KeyError) as error:
            where, problem = self.place.url(self._path(name)), str(error).partition("\n")[0]
            raise ConfigError(f"{where} cannot be read: {problem}. Delete it to tag its photos again.") from error

    def _path(self, name: str) -> str:
        return os.path.join(self.place.path, name)
