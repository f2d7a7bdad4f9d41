"""Photos whose metadata were edited: other bytes, but the same picture, so the same photo with its answers.

The one rule: `photo.sha256` is the content whose metadata the photo has; all others are its variants. The newest of
several files gives the metadata, unless another one has a better date. After an edit in place there is only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from db.batching import as_list
from db.dialect import execute, insert, is_listed
from db.read.photos import picture_ids, variant_ids
from db.schema.models import Assessment, Decision, File, Photo, Suggestion, Variant
from db.schema.taught import Embedding
from db.schema.telegram import TelegramPhoto
from db.taught.embeddings import mark_embeddings
from db.write.comparisons import leave_groups
from db.write.dates import RANKS, photo_date
from db.write.decisions import is_contradicted
from db.write.files import Scanned
from tagger.core.types import FoundFile, PhotoInfo, TakenDate

UNHASHED = select(Photo.id, Photo.sha256).where(is_listed(Photo.sha256, bindparam("contents")), Photo.picture.is_(None))
SET_PICTURE = update(Photo).where(Photo.id == bindparam("photo")).values(picture=bindparam("hash"))
PHOTO_OF_VARIANT = (
    select(Variant.sha256.label("variant"), Photo.__table__)
    .join(Photo, Photo.id == Variant.photo_id)
    .where(Variant.sha256 == bindparam("content"))
)
OTHER_FILES = select(File.id).where(
    File.photo_id == bindparam("photo"), File.path != bindparam("at_path"), File.gone_at.is_(None)
)


def add_hashes(connection: Connection, read: Iterable[Scanned]) -> None:
    """Give the photos that an earlier version stored the hashes of their pictures; two with one picture become one."""
    pictures = {result.sha256: result.picture for _, result in read if result.sha256 and result.picture}
    for number, sha256 in execute(connection, UNHASHED, {"contents": as_list(pictures)}).all():
        picture = pictures[sha256]
        assert picture is not None
        other = picture_ids(connection, [picture]).get(picture)
        if other is None:
            connection.execute(SET_PICTURE, {"photo": number, "hash": picture})
        else:
            merge(connection, number, into=other)


def add_variants(connection: Connection, photos: Mapping[str, int]) -> None:
    """Store that contents have the pictures of photos, by sha256."""
    if rows := [{"sha256": sha256, "photo_id": photo} for sha256, photo in photos.items()]:
        connection.execute(insert(Variant).on_conflict_do_nothing(), rows)


def follow_edits(connection: Connection, read: Iterable[Scanned]) -> None:
    """Give photos the metadata of those variants that count now. Call it after the files are stored."""
    described = {result.sha256: (file, result.info) for file, result in read if result.sha256 and result.info}
    for sha256 in variant_ids(connection, described):
        file, info = described[sha256]
        assert info is not None
        photo = connection.execute(PHOTO_OF_VARIANT, {"content": sha256}).one()
        others = connection.execute(OTHER_FILES, {"photo": photo.id, "at_path": file.path})
        changes = _changes(photo, file, info, has_others=others.first() is not None)
        if "sha256" in changes:
            connection.execute(delete(Variant).where(Variant.sha256 == sha256))
            add_variants(connection, {photo.sha256: photo.id})
        if changes:
            connection.execute(update(Photo).where(Photo.id == photo.id).values(changes))


def _changes(photo: Any, file: FoundFile, info: PhotoInfo, *, has_others: bool) -> dict[str, Any]:
    """The columns of a photo that a file with a variant of it changes.

    Args:
        photo: its row, with the sha256 of the variant.
        has_others: whether the photo has other files, so that this one does not count alone.
    """
    date = photo_date(file, info)
    rank, stored_rank = RANKS[date.taken_from], RANKS[photo.taken_from]
    is_newest = (file.mtime_ns or 0) >= (photo.metadata_mtime_ns or 0)
    keeps_place = has_others and (info.lat is None or not (is_newest or photo.lat is None))
    changes: dict[str, Any] = {} if keeps_place else {"lat": info.lat, "lon": info.lon}
    if has_others and (rank > stored_rank or (rank == stored_rank and not is_newest)):
        return changes
    if date.taken_from == photo.taken_from == "mtime":
        date = min(date, TakenDate(photo.taken_at, "mtime"))
    by_file = {"sha256": photo.variant, "size_bytes": file.size_bytes or 0, "metadata_mtime_ns": file.mtime_ns}
    return changes | by_file | date._asdict()


def merge(connection: Connection, photo: int, *, into: int) -> None:
    """Let two photos of one picture be one: what refers to the first refers to the second, and the first is removed.

    The answers of models that both have are those of the second.
    """
    sha256 = connection.execute(select(Photo.sha256).where(Photo.id == photo)).scalar_one()
    for table in (File, TelegramPhoto, Variant):
        connection.execute(update(table).where(table.photo_id == photo).values(photo_id=into))
    _move_decisions(connection, photo, into)
    _move_answers(connection, photo, into)
    leave_groups(connection, [photo])
    connection.execute(delete(Photo).where(Photo.id == photo))
    add_variants(connection, {sha256: into})


def _move_decisions(connection: Connection, photo: int, into: int) -> None:
    """Move decisions; those that the same person contradicted later on the other photo are revoked then."""
    active = select(Decision.__table__).where(Decision.photo_id.in_([photo, into]), Decision.revoked_at.is_(None))
    rows = connection.execute(active.order_by(Decision.decided_at, Decision.id)).all()
    for number, old in enumerate(rows):
        later = (new for new in rows[number + 1 :] if (new.who, new.answer_id) == (old.who, old.answer_id))
        for new in later:
            if is_contradicted(old.verdict, old.landmark_id, new.verdict, new.landmark_id):
                revoked = update(Decision).where(Decision.id == old.id).values(revoked_at=new.decided_at)
                connection.execute(revoked)
                break
    connection.execute(update(Decision).where(Decision.photo_id == photo).values(photo_id=into))


def _move_answers(connection: Connection, photo: int, into: int) -> None:
    has_own = select(Assessment.model_id).where(Assessment.photo_id == into)
    moved = select(Assessment.__table__).where(Assessment.photo_id == photo, Assessment.model_id.not_in(has_own))
    for answer in connection.execute(moved).all():
        connection.execute(insert(Assessment), {**answer._mapping, "photo_id": into})
        of_answer = (Suggestion.photo_id == photo, Suggestion.model_id == answer.model_id)
        connection.execute(update(Suggestion).where(*of_answer).values(photo_id=into))
    known = select(Embedding.model_id).where(Embedding.photo_id == into)
    embeddings = update(Embedding).where(Embedding.photo_id == photo, Embedding.model_id.not_in(known))
    mark_embeddings(connection, [photo])
    connection.execute(embeddings.values(photo_id=into))
    mark_embeddings(connection, [into])
    for table in (Suggestion, Assessment):
        connection.execute(delete(table).where(table.photo_id == photo))
    current = select(Photo.current_model_id).where(Photo.id == photo).scalar_subquery()
    newest = func.coalesce(Photo.current_model_id, current)
    connection.execute(update(Photo).where(Photo.id == into).values(current_model_id=newest))
