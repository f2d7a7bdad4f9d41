"""Write the photos of contents: a new picture is a new photo, and other bytes with its picture are variants of it.

The one rule: a picture is one photo, whichever of its contents is stored first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func

from db.dialect import insert, insert_rows
from db.read.photos import content_ids, picture_ids, variant_ids
from db.schema.models import Photo
from db.write.dates import first_date
from db.write.files import Scanned
from db.write.pictures import add_variants
from tagger.core.types import NoLandmark, Tagged

# Built once: a statement takes as long to build as to run, and the bot's batches are small.
_PHOTO = insert(Photo)
INSERT_PHOTO = _PHOTO.on_conflict_do_update(
    index_elements=["sha256"],
    set_={  # earlier versions did not have these columns, or read other places
        "lat": func.coalesce(_PHOTO.excluded.lat, Photo.lat),
        "lon": func.coalesce(_PHOTO.excluded.lon, Photo.lon),
        "phash": func.coalesce(Photo.phash, _PHOTO.excluded.phash),
    },
)


class StoredPhotos(NamedTuple):
    """The photos of a batch.

    Attributes:
        ids: the row ids of the photos that are stored, by sha256.
        new: the files that new photos have their metadata from, by sha256.
    """

    ids: dict[str, int]
    new: dict[str, Scanned]


def store_photos(
    connection: Connection, described: Mapping[str, Scanned], *, model: int, keeps_place: bool, now: datetime
) -> StoredPhotos:
    """Insert the photos that are new and have an answer; those that are stored get what their columns lacked.

    Args:
        connection: of a transaction that writes.
        described: a file of each content whose metadata were read, by sha256.
        model: the row id of the model whose answers are the current ones of new photos.
        keeps_place: also keep where the photos were taken.
        now: the time of the batch.
    """
    stored = content_ids(connection, described)
    edited = variant_ids(connection, described.keys() - stored.keys())
    unknown = {sha256: scanned for sha256, scanned in described.items() if sha256 not in stored | edited}
    pictures = {sha256: result.picture for sha256, (_, result) in unknown.items() if result.picture}
    by_picture = picture_ids(connection, pictures.values())
    new = _new_photos(unknown, by_picture)
    given = {"added_at": now, "current_model_id": model}
    if rows := [_columns(described[sha256], keeps_place) | given for sha256 in (*new, *stored)]:
        insert_rows(connection, INSERT_PHOTO, rows)
    ids = stored | edited | content_ids(connection, new)
    by_picture |= {pictures[sha256]: ids[sha256] for sha256 in new.keys() & pictures.keys()}
    variants = {
        sha256: by_picture[name] for sha256, name in pictures.items() if sha256 not in new and name in by_picture
    }
    add_variants(connection, variants)
    return StoredPhotos(ids | variants, new)


def _new_photos(unknown: Mapping[str, Scanned], by_picture: Mapping[str, int]) -> dict[str, Scanned]:
    """The first answered content of each picture that is not stored."""
    pictures = set(by_picture)
    new = {}
    for sha256, scanned in unknown.items():
        result = scanned[1]
        if isinstance(result.answer, Tagged | NoLandmark) and result.picture not in pictures:
            new[sha256] = scanned
            if result.picture:
                pictures.add(result.picture)
    return new


def _columns(scanned: Scanned, keeps_place: bool) -> dict[str, Any]:
    file, result = scanned
    info = result.info
    assert info is not None
    taken_at, taken_from = first_date(file, result)
    return {
        "sha256": result.sha256,
        "picture": result.picture,
        "size_bytes": file.size_bytes or 0,
        "metadata_mtime_ns": file.mtime_ns,
        "width": info.width,
        "height": info.height,
        "format": info.format,
        "taken_at": taken_at,
        "taken_from": taken_from,
        "lat": info.lat if keeps_place else None,
        "lon": info.lon if keeps_place else None,
        "phash": None if info.phash is None else _signed(info.phash),
    }


def _signed(bits: int) -> int:
    """64 bits as SQLite stores them."""
    return bits - (1 << 64) if bits >> 63 else bits
