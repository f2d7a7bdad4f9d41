"""What each condition compares, for each kind of rows that a listing has.

A kind of rows has a method for each key that its rows have something to compare with; any other condition is false.
Conditions are never NULL, so that NOT is everything else.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    TableClause,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    true,
    type_coerce,
)

from db.dialect import distance_km, path_text
from db.read.files import below
from db.read.query_language.expressions import (
    Suggested,
    decisions,
    has_margin,
    in_box,
    is_true,
    like,
    machine_tags,
    path_like,
    score_of,
    within,
)
from db.read.query_language.tree import And, Circle, Condition, Ids, Interval, Node, Not, Text
from db.schema.models import Assessment, Decision, Failure, File, Photo
from db.schema.views import machine_tag, person_tag, rejected_tag, trusted_decision
from tagger.core.types import Status

LAT, LON = Photo.lat + 0, Photo.lon + 0  # not by their index, since a listing walks by path
CERTAIN = 1.0  # the score that a person's decision counts as
ANY_MODEL = {"model", "run"}  # with one of these keys, a query is about all answers, not only the current ones


class FileRows:
    """Rows that have a file."""

    status_name: ClassVar[Status]

    def status(self, name: Text) -> ColumnElement[bool]:
        return true() if str(name) == self.status_name else false()

    def folder(self, path: Text) -> ColumnElement[bool]:
        return below(str(path))

    def file(self, name: Text) -> ColumnElement[bool]:
        path = path_text(File.path)
        ends_so = path_like(path, Text(("", f"/{name.parts[0]}", *name.parts[1:])))
        if not name.has_wildcard:
            return ends_so
        # rtrim removes all that is not a slash from the end
        folder = func.rtrim(path, func.replace(path, "/", ""))
        return and_(ends_so, path_like(func.substr(path, func.length(folder) + 1), name))

    def is_current(self) -> ColumnElement[bool]:
        """Whether a row counts if the query names no model and no run."""
        return true()


class PhotoRows(FileRows):
    """Rows that have a photo, too."""

    def taken(self, period: Interval) -> ColumnElement[bool]:
        return within(Photo.taken_at, period)

    def near(self, circle: Circle) -> ColumnElement[bool]:
        distance = distance_km(LAT, LON, circle.lat, circle.lon)
        return and_(LAT.is_not(None), in_box(circle, LAT, LON), distance <= circle.km)

    def has(self, _what: Text) -> ColumnElement[bool]:
        return LAT.is_not(None)


class MachineTags(PhotoRows):
    """The machine's tags that nobody has overruled."""

    status_name: ClassVar[Status] = "tagged"
    view: ClassVar[TableClause] = machine_tag
    state_name: ClassVar = "unreviewed"

    def landmark(self, landmarks: Ids) -> ColumnElement[bool]:
        return self.view.c.landmark_id.in_(landmarks.ids) if landmarks.ids else false()

    def score(self, scores: Interval) -> ColumnElement[bool]:
        return within(self.view.c.score, scores)

    def margin(self, margins: Interval) -> ColumnElement[bool]:
        return has_margin(self.view.c.model_id, margins)

    def tagged(self, period: Interval) -> ColumnElement[bool]:
        return within(self.view.c.tagged_at, period)

    def run(self, runs: Interval) -> ColumnElement[bool]:
        return within(self.view.c.run_id, runs)

    def model(self, models: Ids) -> ColumnElement[bool]:
        return self.view.c.model_id.in_(models.ids)

    def state(self, name: Text) -> ColumnElement[bool]:
        return true() if str(name) == self.state_name else false()

    def state_of(self) -> ColumnElement[str]:
        """The state of a row."""
        return literal(self.state_name)

    def is_current(self) -> ColumnElement[bool]:
        return type_coerce(self.view.c.is_current, Boolean)


class PersonTags(MachineTags):
    """What people say a photo shows."""

    view = person_tag

    def score(self, scores: Interval) -> ColumnElement[bool]:
        return true() if CERTAIN in scores else false()

    def margin(self, margins: Interval) -> ColumnElement[bool]:
        return has_margin(Photo.current_model_id, margins)

    def run(self, runs: Interval) -> ColumnElement[bool]:  # noqa: ARG002
        return false()

    def model(self, models: Ids) -> ColumnElement[bool]:  # noqa: ARG002
        return true()

    def state(self, name: Text) -> ColumnElement[bool]:
        if str(name) not in ("confirmed", "corrected"):
            return false()
        return self._is_suggested() if str(name) == "confirmed" else ~self._is_suggested()

    def state_of(self) -> ColumnElement[str]:
        return case((self._is_suggested(), "confirmed"), else_="corrected")

    def who(self, name: Text) -> ColumnElement[bool]:
        return decisions(name).where(trusted_decision.c.landmark_id == self.view.c.landmark_id).exists()

    def _is_suggested(self) -> ColumnElement[bool]:
        return machine_tags().where(Suggested.landmark_id == self.view.c.landmark_id).exists()


class RejectedTags(MachineTags):
    """The machine's tags that people have overruled. They are rows only if the query names this state."""

    view = rejected_tag
    state_name = "rejected"

    def who(self, name: Text) -> ColumnElement[bool]:
        overrules = (trusted_decision.c.verdict != "not") | (trusted_decision.c.landmark_id == self.view.c.landmark_id)
        return decisions(name).where(overrules).exists()


class MachineNones(PhotoRows):
    """Answers of the machine, of which no tag is left. Their score is that of the best suggestion."""

    status_name: ClassVar[Status] = "none"

    def score(self, scores: Interval) -> ColumnElement[bool]:
        return is_true(within(score_of(Assessment.model_id, rank=1), scores))

    def margin(self, margins: Interval) -> ColumnElement[bool]:
        return has_margin(Assessment.model_id, margins)

    def tagged(self, period: Interval) -> ColumnElement[bool]:
        decided = decisions().where(within(trusted_decision.c.decided_at, period))
        return or_(within(Assessment.assessed_at, period), decided.exists())

    def run(self, runs: Interval) -> ColumnElement[bool]:
        return within(Assessment.run_id, runs)

    def model(self, models: Ids) -> ColumnElement[bool]:
        return Assessment.model_id.in_(models.ids)

    def state(self, name: Text) -> ColumnElement[bool]:
        return type_coerce(self.state_of() == str(name), Boolean)

    def state_of(self) -> ColumnElement[str]:
        """A person who overrules the machine corrects it, and one who agrees confirms it."""
        says_none = decisions().where(trusted_decision.c.verdict == "none")
        return case((machine_tags().exists(), "corrected"), (says_none.exists(), "confirmed"), else_="unreviewed")

    def who(self, name: Text) -> ColumnElement[bool]:
        return decisions(name).exists()

    def is_current(self) -> ColumnElement[bool]:
        return Assessment.model_id == Photo.current_model_id


class PersonNones(MachineNones):
    """What people say shows no known landmark."""

    def score(self, scores: Interval) -> ColumnElement[bool]:
        return is_true(within(score_of(Photo.current_model_id, rank=1), scores))

    def margin(self, margins: Interval) -> ColumnElement[bool]:
        return has_margin(Photo.current_model_id, margins)

    def tagged(self, period: Interval) -> ColumnElement[bool]:
        return within(trusted_decision.c.decided_at, period)

    def run(self, runs: Interval) -> ColumnElement[bool]:  # noqa: ARG002
        return false()

    def model(self, models: Ids) -> ColumnElement[bool]:  # noqa: ARG002
        return true()

    def is_current(self) -> ColumnElement[bool]:
        return true()


class Withdrawals(MachineNones):
    """Answers of the machine that were undone."""

    status_name: ClassVar[Status] = "withdrawn"

    def is_current(self) -> ColumnElement[bool]:
        return true()


class Failures(FileRows):
    """Files that could not be read when last tried."""

    status_name: ClassVar[Status] = "failed"

    def kind(self, name: Text) -> ColumnElement[bool]:
        return like(Failure.kind, name)

    def run(self, runs: Interval) -> ColumnElement[bool]:
        return within(Failure.run_id, runs)

    def tagged(self, period: Interval) -> ColumnElement[bool]:
        return within(Failure.last_at, period)


class Votes(PhotoRows):
    """Decisions of people whom the operator does not trust."""

    status_name: ClassVar[Status] = "tagged"

    def landmark(self, landmarks: Ids) -> ColumnElement[bool]:
        return is_true(Decision.landmark_id.in_(landmarks.ids)) if landmarks.ids else false()

    def tagged(self, period: Interval) -> ColumnElement[bool]:
        return within(Decision.decided_at, period)

    def who(self, name: Text) -> ColumnElement[bool]:
        return like(Decision.who, name)


def matches(node: Node, rows: FileRows) -> ColumnElement[bool]:
    """Whether a row matches a query, whose names were looked up."""
    if isinstance(node, Condition):
        method = getattr(rows, node.key, None)
        return false() if method is None else method(node.value)
    if isinstance(node, Not):
        return not_(matches(node.node, rows))
    inner = [matches(one, rows) for one in node.nodes]
    return and_(true(), *inner) if isinstance(node, And) else or_(false(), *inner)
