"""One answer in its three shapes: the tagger's own, the store's rows, and the promised JSON line.

The JSON line is version 1 of a promise, described in docs/REFERENCE.md; what could break a reader is a new version.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from db.rows import (
    Assessed,
    FailedFile,
    Inherited,
    LandmarkRow,
    Outcome,
    PhotoRow,
    PhotoStatus,
    StoredAnswer,
    StoredSuggestion,
    SuggestionRow,
)
from tagger.core.evidence import evidence_json, evidence_text, parse_evidence
from tagger.core.types import (
    PASSING_KINDS,
    Answer,
    Failed,
    FoundFile,
    Landmark,
    NoLandmark,
    PhotoInfo,
    Result,
    Suggestion,
    Tagged,
)


def json_line(result: Result, k: int) -> str:
    """One line without its end. ASCII only, so that file names that are no text survive as ``\\udcXX``."""
    answer = result.answer
    error = {"kind": answer.kind, "message": answer.message} if isinstance(answer, Failed) else None
    return json.dumps(
        {
            "path": result.path,
            "sha256": result.sha256,
            "status": answer.status,
            "suggestions": [suggestion_json(suggestion) for suggestion in answer.suggestions[:k]],
            "error": error,
        }
    )


def suggestion_json(suggestion: Suggestion) -> dict[str, Any]:
    landmark = suggestion.landmark
    return {
        "rank": suggestion.rank,
        "landmark": landmark.id,
        "name": landmark.name,
        "country": landmark.country,
        "lat": landmark.lat,
        "lon": landmark.lon,
        "score": suggestion.score,
        "visual_score": suggestion.seen,
        "reason": evidence_json(suggestion.evidence),
    }


def stored_answer(stored: StoredAnswer) -> Answer:
    if stored.failure is not None:
        return Failed(*stored.failure)
    suggestions = tuple(map(_suggestion, stored.suggestions))
    return Tagged(suggestions) if stored.status == "tagged" else NoLandmark(suggestions)


def _suggestion(stored: StoredSuggestion) -> Suggestion:
    landmark = _landmark(stored.landmark)
    reason = parse_evidence(stored.reason, landmark.id)
    visual = None if stored.visual_score == stored.score else stored.visual_score
    return Suggestion(stored.rank, landmark, stored.score, stored.is_tag, visual, reason)


def outcome(found: FoundFile, result: Result, *, keeps_place: bool = False) -> Outcome:
    """What the store keeps of a result.

    Args:
        found: the file as the scan saw it, before it was read: if it changes meanwhile, the next run sees that.
        keeps_place: also where the photo was taken, which is for its owner's own library only.
    """
    answer = result.answer
    if isinstance(answer, Failed):
        return FailedFile(
            found.path,
            found.size_bytes,
            found.mtime_ns,
            answer.kind,
            answer.message,
            result.sha256,
            is_passing=answer.kind in PASSING_KINDS,
        )
    size_bytes, mtime_ns = found.size_bytes or 0, found.mtime_ns or 0
    sha256 = str(result.sha256)
    if result.info is None:  # the content came from the store, not from this run
        return Inherited(found.path, size_bytes, mtime_ns, sha256)
    photo = _photo_row(sha256, result.info, size_bytes, mtime_ns, keeps_place)
    status: PhotoStatus = "tagged" if isinstance(answer, Tagged) else "none"
    return Assessed(found.path, size_bytes, mtime_ns, photo, status, tuple(map(_suggestion_row, answer.suggestions)))


def _photo_row(sha256: str, info: PhotoInfo, size_bytes: int, mtime_ns: int, keeps_place: bool) -> PhotoRow:
    return PhotoRow(
        sha256,
        size_bytes,
        info.width,
        info.height,
        info.format,
        info.taken_at or _file_date(mtime_ns),
        "exif" if info.taken_at else "mtime",
        info.lat if keeps_place else None,
        info.lon if keeps_place else None,
        None if info.phash is None else _signed(info.phash),
    )


def _signed(bits: int) -> int:
    """As SQLite holds 64 of them."""
    return bits - (1 << 64) if bits >> 63 else bits


def _suggestion_row(s: Suggestion) -> SuggestionRow:
    return SuggestionRow(s.rank, s.landmark.id, s.score, s.is_tag, s.visual_score, evidence_text(s.evidence))


def _file_date(mtime_ns: int) -> datetime:
    """The file's time by this machine's clock; 1970 where it is no date that a calendar knows."""
    try:
        return datetime.fromtimestamp(mtime_ns / 1e9)
    except (ValueError, OverflowError, OSError):
        return datetime(1970, 1, 1)


def landmark_row(landmark: Landmark) -> LandmarkRow:
    return LandmarkRow(
        landmark.id,
        landmark.name,
        landmark.country,
        landmark.lat,
        landmark.lon,
        landmark.city,
        landmark.aliases,
        landmark.wikidata,
    )


def _landmark(row: LandmarkRow) -> Landmark:
    return Landmark(row.key, row.name, row.country, row.lat, row.lon, row.city, row.aliases, row.wikidata)
