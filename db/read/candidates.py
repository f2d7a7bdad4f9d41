"""Which photos may pass a condition, as a set with an index.

The one rule: a set may have too many photos, but never too few. A listing still tests each, so they never
change its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, union_all

from db.read.query_language.expressions import in_box, within
from db.read.query_language.tree import Circle, Condition, Ids, Interval, Text
from db.schema.models import Assessment, Decision, Photo, Suggestion
from tagger.core.types import Status

if TYPE_CHECKING:
    from db.schema.base import AnySelect


def photo_set(condition: Condition, status: Status) -> AnySelect | None:
    """A set of photos that contains all which may pass a condition."""
    decided = decided_photos()
    match condition.key, condition.value:
        case "taken", Interval() as period:
            return select(Photo.id).where(within(Photo.taken_at, period))
        case "tagged", Interval() as period:
            assessed = select(Assessment.photo_id).where(within(Assessment.assessed_at, period))
            return union(assessed, decided.where(within(Decision.decided_at, period)))
        case "run", Interval() as runs:
            return select(Assessment.photo_id).where(within(Assessment.run_id, runs))
        case "landmark", Ids(ids):
            suggested = select(Suggestion.photo_id).where(Suggestion.is_tag, Suggestion.landmark_id.in_(ids))
            return union(suggested, decided.where(Decision.landmark_id.in_(ids)))
        case "model", Ids(ids):
            return union(answered(status).where(Assessment.model_id.in_(ids)), decided)
        case "near", Circle() as circle:
            return select(Photo.id).where(Photo.lat.is_not(None), in_box(circle))
        case "has", _:
            return select(Photo.id).where(Photo.lat.is_not(None))
        case ("who", _) | ("state", Text(("confirmed" | "corrected" | "rejected",))):
            return decided
    return None


def answered(status: Status) -> AnySelect:
    """The photos with answers of a status."""
    return select(Assessment.photo_id).where(Assessment.status == ("undone" if status == "withdrawn" else status))


def decided_photos() -> AnySelect:
    """The photos on which a decision counts."""
    return select(Decision.photo_id).where(Decision.revoked_at.is_(None), Decision.is_trusted)


def union(*sets: AnySelect) -> AnySelect:
    """The photos of any of some sets."""
    return sets[0] if len(sets) == 1 else select(union_all(*sets).subquery().c[0])
