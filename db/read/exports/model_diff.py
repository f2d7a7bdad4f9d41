"""What one model tags otherwise than another, photo by photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, ScalarSelect, func, select, type_coerce
from sqlalchemy.orm import aliased

from db.dialect import first_path, with_commas
from db.errors import AmbiguousModel, UnknownModel
from db.schema.models import Assessment, File, Landmark, Model, Photo, Suggestion
from db.schema.views import trusted_decision
from tagger.core.text import nearest

ChangeKind = Literal["gained", "lost", "changed", "unchanged"]
SEPARATORS = " @:-_/"  # between a model's name and its version


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that the store knows.

    Args:
        number: its row id.
        model_id: its long id.
        name: of its bundle.
        version: of its bundle.
    """

    number: int
    model_id: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.model_id[:12]})"


@dataclass(frozen=True, slots=True)
class TagChange:
    """The tags of two models on a photo.

    Args:
        path: of the photo's first file.
        sha256: of the photo.
        change: "gained" if only the second model has tags, "lost" if only the first has, "changed" if both have others.
        before: the landmarks that the first model tags, best first.
        after: those that the second tags.
        score_before: of the first model's best tag.
        score_after: of the second model's best tag.
        is_decided: a person has decided what the photo shows, which outranks both models.
    """

    path: str
    sha256: str
    change: ChangeKind
    before: tuple[str, ...]
    after: tuple[str, ...]
    score_before: float | None
    score_after: float | None
    is_decided: bool


def find_model(connection: Connection, text: str) -> StoredModel:
    """The model with an id, a name and version, a name, or the beginning of one of them.

    Raises:
        UnknownModel: there is none.
        AmbiguousModel: there are several.
    """
    columns = (Model.id, Model.model_id, Model.name, Model.version)
    models = [StoredModel(*row) for row in connection.execute(select(*columns).order_by(Model.id))]
    typed = text.strip().casefold()
    for names in (_whole_names, _names):
        found = [model for model in models if typed in names(model)]
        if len(found) == 1:
            return found[0]
    found = [model for model in models if typed and any(name.startswith(typed) for name in _whole_names(model))]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousModel(text, list(map(str, found)))
    labels = {str(model): (model.name, f"{model.name} {model.version}") for model in models}
    raise UnknownModel(text, nearest(text, labels), list(labels))


def tag_changes(connection: Connection, before: int, after: int) -> Iterator[TagChange]:
    """The photos that two models have both answered and that still have a file, one in memory at a time.

    Args:
        before: the row id of the first model.
        after: the row id of the second.
    """
    landmarks = {str(number): key for number, key in connection.execute(select(Landmark.id, Landmark.key))}
    for row in connection.execute(_both_answered(before, after)).yield_per(1000):
        path, sha256, *tags, score_before, score_after, is_decided = row
        first, second = (tuple(landmarks[number] for number in (found or "").split(",") if number) for found in tags)
        yield TagChange(path, sha256, _kind(first, second), first, second, score_before, score_after, is_decided)


def answered_by_one(connection: Connection, one: int, other: int) -> int:
    """How many photos with a file one model has answered, and the other has not."""
    mine, theirs = aliased(Assessment), aliased(Assessment)
    both = select(theirs.k).where(theirs.photo_id == mine.photo_id, theirs.model_id == other, theirs.status != "undone")
    only = select(func.count()).where(mine.model_id == one, mine.status != "undone", ~both.exists())
    return connection.execute(only.where(_has_file(mine.photo_id))).scalar_one()


def _both_answered(before: int, after: int) -> Any:
    """Rows in the order of the primary key, so that nothing is sorted."""
    first, second = aliased(Assessment), aliased(Assessment)
    path = select(type_coerce(first_path(File.path), File.path.type)).where(
        File.photo_id == first.photo_id, File.gone_at.is_(None)
    )
    decided = select(trusted_decision.c.id).where(trusted_decision.c.photo_id == first.photo_id)
    return (
        select(
            path.scalar_subquery().label("path"),
            Photo.sha256,
            _tags(first, before),
            _tags(second, after),
            _best_score(first, before),
            _best_score(second, after),
            decided.exists().label("is_decided"),
        )
        .join_from(first, second, second.photo_id == first.photo_id)
        .join(Photo, Photo.id == first.photo_id)
        .where(first.model_id == before, second.model_id == after)
        .where(first.status != "undone", second.status != "undone", _has_file(first.photo_id))
        .order_by(first.photo_id)
    )


def _tags(answer: Any, model: int) -> ScalarSelect[str]:
    """The row ids of an answer's tags with commas, best first."""
    best_first = (
        select(Suggestion.landmark_id)
        .where(Suggestion.photo_id == answer.photo_id, Suggestion.model_id == model, Suggestion.is_tag)
        .order_by(Suggestion.rank)
        .correlate(answer)
        .subquery()
    )
    return select(with_commas(best_first.c.landmark_id)).scalar_subquery()


def _best_score(answer: Any, model: int) -> ScalarSelect[float | None]:
    tags = select(func.max(Suggestion.score)).where(Suggestion.photo_id == answer.photo_id, Suggestion.is_tag)
    return tags.where(Suggestion.model_id == model).correlate(answer).scalar_subquery()


def _has_file(photo_id: Any) -> Any:
    return select(File.id).where(File.photo_id == photo_id, File.gone_at.is_(None)).exists()


def _kind(before: tuple[str, ...], after: tuple[str, ...]) -> ChangeKind:
    if set(before) == set(after):
        return "unchanged"
    return "changed" if before and after else "gained" if after else "lost"


def _whole_names(model: StoredModel) -> list[str]:
    name, version = model.name.casefold(), model.version.casefold()
    return [model.model_id, *(f"{name}{separator}{version}" for separator in SEPARATORS), str(model).casefold()]


def _names(model: StoredModel) -> list[str]:
    return [model.name.casefold()]
