"""A result as a JSON line.

The one rule: this is version 1 of the format in docs/REFERENCE.md; incompatible changes need a new version.
"""

from __future__ import annotations

import json
from typing import Any

from tagger.core.evidence import evidence_json
from tagger.core.types import Failed, NoLandmark, Result, Suggestion, Tagged


def json_line(result: Result, k: int, min_score: float = 0.0) -> str:
    """Format a result, in ASCII and without a newline, so that undecodable file names survive as ``\\udcXX``.

    Args:
        result: of any status.
        k: suggestions at most.
        min_score: the least score of a tag; written unless it is 0.
    """
    answer = result.answer
    error = {"kind": answer.kind, "message": answer.message} if isinstance(answer, Failed) else None
    line = {
        "path": result.path,
        "sha256": result.sha256,
        "status": answer.status,
        "suggestions": [_suggestion(suggestion) for suggestion in answer.suggestions[:k]],
        "error": error,
        "look": answer.look if isinstance(answer, Tagged | NoLandmark) else None,
    }
    return json.dumps(line | {"min_score": min_score} if min_score else line)


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
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
