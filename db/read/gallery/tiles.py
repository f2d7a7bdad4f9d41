"""Photos by date, the newest first, in pages that begin after a photo.

The one rule: a page costs the same wherever it begins, since it continues at a date and a number in an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, and_, or_, select, true, tuple_

from db.read.catalog import landmarks
from db.read.gallery.matching import matching
from db.read.query_language.tree import ALL, Node
from db.schema.models import Photo, Suggestion
from db.schema.views import tag, trusted_decision
from tagger.core import types

SURE = 0.8  # a tag with a lower score is worth a look
WORTH_A_LOOK = 0.3  # so is the best suggestion of a photo without a tag, from this score

COLUMNS = (Photo.id, Photo.sha256, Photo.taken_at, Photo.width, Photo.height)


class Cursor(NamedTuple):
    """Where a page ends: the date and the number of its last photo."""

    taken_at: datetime
    photo_id: int

    def __str__(self) -> str:
        return f"{self.taken_at.isoformat()}_{self.photo_id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor.

        Raises:
            ValueError: it is not one.
        """
        moment, _, number = text.partition("_")
        taken_at = datetime.fromisoformat(moment)
        if taken_at.tzinfo or not 0 <= int(number) < 1 << 63:
            raise ValueError(f"{text!r} is not a cursor")
        return cls(taken_at, int(number))


@dataclass(frozen=True, slots=True)
class TileTag:
    """A landmark on a photo; without a score it is a person's."""

    landmark: types.Landmark
    score: float | None


@dataclass(frozen=True, slots=True)
class Tile:
    """A photo in the gallery.

    Args:
        sha256: identifies it.
        taken_at: naive, the camera's local time.
        width: in pixels.
        height: in pixels.
        tags: people's first, then the machine's by rank.
        guess: the best suggestion if there is no tag.
        is_reviewed: a person has decided.
    """

    sha256: str
    taken_at: datetime
    width: int
    height: int
    tags: tuple[TileTag, ...]
    guess: TileTag | None
    is_reviewed: bool

    @property
    def best(self) -> TileTag | None:
        """The first tag, or the guess."""
        return self.tags[0] if self.tags else self.guess

    @property
    def is_unsure(self) -> bool:
        """Whether a person should look."""
        if self.is_reviewed or self.best is None or self.best.score is None:
            return False
        return self.best.score < SURE if self.tags else self.best.score >= WORTH_A_LOOK


@dataclass(frozen=True, slots=True)
class TilePage:
    """A page of photos; the next one begins after `next_after`, which is None after the last."""

    tiles: tuple[Tile, ...]
    next_after: Cursor | None


def tiles(connection: Connection, query: Node = ALL, *, after: Cursor | None = None, limit: int = 200) -> TilePage:
    """The photos that a query finds, the newest first.

    Args:
        connection: any.
        query: which photos.
        after: where the previous page ended.
        limit: photos on the page.

    Raises:
        UnknownName: the query names something that the store does not have.
    """
    found = select(*COLUMNS).where(matching(connection, query), _comes_after(after))
    rows = connection.execute(found.order_by(Photo.taken_at.desc(), Photo.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    next_after = Cursor(shown[-1].taken_at, shown[-1].id) if len(rows) > limit else None
    return TilePage(_tiles(connection, shown), next_after)


def tiles_of(connection: Connection, contents: Collection[str]) -> tuple[Tile, ...]:
    """Some photos, the newest first."""
    found = select(*COLUMNS).where(Photo.sha256.in_(contents))
    return _tiles(connection, connection.execute(found.order_by(Photo.taken_at.desc(), Photo.id.desc())).all())


def tiles_in_order(connection: Connection, photos: Sequence[int]) -> tuple[Tile, ...]:
    """Photos by their row ids, in the same order."""
    rows = {row.id: row for row in connection.execute(select(*COLUMNS).where(Photo.id.in_(photos)))}
    return _tiles(connection, [rows[number] for number in photos])


def cursor_of(connection: Connection, sha256: str) -> Cursor | None:
    """Where a page ends whose last photo this is; None if it is unknown."""
    at = connection.execute(select(Photo.taken_at, Photo.id).where(Photo.sha256 == sha256)).first()
    return at and Cursor(*at)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The digests of the photos beside one; None at an end."""

    newer: str | None
    older: str | None


def neighbours(connection: Connection, query: Node, sha256: str) -> Neighbours:
    """The photos before and after one, among those that a query finds; errors as for `tiles`."""
    cursor, place = cursor_of(connection, sha256), tuple_(Photo.taken_at, Photo.id)
    if cursor is None:
        return Neighbours(None, None)
    found = select(Photo.sha256).where(matching(connection, query)).limit(1)
    newer = found.where(Photo.taken_at >= cursor.taken_at, place > cursor).order_by(Photo.taken_at, Photo.id)
    older = found.where(_comes_after(cursor)).order_by(Photo.taken_at.desc(), Photo.id.desc())
    return Neighbours(connection.execute(newer).scalar(), connection.execute(older).scalar())


def _comes_after(cursor: Cursor | None) -> ColumnElement[bool]:
    if cursor is None:
        return true()
    earlier = and_(Photo.taken_at == cursor.taken_at, Photo.id < cursor.photo_id)
    return and_(Photo.taken_at <= cursor.taken_at, or_(Photo.taken_at < cursor.taken_at, earlier))


def _tiles(connection: Connection, rows: Sequence[Any]) -> tuple[Tile, ...]:
    ids = [row.id for row in rows]
    if not ids:
        return ()
    tags, reviewed = _tags(connection, ids), _reviewed(connection, ids)
    guesses = _guesses(connection, [id_ for id_ in ids if id_ not in tags])
    return tuple(
        Tile(*row[1:], tuple(tags.get(row.id, ())), guesses.get(row.id), row.id in reviewed)  # type: ignore[call-arg]
        for row in rows
    )


def _tags(connection: Connection, ids: Collection[int]) -> defaultdict[int, list[TileTag]]:
    rows = connection.execute(
        select(tag.c.photo_id, tag.c.landmark_id, tag.c.score)
        .where(tag.c.photo_id.in_(ids), tag.c.is_current)
        .order_by(tag.c.source.desc(), tag.c.rank.nulls_first(), tag.c.landmark_id)
    ).all()
    known = landmarks(connection, {row.landmark_id for row in rows})
    tags = defaultdict[int, list[TileTag]](list)
    for row in rows:
        tags[row.photo_id].append(TileTag(known[row.landmark_id], row.score))
    return tags


def _guesses(connection: Connection, ids: Collection[int]) -> dict[int, TileTag]:
    rows = connection.execute(
        select(Photo.id, Suggestion.landmark_id, Suggestion.score)
        .join(Suggestion, (Suggestion.photo_id == Photo.id) & (Suggestion.model_id == Photo.current_model_id))
        .where(Photo.id.in_(ids), Suggestion.rank == 1)
    ).all()
    known = landmarks(connection, {row.landmark_id for row in rows})
    return {row.id: TileTag(known[row.landmark_id], row.score) for row in rows}


def _reviewed(connection: Connection, ids: Collection[int]) -> set[int]:
    rows = select(trusted_decision.c.photo_id).where(trusted_decision.c.photo_id.in_(ids)).distinct()
    return set(connection.execute(rows).scalars())


def finds(connection: Connection, query: Node, sha256: str) -> bool:
    """Whether a query finds a photo."""
    found = select(Photo.id).where(Photo.sha256 == sha256, matching(connection, query))
    return connection.execute(found).first() is not None
