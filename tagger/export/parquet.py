"""Apache Parquet. Needs the extra `parquet`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

from tagger.core.text import printable
from tagger.export.rows import COLUMNS, ExportRow

ROWS_IN_MEMORY = 10_000  # also those of a row group
WORD = pa.dictionary(pa.int32(), pa.string())  # a text that many rows share
TYPES: dict[str, pa.DataType] = {
    "path": pa.string(),
    "sha256": pa.string(),
    "taken_at": pa.timestamp("us"),  # local times
    "tagged_at": pa.timestamp("us", "UTC"),
    "reason": pa.string(),  # JSON
    "message": pa.string(),
    **dict.fromkeys(("lat", "lon", "score", "visual_score", "position_lat", "position_lon"), pa.float64()),
    **dict.fromkeys(("rank", "run", "others"), pa.int64()),
}
SCHEMA = pa.schema([(name, TYPES.get(name, WORD)) for name in COLUMNS])


class Counted:
    """A stream that knows how much was written to it, which pipes do not."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._written = 0

    def write(self, content: bytes) -> int:
        self._file.write(content)
        self._written += len(content)
        return len(content)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        self._file.flush()


def write(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write typed columns.

    Args:
        rows: any number; `ROWS_IN_MEMORY` of them are in memory at a time.
        file: is written from where it is.
    """
    with parquet.ParquetWriter(Counted(file), SCHEMA, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_batch(batch)


def _batches(rows: Iterable[ExportRow]) -> Iterator[pa.RecordBatch]:
    pending = iter(rows)
    while some := list(islice(pending, ROWS_IN_MEMORY)):
        columns = dict(zip(COLUMNS, map(list, zip(*some, strict=True)), strict=True))
        columns["path"] = list(map(printable, columns["path"]))
        columns["reason"] = [reason and json.dumps(reason) for reason in columns["reason"]]
        arrays = [pa.array(columns[field.name], field.type) for field in SCHEMA]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
