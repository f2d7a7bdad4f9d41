"""Store decisions that were made elsewhere.

The one rule: an import loses and overrules nothing. A decision that is there already is not stored again; of one
person's contradicting decisions the later one stays active, in whichever order they arrive. One that arrives after a
later one revokes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from db.batching import in_batches
from db.read.photos import photo_ids, picture_ids
from db.rows import DecisionRow
from db.schema.models import Decision, Landmark
from db.write.decisions import is_contradicted
from db.write.pictures import add_variants


@dataclass(slots=True)
class Imported:
    """What an import did; decisions that were left out are counted by what the database lacks."""

    added: int = 0
    known: int = 0
    taken_back: int = 0  # known ones that were taken back elsewhere
    unknown_photos: int = 0
    unknown_landmarks: dict[str, int] = field(default_factory=dict)


def import_decisions(connection: Connection, rows: Iterable[DecisionRow]) -> Imported:
    """Store decisions, each on the photo with its content, else on the one with its picture.

    Args:
        connection: of a transaction that writes.
        rows: of `db.read.decisions`; `counts` is ignored.
    """
    done, keys = Imported(), dict(connection.execute(select(Landmark.key, Landmark.id)).all())
    for batch in in_batches(rows):
        photos = photo_ids(connection, {row.sha256 for row in batch})
        pictures = picture_ids(connection, {row.picture for row in batch if row.picture})
        for row in batch:
            photo = photos.get(row.sha256) or pictures.get(row.picture or "")
            if photo is None:
                done.unknown_photos += 1
            elif row.landmark is not None and row.landmark not in keys:
                done.unknown_landmarks[row.landmark] = done.unknown_landmarks.get(row.landmark, 0) + 1
            else:
                _store(connection, row, photo, None if row.landmark is None else keys[row.landmark], done)
                if row.sha256 not in photos:
                    add_variants(connection, {row.sha256: photo})
    return done


def _store(connection: Connection, row: DecisionRow, photo: int, about: int | None, done: Imported) -> None:
    by_person = (Decision.photo_id == photo, Decision.who == row.who, Decision.answer_id == row.answer_id)
    stored = connection.execute(select(Decision.__table__).where(*by_person)).all()
    same = [old for old in stored if _facts(old) == (row.verdict, about, row.source, row.decided_at)]
    if same:
        is_news = row.revoked_at is not None and same[0].revoked_at is None
        if is_news:
            _revoke(connection, same[0].id, row.revoked_at)
        done.taken_back += is_news
        done.known += not is_news
        return
    revoked_at = row.revoked_at
    if revoked_at is None:
        active = [old for old in stored if old.revoked_at is None]
        contradicted = [old for old in active if is_contradicted(old.verdict, old.landmark_id, row.verdict, about)]
        revoked_at = min((old.decided_at for old in contradicted if old.decided_at > row.decided_at), default=None)
        for old in contradicted if revoked_at is None else ():
            _revoke(connection, old.id, row.decided_at)
    names = ("verdict", "who", "source", "decided_at", "is_trusted", "answer_id")
    values = {name: getattr(row, name) for name in names}
    connection.execute(insert(Decision).values(photo_id=photo, landmark_id=about, revoked_at=revoked_at, **values))
    done.added += 1


def _facts(stored: Any) -> tuple[Any, ...]:
    return stored.verdict, stored.landmark_id, stored.source, stored.decided_at


def _revoke(connection: Connection, decision: int, revoked_at: datetime | None) -> None:
    connection.execute(update(Decision).where(Decision.id == decision).values(revoked_at=revoked_at))
