"""Evidence for or against a landmark besides the picture: as values, as JSON, and as text.

The JSON does not contain the landmark, because it is always stored beside one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class GpsEvidence:
    """A photo's own coordinates, for or against a landmark.

    Args:
        kind: "near" raises its score; "far" contradicts it.
        landmark: its id.
        km: from where the photo was taken to the landmark.
    """

    kind: Literal["near", "far"]
    landmark: str
    km: float


@dataclass(frozen=True, slots=True)
class NeighbourVote:
    """Two photos of the same occasion, one before and one after, that are sure of a landmark.

    Args:
        landmark: its id.
        before_s: seconds from the earlier one to this photo.
        after_s: seconds from this photo to the later one.
        km: from where the photo was taken to the landmark, if it was near; None if the photo has no coordinates.
    """

    landmark: str
    before_s: int
    after_s: int
    km: float | None = None
    kind: Literal["vote"] = "vote"


Evidence = GpsEvidence | NeighbourVote


def evidence_json(evidence: Evidence | None) -> dict[str, Any] | None:
    """The evidence as JSON values, its kind first: the store finds votes by the beginning of their JSON."""
    if evidence is None:
        return None
    values = {name: value for name, value in asdict(evidence).items() if name not in ("kind", "landmark")}
    return {"kind": evidence.kind, **values}


def evidence_text(evidence: Evidence) -> str:
    """The evidence as the text in the store."""
    return json.dumps(evidence_json(evidence))


def parse_evidence(text: str | None, landmark: str) -> Evidence | None:
    """Parse what `evidence_text` wrote for this landmark."""
    if text is None:
        return None
    values = json.loads(text)
    return (NeighbourVote if values["kind"] == "vote" else GpsEvidence)(landmark=landmark, **values)


def describe(evidence: dict[str, Any] | None) -> str:
    """`evidence_json` in a few words for a table; empty if there is none."""
    if evidence is None:
        return ""
    if evidence["kind"] == "vote":
        return "like the photos before and after"
    km = f"{evidence['km']:,.0f}" if evidence["km"] >= 10 else f"{evidence['km']:.1f}"
    return f"taken {km} km away"
