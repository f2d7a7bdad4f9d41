"""The embeddings of photos, written beside their answers, and up to where they follow the taught places."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, or_, select, update

from db.dialect import execute, insert, insert_rows
from db.schema.models import File, Landmark, Photo, Suggestion
from db.schema.taught import BLOCK, Embedding, EmbeddingBlock, Rescored
from db.schema.views import machine_tag, trusted_decision
from db.write.comparisons import BY_CAMERA
from tagger.core.types import NoLandmark, Tagged

_EMBEDDING = insert(Embedding)
UPSERT_EMBEDDING = _EMBEDDING.on_conflict_do_update(
    index_elements=["photo_id", "model_id"],
    set_={name: _EMBEDDING.excluded[name] for name in ("look", "taught_share", "vector")},
)
_BLOCK = insert(EmbeddingBlock)
RENEW_BLOCK = _BLOCK.on_conflict_do_update(
    index_elements=["model_id", "block"], set_={"version": _BLOCK.excluded["version"]}
)
FOLLOW_FROM = (
    update(Rescored)
    .where(Rescored.model_id == bindparam("model"), Rescored.version != bindparam("of_answers"))
    .where(Rescored.photo_id >= bindparam("first"))
    .values(photo_id=bindparam("last"))
)  # built once, since the bot writes small batches
VERSION_BITS = 62


def write_embeddings(connection: Connection, answers: Mapping[int, Tagged | NoLandmark], model: int) -> None:
    """Store the embeddings of new answers.

    An answer by an earlier version of the taught places, from a process that does not know of the new one yet, is
    scored again together with all later photos.
    """
    embedded = {photo: (answer.look, answer.embedded) for photo, answer in answers.items() if answer.embedded}
    if not embedded:
        return
    rows = [
        {
            "photo_id": photo,
            "model_id": model,
            "look": look,
            "taught_share": of_photo.taught_share,
            "vector": of_photo.vector,
        }
        for photo, (look, of_photo) in embedded.items()
    ]
    insert_rows(connection, UPSERT_EMBEDDING, rows)
    _renew(connection, {(model, photo // BLOCK) for photo in embedded})
    for version in {of_photo.taught_version for _, of_photo in embedded.values()}:
        first = min(photo for photo, (_, of_photo) in embedded.items() if of_photo.taught_version == version)
        execute(connection, FOLLOW_FROM, {"model": model, "of_answers": version, "first": first, "last": first - 1})


def mark_embeddings(connection: Connection, photos: Collection[int]) -> None:
    """Record that the embeddings of photos have changed, or are about to be removed."""
    blocks = select(Embedding.model_id, Embedding.photo_id // BLOCK).where(Embedding.photo_id.in_(photos)).distinct()
    _renew(connection, {(model, block) for model, block in connection.execute(blocks)})


def _renew(connection: Connection, blocks: set[tuple[int, int]]) -> None:
    rows = [
        {"model_id": model, "block": block, "version": secrets.randbits(VERSION_BITS)}
        for model, block in sorted(blocks)
    ]
    if rows:
        execute(connection, RENEW_BLOCK, rows)


def has_embeddings(connection: Connection, *, model: int) -> bool:
    """Whether any photo has an embedding by a model."""
    rows = select(Embedding.photo_id).where(Embedding.model_id == model).limit(1)
    return connection.execute(rows).first() is not None


def block_versions(connection: Connection, *, model: int) -> dict[int, int]:
    """The versions of the blocks that have, or had, embeddings of a model."""
    rows = select(EmbeddingBlock.block, EmbeddingBlock.version).where(EmbeddingBlock.model_id == model)
    return dict(connection.execute(rows).all())


def vectors_in_block(connection: Connection, block: int, *, model: int) -> dict[int, bytes]:
    """The embeddings of a block's photos, by photo."""
    of_block = Embedding.photo_id.between(block * BLOCK, (block + 1) * BLOCK - 1)
    rows = select(Embedding.photo_id, Embedding.vector).where(Embedding.model_id == model, of_block)
    return dict(connection.execute(rows).all())


def embedded_photos(connection: Connection, *, model: int, after: int = 0, limit: int | None = None) -> list[Any]:
    """The embeddings of a model, by photo, with the look and the share of taught places.

    Args:
        after: only photos with higher numbers.
        limit: of the number of rows.
    """
    rows = select(Embedding.photo_id, Embedding.look, Embedding.taught_share, Embedding.vector)
    rows = rows.where(Embedding.model_id == model, Embedding.photo_id > after).order_by(Embedding.photo_id)
    return list(connection.execute(rows.limit(limit)))


def embedding_of(connection: Connection, sha256: str, *, model: int) -> bytes | None:
    """The embedding of the photo with a content; None if the model gave it none."""
    row = select(Embedding.vector).join(Photo, Photo.id == Embedding.photo_id)
    return connection.execute(row.where(Photo.sha256 == sha256, Embedding.model_id == model)).scalar()


class SeenPhoto(NamedTuple):
    """A photo, with its embedding by the large network if that has seen it."""

    sha256: str
    lat: float | None
    lon: float | None
    vector: bytes | None


def seen_photos(connection: Connection, contents: Iterable[str], *, model: int) -> dict[str, SeenPhoto]:
    """Photos by their digests, with what a model has seen of them."""
    by_model = (Embedding.photo_id == Photo.id, Embedding.model_id == model, Embedding.look == "full")
    rows = select(Photo.sha256, Photo.lat, Photo.lon, Embedding.vector).outerjoin(Embedding, and_(*by_model))
    return {row[0]: SeenPhoto(*row) for row in connection.execute(rows.where(Photo.sha256.in_(list(contents))))}


def rescored_to(connection: Connection, *, model: int, version: int) -> int:
    """The last photo whose answer by a model follows a version of the taught places; 0 if none does."""
    row = select(Rescored.photo_id).where(Rescored.model_id == model, Rescored.version == version)
    return connection.execute(row).scalar() or 0


def is_rescored(connection: Connection, *, model: int, version: int) -> bool:
    """Whether the answers to all photos follow a version of the taught places."""
    last = connection.execute(select(func.max(Embedding.photo_id)).where(Embedding.model_id == model)).scalar() or 0
    return rescored_to(connection, model=model, version=version) >= last


def save_rescored(connection: Connection, photo: int, *, model: int, version: int) -> None:
    """Store that the answers to the photos up to this one follow a version of the taught places."""
    values = {"version": version, "photo_id": photo}
    statement = insert(Rescored).on_conflict_do_update(index_elements=["model_id"], set_=values)
    connection.execute(statement, [{"model_id": model, **values}])


def vectors_of_others(connection: Connection, key: str, *, model: int, limit: int) -> list[bytes]:
    """The embeddings of photos that show something else than a landmark: another, or none by decision."""
    place = select(Landmark.id).where(Landmark.key == key).scalar_subquery()
    tagged = select(Suggestion.photo_id).where(
        Suggestion.model_id == model, Suggestion.is_tag, Suggestion.landmark_id != place, Suggestion.rank == 1
    )
    said = trusted_decision.c
    decided = select(said.photo_id).where(or_(said.verdict != "shows", said.landmark_id != place))
    decided = decided.where(or_(said.verdict != "not", said.landmark_id == place))
    shown = select(said.photo_id).where(said.verdict == "shows", said.landmark_id == place)
    rows = select(Embedding.vector).where(
        Embedding.model_id == model,
        or_(Embedding.photo_id.in_(tagged), Embedding.photo_id.in_(decided)),
        Embedding.photo_id.not_in(shown),
    )
    return list(connection.execute(rows.order_by(Embedding.photo_id).limit(limit)).scalars())


def untagged_photos(connection: Connection, *, model: int, limit: int) -> list[Any]:
    """The newest photos in the library without a tag, with their embeddings by a model, positions and times.

    Those that people have decided to show no landmark are left out. A time is None unless a camera's clock says it.
    """
    taken_at = case((BY_CAMERA, Photo.taken_at)).label("taken_at")
    photos = select(Photo.id.label("photo_id"), Photo.sha256, Photo.lat, Photo.lon, taken_at, Embedding.vector)
    photos = photos.join(Embedding, (Embedding.photo_id == Photo.id) & (Embedding.model_id == model))
    is_present = select(File.id).where(File.photo_id == Photo.id, File.gone_at.is_(None)).exists()
    tagged, said = machine_tag.c, trusted_decision.c
    has_tag = select(tagged.photo_id).where(tagged.photo_id == Photo.id, tagged.is_current).exists()
    is_decided = select(said.photo_id).where(said.photo_id == Photo.id, said.verdict != "not").exists()
    newest = photos.where(is_present, ~has_tag, ~is_decided).order_by(Photo.id.desc()).limit(limit)
    return list(connection.execute(newest))[::-1]
