"""The places that people taught, with their examples and thresholds.

The one rule: each change raises the version of all taught places, in the transaction that makes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select

from db.dialect import execute, insert
from db.read.catalog import landmarks
from db.schema.blocks import BlockCount
from db.schema.models import Decision, Landmark, Model, Photo, Suggestion
from db.schema.taught import Embedding, TaughtExample, TaughtPlace, TaughtThreshold, Teaching
from db.schema.telegram import TelegramAnswer
from tagger.core import types

LEAST_PHOTOS = 3  # a place with fewer is not known yet
ONLY = 1  # the id of the one row of `Teaching`
VERSION = select(Teaching.version).where(Teaching.id == ONLY)  # built once, since the bot asks for each batch


class TaughtRow(NamedTuple):
    """A taught place as a model knows it.

    Attributes:
        examples: their embeddings by the model, by sha256.
        threshold: None if it was not found for this model yet.
        lacking: the SHA-256 digests of the examples without an embedding by this model.
    """

    landmark: types.Landmark
    taught_at: datetime
    radius_km: float | None
    examples: Mapping[str, bytes]
    threshold: float | None
    lacking: Collection[str]

    @property
    def contents(self) -> frozenset[str]:
        """The SHA-256 digests of all its examples."""
        return frozenset(self.examples).union(self.lacking)

    @property
    def photos(self) -> int:
        """How many photos teach it."""
        return len(self.contents)


def taught_version(connection: Connection) -> int:
    """How often places were taught or removed."""
    return execute(connection, VERSION, {}).scalar() or 0


def model_number(connection: Connection, model_id: str) -> int | None:
    """The row id of a model; None if no run has used it yet."""
    return connection.execute(select(Model.id).where(Model.model_id == model_id)).scalar()


def taught_places(connection: Connection, *, model: int) -> list[TaughtRow]:
    """All taught places, by key. Examples of another model are found by their photos' embeddings."""
    known = landmarks(connection)
    thresholds = dict(
        connection.execute(
            select(TaughtThreshold.landmark_id, TaughtThreshold.threshold).where(TaughtThreshold.model_id == model)
        ).all()
    )
    rows = []
    for place in connection.execute(select(TaughtPlace.__table__)):
        of_place = TaughtExample.landmark_id == place.landmark_id
        contents = set(connection.execute(select(TaughtExample.sha256).where(of_place)).scalars())
        own = select(TaughtExample.sha256, TaughtExample.vector).where(of_place, TaughtExample.model_id == model)
        in_library = select(Photo.sha256, Embedding.vector).join(Embedding, Embedding.photo_id == Photo.id)
        in_library = in_library.where(Photo.sha256.in_(contents), Embedding.model_id == model, Embedding.look == "full")
        vectors = dict(connection.execute(in_library).all()) | dict(connection.execute(own).all())
        landmark, threshold = known[place.landmark_id], thresholds.get(place.landmark_id)
        lacking = sorted(contents - vectors.keys())
        rows.append(TaughtRow(landmark, place.taught_at, place.radius_km, vectors, threshold, lacking))
    return sorted(rows, key=lambda row: row.landmark.id)


def taught_landmarks(connection: Connection) -> list[types.Landmark]:
    """The taught places that have enough examples, as landmarks, by key."""
    counted = select(TaughtExample.landmark_id).group_by(TaughtExample.landmark_id)
    enough = counted.having(func.count(TaughtExample.sha256.distinct()) >= LEAST_PHOTOS)
    ids = set(connection.execute(enough).scalars())
    places = [landmark for id_, landmark in landmarks(connection).items() if id_ in ids] if ids else []
    return sorted(places, key=lambda landmark: landmark.id)


def taught_thresholds(connection: Connection, *, model: int) -> dict[str, float]:
    """The score at which each taught place is a tag of a model, by key."""
    rows = select(Landmark.key, TaughtThreshold.threshold).join(Landmark, Landmark.id == TaughtThreshold.landmark_id)
    return dict(connection.execute(rows.where(TaughtThreshold.model_id == model)).all())


def store_place(
    connection: Connection, landmark: types.Landmark, radius_km: float | None, examples: Mapping[str, bytes], model: int
) -> None:
    """Store a taught place, or add examples to it. Its landmark gets these details."""
    details = {"name": landmark.name, "country": landmark.country, "lat": landmark.lat, "lon": landmark.lon}
    row: dict[str, Any] = {
        "key": landmark.id,
        "aliases": [],
        "city": None,
        "wikidata": None,
        "names": {},
        "cities": {},
        **details,
    }
    connection.execute(insert(Landmark).on_conflict_do_update(index_elements=["key"], set_=details), [row])
    id_ = connection.execute(select(Landmark.id).where(Landmark.key == landmark.id)).scalar_one()
    place = {"taught_at": datetime.now(UTC), "radius_km": radius_km}
    statement = insert(TaughtPlace).on_conflict_do_update(index_elements=["landmark_id"], set_=place)
    connection.execute(statement, [{"landmark_id": id_, **place}])
    _store_examples(connection, id_, examples, model)


def store_vectors(connection: Connection, key: str, vectors: Mapping[str, bytes], *, model: int) -> None:
    """Store how another model sees examples of a taught place, except those that were removed meanwhile."""
    left = select(TaughtExample.landmark_id, TaughtExample.sha256).join(
        Landmark, Landmark.id == TaughtExample.landmark_id
    )
    rows = connection.execute(left.where(Landmark.key == key, TaughtExample.sha256.in_(vectors)).distinct()).all()
    if rows:
        _store_examples(connection, rows[0].landmark_id, {row.sha256: vectors[row.sha256] for row in rows}, model)


def _store_examples(connection: Connection, place: int, vectors: Mapping[str, bytes], model: int) -> None:
    rows = [{"landmark_id": place, "sha256": name, "model_id": model, "vector": v} for name, v in vectors.items()]
    added = insert(TaughtExample)
    keys = ["landmark_id", "sha256", "model_id"]
    connection.execute(added.on_conflict_do_update(index_elements=keys, set_={"vector": added.excluded.vector}), rows)
    _raise_version(connection)


def store_thresholds(connection: Connection, thresholds: Mapping[str, float], *, model: int) -> None:
    """Store at which scores taught places are tags of a model."""
    ids = dict(connection.execute(select(Landmark.key, Landmark.id).where(Landmark.key.in_(thresholds))).all())
    statement = insert(TaughtThreshold)
    rows = [{"landmark_id": ids[key], "model_id": model, "threshold": value} for key, value in thresholds.items()]
    if rows:
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["landmark_id", "model_id"], set_={"threshold": statement.excluded.threshold}
            ),
            rows,
        )


def remove_places(connection: Connection, keys: Collection[str]) -> None:
    """Remove taught places. Their landmarks stay until nothing refers to them, see `remove_unused`."""
    ids = select(Landmark.id).where(Landmark.key.in_(keys))
    for table in (TaughtThreshold, TaughtExample, TaughtPlace):
        connection.execute(delete(table).where(table.landmark_id.in_(ids)))
    _raise_version(connection)


def remove_examples(
    connection: Connection, contents: Collection[str], *, landmark_ids: Collection[int] | None = None
) -> None:
    """Remove the examples with these SHA-256 digests, and places without another one.

    Args:
        connection: of a transaction that writes.
        contents: the digests.
        landmark_ids: only examples of these places; None for all.
    """
    found = delete(TaughtExample).where(TaughtExample.sha256.in_(contents))
    if landmark_ids is not None:
        found = found.where(TaughtExample.landmark_id.in_(landmark_ids))
    if connection.execute(found).rowcount:
        _raise_version(connection)
        connection.execute(delete(TaughtPlace).where(TaughtPlace.landmark_id.not_in(select(TaughtExample.landmark_id))))


def remove_unused(connection: Connection, keys: Collection[str]) -> None:
    """Remove the landmarks of removed places, if no suggestion and no decision names them."""
    if connection.execute(select(TelegramAnswer.id).limit(1)).first():
        return  # the bot's messages may name them
    for table in (Suggestion, Decision, TaughtPlace):
        used = select(Landmark.key).join(table, table.landmark_id == Landmark.id).where(Landmark.key.in_(keys))
        keys = set(keys) - set(connection.execute(used).scalars())
    unused = select(Landmark.id).where(Landmark.key.in_(keys))
    connection.execute(delete(BlockCount).where(BlockCount.landmark_id.in_(unused)))  # counted before
    connection.execute(delete(Landmark).where(Landmark.key.in_(keys)))


def _raise_version(connection: Connection) -> None:
    raised = insert(Teaching).values(id=ONLY, version=1)
    connection.execute(raised.on_conflict_do_update(index_elements=["id"], set_={"version": Teaching.version + 1}))
    # The thresholds depend on the other places too.
    connection.execute(delete(TaughtThreshold))
