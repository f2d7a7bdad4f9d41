"""Which photos may pass a condition: as a set with an index, or by block.

The one rule: a set or a block may have too many photos, but never too few. A listing still tests each, so they never
change its result.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true, union_all

from db.read.files import below, folder_range
from db.read.query_language.expressions import in_box, name_begins, within
from db.read.query_language.matching import CERTAIN
from db.read.query_language.tree import Circle, Condition, Ids, Interval, Text
from db.schema.blocks import SIZE, PhotoBlock
from db.schema.models import Assessment, Decision, File, Landmark, Model, Photo, Run, Suggestion
from tagger.core.types import Status

if TYPE_CHECKING:
    from db.schema.base import AnySelect

MANY_IDS = 16  # each costs a look into every block
CLOCK_STEP = timedelta(days=1)


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
        case "score", Interval() as scores if status == "tagged":
            scored = select(Suggestion.photo_id).where(Suggestion.is_tag, within(Suggestion.score, scores))
            return union(scored, decided) if CERTAIN in scores else scored
        case "model", Ids(ids):
            return union(answered(status).where(Assessment.model_id.in_(ids)), decided)
        case "folder", Text() as folder:
            return select(File.photo_id).where(below(str(folder)))
        case "file", Text() as name if name.parts[0]:
            return select(File.photo_id).where(name_begins(File.path, name))
        case "near", Circle() as circle:
            return select(Photo.id).where(Photo.lat.is_not(None), in_box(circle))
        case "has", _:
            return select(Photo.id).where(Photo.lat.is_not(None))
        case ("who", _) | ("state", Text(("confirmed" | "corrected" | "rejected",))):
            return decided
    return None


def opposite_set(condition: Condition, status: Status) -> AnySelect | None:
    """A set of photos that contains all which may fail a condition."""
    decided = decided_photos()
    match condition.key, condition.value:
        case (("taken" | "tagged" | "run" | "score"), Interval() as values):
            parts = [photo_set(Condition(condition.key, part), status) for part in values.outside()]
            sets = [part for part in parts if part is not None]
            if not sets or len(sets) < len(parts):
                return None
            return union(*sets, decided) if condition.key == "run" else union(*sets)  # people's rows have no run
        case "model", Ids(ids):
            others = select(Model.id).where(Model.id.not_in(ids))
            return union(answered(status).where(Assessment.model_id.in_(others)), decided)
        case "folder", Text() as folder:
            first, beyond = folder_range(str(folder))
            photos = select(File.photo_id)
            return union(photos.where(File.path <= first), photos.where(File.path >= beyond))
        case "landmark", Ids(ids) if status == "tagged":
            others = select(Landmark.id).where(Landmark.id.not_in(ids))
            return union(
                select(Suggestion.photo_id).where(Suggestion.is_tag, Suggestion.landmark_id.in_(others)), decided
            )
        case "state", Text(("unreviewed",)) if status == "tagged":
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


def block_condition(condition: Condition, status: Status) -> ColumnElement[bool]:
    """Whether a block may have photos that pass a condition."""
    decided = _in_block(Decision.photo_id)
    match condition.key, condition.value:
        case "taken", Interval(low, high):
            later = PhotoBlock.last_taken_at >= low if low else true()
            return and_(later, PhotoBlock.first_taken_at <= high if high else true())
        case "tagged", Interval(low=datetime() as low):
            # An answer is not newer than the end of its run, unless the clock was set back.
            runs = select(Run.id).where(or_(Run.finished_at.is_(None), Run.finished_at >= low - CLOCK_STEP))
            return or_(_in_block(Assessment.photo_id, Assessment.run_id.in_(runs)), decided)
        case "run", Interval() as numbers:
            runs = select(Run.id).where(within(Run.id, numbers))
            return _in_block(Assessment.photo_id, Assessment.run_id.in_(runs))
        case "landmark", Ids(ids) if len(ids) <= MANY_IDS:
            suggested = _in_block(Suggestion.photo_id, Suggestion.is_tag == true(), Suggestion.landmark_id.in_(ids))
            return or_(suggested, _in_block(Decision.photo_id, Decision.landmark_id.in_(ids)))
        case "model", Ids(ids):
            by_model = _in_block(Assessment.photo_id, Assessment.status == status, Assessment.model_id.in_(ids))
            return or_(by_model, decided)
        case (("has" | "near"), _):
            return PhotoBlock.has_gps == true()
        case ("who", _) | ("state", Text(("confirmed" | "corrected" | "rejected",))):
            return decided
    return true()


def opposite_block_condition(condition: Condition, status: Status) -> ColumnElement[bool]:
    """Whether a block may have photos that fail a condition."""
    match condition.key, condition.value:
        case (("taken" | "run"), Interval() as values):
            parts = [block_condition(Condition(condition.key, part), status) for part in values.outside()]
            return or_(false(), *parts, *([_in_block(Decision.photo_id)] if condition.key == "run" else []))
    return true()


def _in_block(photo_id: Any, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    first = PhotoBlock.id * SIZE
    found = select(photo_id).where(*conditions, photo_id.between(first, first + SIZE - 1))
    return found.correlate(PhotoBlock).exists()
