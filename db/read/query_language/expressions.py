"""Parts of conditions in SQL. The photo is that of the enclosing query."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    LargeBinary,
    ScalarSelect,
    SQLColumnExpression,
    String,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import aliased

from db.dialect import after_names, cleaned, file_name, is_like, path_text
from db.read.query_language.tree import Circle, Interval, Text
from db.schema.models import Photo, Suggestion
from db.schema.views import trusted_decision
from tagger.core.distance import box_around
from tagger.core.types import Position

if TYPE_CHECKING:
    from db.schema.base import AnySelect

Suggested = aliased(Suggestion)  # not the one that a view reads
ESCAPES = str.maketrans({character: f"\\{character}" for character in "%_\\"})


def within(column: SQLColumnExpression[Any], interval: Interval) -> ColumnElement[bool]:
    """Whether a value is in an interval."""
    conditions: list[ColumnElement[bool]] = []
    if interval.low is not None:
        conditions.append(column > interval.low if interval.excludes_low else column >= interval.low)
    if interval.high is not None:
        conditions.append(column < interval.high if interval.excludes_high else column <= interval.high)
    return and_(true(), *conditions)


def in_box(
    circle: Circle, lat: SQLColumnExpression[Any] = Photo.lat, lon: SQLColumnExpression[Any] = Photo.lon
) -> ColumnElement[bool]:
    """Whether a photo was taken in the box around a circle."""
    box = box_around(Position(circle.lat, circle.lon), circle.km)
    join = and_ if box.west <= box.east else or_
    return and_(lat.between(box.south, box.north), join(lon >= box.west, lon <= box.east))


def score_of(model_id: SQLColumnExpression[Any], *, rank: int) -> ScalarSelect[float]:
    suggestion = aliased(Suggestion)
    of_photo = (suggestion.photo_id == Photo.id, suggestion.model_id == model_id, suggestion.rank == rank)
    return select(suggestion.score).where(*of_photo).correlate_except(suggestion).scalar_subquery()


def has_margin(model_id: SQLColumnExpression[Any], margins: Interval) -> ColumnElement[bool]:
    return is_true(within(score_of(model_id, rank=1) - score_of(model_id, rank=2), margins))


def machine_tags() -> AnySelect:
    """The tags of a photo by its current model, whatever people say."""
    is_tag = (Suggested.photo_id == Photo.id, Suggested.model_id == Photo.current_model_id, Suggested.is_tag)
    return select(Suggested.rank).where(*is_tag).correlate_except(Suggested)


def decisions(who: Text | None = None) -> AnySelect:
    """The decisions on a photo, or those of some people."""
    decisions = select(trusted_decision.c.id).where(trusted_decision.c.photo_id == Photo.id)
    if who is not None:
        decisions = decisions.where(like(trusted_decision.c.who, who))
    return decisions.correlate_except(trusted_decision)


def is_true(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """False instead of NULL."""
    return type_coerce(func.coalesce(condition, false()), Boolean)


def like(column: Any, text: Text) -> ColumnElement[bool]:
    """Whether a text is the same, in any case of A to Z; a wildcard matches anything."""
    return is_like(column, literal(cleaned(_pattern(text)), String))


def path_like(path: ColumnElement[str], text: Text) -> ColumnElement[bool]:
    """Likewise, of a path or its end, as `db.dialect.path_text` gives it."""
    return is_like(path, path_text(literal(os.fsencode(_pattern(text)), LargeBinary)))


def name_begins(path: SQLColumnExpression[str], text: Text) -> ColumnElement[bool]:
    """Whether the name at the end of a path begins like a text, in any case of A to Z, by the index of names."""
    first = file_name(literal(os.fsencode(text.parts[0]), LargeBinary))
    name = file_name(path)
    return and_(name >= first, name < after_names(first)) if text.has_wildcard else name == first


def _pattern(text: Text) -> str:
    return "%".join(part.translate(ESCAPES) for part in text.parts)
