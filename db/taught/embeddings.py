"""Write the embeddings of photos, beside their answers."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, update

from db.dialect import insert
from db.schema.taught import Embedding, Rescored
from tagger.core.types import NoLandmark, Tagged

_EMBEDDING = insert(Embedding)
UPSERT_EMBEDDING = _EMBEDDING.on_conflict_do_update(
    index_elements=["photo_id", "model_id"],
    set_={name: _EMBEDDING.excluded[name] for name in ("look", "taught_share", "vector")},
)


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
    connection.execute(UPSERT_EMBEDDING, rows)
    for version in {of_photo.taught_version for _, of_photo in embedded.values()}:
        first = min(photo for photo, (_, of_photo) in embedded.items() if of_photo.taught_version == version)
        is_ahead = (Rescored.model_id == model) & (Rescored.version != version) & (Rescored.photo_id >= first)
        connection.execute(update(Rescored).where(is_ahead).values(photo_id=first - 1))
