"""A result as a row of a Parquet file, and back."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import pyarrow as pa

from tagger.core.evidence import evidence_text, parse_evidence
from tagger.core.text import printable
from tagger.core.types import (
    Failed,
    FoundFile,
    Landmark,
    NoLandmark,
    PhotoInfo,
    Result,
    Suggestion,
    Tagged,
    TakenDate,
)

WORD = pa.dictionary(pa.int32(), pa.string())  # a text that many rows share
SUGGESTION = pa.struct(
    [
        ("rank", pa.int32()),
        ("landmark", pa.string()),
        ("name", pa.string()),
        ("score", pa.float64()),
        ("is_tag", pa.bool_()),
        ("visual_score", pa.float64()),
        ("reason", pa.string()),  # JSON
    ]
)
SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("status", WORD),  # tagged, none or failed
        ("landmark", WORD),  # of the best suggestion, if it is a tag
        ("score", pa.float64()),
        ("suggestions", pa.list_(SUGGESTION)),
        ("kind", WORD),  # of a failure, and why
        ("message", pa.string()),
        ("sha256", pa.string()),
        ("picture", pa.string()),
        ("look", WORD),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("format", WORD),
        ("taken_at", pa.timestamp("us")),  # the camera's local time
        ("taken_from", WORD),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("phash", pa.uint64()),
        ("path_bytes", pa.large_binary()),  # a file's name need not be text
        ("size_bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("ctime_ns", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """A photo with its answer; see `SCHEMA`."""

    path: str
    status: str
    landmark: str | None
    score: float | None
    suggestions: list[dict[str, Any]]
    kind: str | None
    message: str | None
    sha256: str | None
    picture: str | None
    look: str | None
    width: int | None
    height: int | None
    format: str | None
    taken_at: datetime | None
    taken_from: str | None
    lat: float | None
    lon: float | None
    phash: int | None
    path_bytes: bytes
    size_bytes: int | None
    mtime_ns: int | None
    ctime_ns: int | None

    @classmethod
    def of(cls, file: FoundFile, result: Result) -> Self:
        """The row of a file with its result."""
        answer, info = result.answer, result.info
        failure = answer if isinstance(answer, Failed) else None
        best = next((suggestion for suggestion in answer.suggestions if suggestion.is_tag), None)
        date = TakenDate(info.taken_at, info.taken_from) if info and info.taken_at else result.file_date
        return cls(
            path=printable(file.path),
            status=answer.status,
            landmark=best.landmark.id if best else None,
            score=best.score if best else None,
            suggestions=list(map(_suggestion, answer.suggestions)),
            kind=failure.kind if failure else None,
            message=printable(failure.message) if failure else None,
            sha256=result.sha256,
            picture=result.picture,
            look=answer.look if isinstance(answer, Tagged | NoLandmark) else None,
            width=info.width if info else None,
            height=info.height if info else None,
            format=info.format if info else None,
            taken_at=date.taken_at if date else None,
            taken_from=date.taken_from if date else None,
            lat=info.lat if info else None,
            lon=info.lon if info else None,
            phash=info.phash if info else None,
            path_bytes=os.fsencode(file.path),
            size_bytes=file.size_bytes,
            mtime_ns=file.mtime_ns,
            ctime_ns=file.ctime_ns,
        )

    def values(self) -> dict[str, Any]:
        """The columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def file(self) -> FoundFile:
        """The file as it was listed."""
        return FoundFile(os.fsdecode(self.path_bytes), self.size_bytes, self.mtime_ns, self.ctime_ns)

    def result(self, landmarks: Mapping[str, Landmark]) -> Result:
        """The result, as the pipeline gave it.

        Args:
            landmarks: of the model, by id.
        """
        return Result(
            os.fsdecode(self.path_bytes),
            self.sha256,
            self._answer(landmarks),
            self._info(),
            picture=self.picture,
            file_date=TakenDate(self.taken_at, self.taken_from) if self.taken_at and not self.width else None,  # type: ignore[arg-type]
        )

    def _answer(self, landmarks: Mapping[str, Landmark]) -> Tagged | NoLandmark | Failed:
        if self.status == "failed":
            return Failed(self.kind or "", self.message or "")
        suggestions = tuple(
            Suggestion(
                row["rank"],
                landmarks[row["landmark"]],
                row["score"],
                row["is_tag"],
                row["visual_score"],
                parse_evidence(row["reason"], row["landmark"]),
            )
            for row in self.suggestions
        )
        return (Tagged if self.status == "tagged" else NoLandmark)(suggestions, self.look)  # type: ignore[arg-type]

    def _info(self) -> PhotoInfo | None:
        if self.width is None or self.height is None or self.format is None:
            return None
        date = {} if self.taken_from is None else {"taken_from": self.taken_from}
        place = (self.lat, self.lon, self.phash)
        return PhotoInfo(self.width, self.height, self.format, self.taken_at, *place, **date)  # type: ignore[arg-type]


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "rank": suggestion.rank,
        "landmark": suggestion.landmark.id,
        "name": suggestion.landmark.name,
        "score": suggestion.score,
        "is_tag": suggestion.is_tag,
        "visual_score": suggestion.visual_score,
        "reason": suggestion.evidence and evidence_text(suggestion.evidence),
    }
