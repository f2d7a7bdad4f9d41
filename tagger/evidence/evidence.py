"""Why a landmark stands where it does, as the store's JSON and as a few words.

The one rule: a reason's landmark is not in its JSON, because the JSON always stands beside one.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from tagger.core.types import GpsEvidence, NeighbourVote


def evidence_json(reason: GpsEvidence | NeighbourVote | None) -> dict[str, Any] | None:
    """Its kind first: the store finds votes by how their JSON begins."""
    if reason is None:
        return None
    values = {name: value for name, value in asdict(reason).items() if name not in ("kind", "landmark")}
    return {"kind": reason.kind, **values}


def evidence_text(reason: GpsEvidence | NeighbourVote | None) -> str | None:
    """What the store keeps."""
    return json.dumps(evidence_json(reason)) if reason else None


def parse_evidence(stored: str | None, landmark: str) -> GpsEvidence | NeighbourVote | None:
    """What `evidence_text` wrote."""
    if stored is None:
        return None
    values = json.loads(stored)
    return (NeighbourVote if values["kind"] == "vote" else GpsEvidence)(landmark=landmark, **values)


def describe(reason: dict[str, Any] | None) -> str:
    """A reason's JSON in as few words as a table has room for; nothing where there is none."""
    if reason is None:
        return ""
    if reason["kind"] == "vote":
        return "as the photos before and after"
    km = f"{reason['km']:,.0f}" if reason["km"] >= 10 else f"{reason['km']:.1f}"
    return f"taken {km} km away"
