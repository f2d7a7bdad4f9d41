"""A result as a JSON line.

The one rule: this is version 1 of the format in docs/REFERENCE.md; incompatible changes need a new version.
"""

from __future__ import annotations

import json
from typing import Any

from tagger.core.evidence import evidence_json
from tagger.core.hashtags import hashtags
from tagger.core.types import Failed, NoLandmark, Result, Suggestion, Tagged


def json_line(
    result: Result, k: int, min_score: float = 0.0, *, lang: str | None = None, with_hashtags: bool = False
) -> str:
    """Format a result, in ASCII and without a newline, so that undecodable file names survive as ``\\udcXX``.

    Args:
        result: of any status.
        k: suggestions at most.
        min_score: the least score of a tag; written unless it is 0.
        lang: the language of the names, if they are not in English.
        with_hashtags: write the hashtags of each landmark.
    """
    answer = result.answer
    error = {"kind": answer.kind, "message": answer.message} if isinstance(answer, Failed) else None
    line = {
        "path": result.path,
        "sha256": result.sha256,
        "status": answer.status,
        "suggestions": [_suggestion(suggestion, with_hashtags=with_hashtags) for suggestion in answer.suggestions[:k]],
        "error": error,
        "look": answer.look if isinstance(answer, Tagged | NoLandmark) else None,
    }
    extra = {"min_score": min_score or None, "lang": lang}
    return json.dumps(line | {key: value for key, value in extra.items() if value is not None})


def _suggestion(suggestion: Suggestion, *, with_hashtags: bool) -> dict[str, Any]:
    landmark = suggestion.landmark
    values = {
        "rank": suggestion.rank,
        "landmark": landmark.id,
        "name": landmark.name,
        "country": landmark.country,
        "city": landmark.city,
        "lat": landmark.lat,
        "lon": landmark.lon,
        "score": suggestion.score,
        "visual_score": suggestion.seen,
        "reason": evidence_json(suggestion.evidence),
    }
    return values | {"hashtags": hashtags(landmark)} if with_hashtags else values
