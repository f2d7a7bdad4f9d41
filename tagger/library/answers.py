"""An answer as the promised JSON line.

The JSON line is version 1 of a promise, described in docs/REFERENCE.md; whatever could break a reader is a new version.
"""

from __future__ import annotations

import json
from typing import Any

from tagger.core.evidence import evidence_json
from tagger.core.types import Failed, Result, Suggestion


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
