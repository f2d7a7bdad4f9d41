"""The tables. A photo is a picture, a file is a path where it lies, and people's decisions are separate.

Timestamps are in UTC, except `Photo.taken_at`: the camera's local time, which has no zone. The view `tag` in
`db.schema.views` defines a photo's tags. The Telegram bot's tables are in `db.schema.telegram`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, text, true
from sqlalchemy.orm import Mapped, mapped_column

from db.dialect import file_name, partial
from db.schema.base import Base as Base
from db.schema.base import PathBytes
from tagger.core.types import DATE_SOURCES

ACTIVE = partial("revoked_at IS NULL")
IS_TAG = partial("is_tag = 1", postgresql="is_tag")
VOTE = """reason LIKE '{"kind": "vote"%'"""
BY_VOTE = text(VOTE)  # exactly as in the index, which a parameter would not match


class Landmark(Base):
    __tablename__ = "landmark"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    aliases: Mapped[list[str]]
    country: Mapped[str | None]
    city: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    wikidata: Mapped[str | None]
    names: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))  # by language
    cities: Mapped[dict[str, str]] = mapped_column(server_default=text("'{}'"))


class Model(Base):
    """A bundle that was used; two with the same `model_id` are the same model."""

    __tablename__ = "model"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[str] = mapped_column(unique=True)
    weights_sha256: Mapped[str]
    name: Mapped[str]
    version: Mapped[str]
    card: Mapped[dict[str, Any]]
    added_at: Mapped[datetime]
    min_score: Mapped[float] = mapped_column(server_default=text("0"))  # the least score of its stored tags


class Run(Base):
    """One pass over folders. "stopped": its time window closed; "died": it had not ended when a later run began."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'stopped', 'interrupted', 'failed', 'died')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    engine: Mapped[str]
    device: Mapped[str]
    precision: Mapped[str]
    reason: Mapped[str]  # why this engine
    roots: Mapped[list[str]]
    k: Mapped[int]
    tagger_version: Mapped[str]
    tagged: Mapped[int] = mapped_column(default=0)
    none: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    inherited: Mapped[int] = mapped_column(default=0)
    gone: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    set_aside: Mapped[int] = mapped_column(default=0)  # failed before and not due yet
    job: Mapped[str] = mapped_column(default="tag")
    pid: Mapped[int | None]
    host: Mapped[str | None]
    settings_hash: Mapped[str | None]
    report: Mapped[dict[str, Any] | None]
    undone_at: Mapped[datetime | None]
    moved: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    excluded: Mapped[int] = mapped_column(default=0, server_default=text("0"))


class Photo(Base):
    """A picture, with the content whose metadata it has; other contents with that picture are its variants.

    Its date is the best that any of its files gives, see `tagger.core.types.DateSource`.
    """

    __tablename__ = "photo"
    __table_args__ = (
        CheckConstraint(f"taken_from IN {DATE_SOURCES}", name="taken_from"),
        Index(None, "phash", **partial("phash IS NOT NULL")),
        Index(None, "group_id", **partial("group_id IS NOT NULL")),
        Index(None, "picture", unique=True, **partial("picture IS NOT NULL")),
        Index("ix_photo_position", "lat", "lon", **partial("lat IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    size_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    format: Mapped[str]
    taken_at: Mapped[datetime] = mapped_column(DateTime, index=True)
    taken_from: Mapped[str]
    added_at: Mapped[datetime]
    current_model_id: Mapped[int | None] = mapped_column(ForeignKey("model.id"))  # the last that tagged it
    lat: Mapped[float | None]  # of the camera, WGS 84
    lon: Mapped[float | None]
    phash: Mapped[int | None]  # 64 bits as a signed number, see `tagger.image.phash`
    group_id: Mapped[int | None]  # smallest photo id among its near-duplicates, itself included; None: not compared yet
    picture: Mapped[str | None]  # the hash of its pixels' data; None: of a format without one, or not read since
    metadata_mtime_ns: Mapped[int | None]  # of the file that gave the metadata; earlier versions did not store it


class Variant(Base):
    """Other bytes with a photo's picture: its metadata were edited."""

    __tablename__ = "variant"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)


class File(Base):
    """A path. It has no photo if its content could never be read, or has changed and could not be read since."""

    __tablename__ = "file"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(PathBytes, unique=True)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"), index=True)
    size_bytes: Mapped[int | None]
    mtime_ns: Mapped[int | None]
    first_seen_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]  # since when scans do not find it: deleted, moved or excluded
    ctime_ns: Mapped[int | None]


Index("ix_file_name", file_name(File.path))


class Assessment(Base):
    """A model's answer to a photo when asked for its `k` best landmarks. "undone": its suggestions were removed."""

    __tablename__ = "assessment"
    __table_args__ = (
        CheckConstraint("status IN ('tagged', 'none', 'undone')", name="status"),
        Index(None, "status", "model_id"),
        Index("ix_assessment_run_id", "run_id", "photo_id"),
        {"sqlite_with_rowid": False},  # rows are found by photo, never by row id
    )

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))  # the last that asked for more
    status: Mapped[str]
    k: Mapped[int]
    assessed_at: Mapped[datetime] = mapped_column(index=True)
    look: Mapped[str] = mapped_column(server_default="full")  # which network answered: first or full


class Suggestion(Base):
    """A landmark that a model suggests for a photo.

    Indexes cover the queries for the photos of a landmark and with a score, so they include `is_tag`, their condition.
    """

    __tablename__ = "suggestion"
    __table_args__ = (
        ForeignKeyConstraint(["photo_id", "model_id"], ["assessment.photo_id", "assessment.model_id"]),
        Index("ix_suggestion_tag", "landmark_id", "photo_id", "model_id", "score", "is_tag", **IS_TAG),
        Index("ix_suggestion_score", "score", "is_tag", "photo_id", **IS_TAG),
        Index("ix_suggestion_vote", "photo_id", **partial(VOTE)),
        {"sqlite_with_rowid": False},
    )

    photo_id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))  # the one that first suggested it
    landmark_id: Mapped[int] = mapped_column(ForeignKey("landmark.id"))
    score: Mapped[float]
    is_tag: Mapped[bool]
    visual_score: Mapped[float]  # the model's own; `score` includes other evidence
    reason: Mapped[str | None]  # that evidence, as JSON


class Failure(Base):
    """Why a file could not be read; deleted once it can. Without `next_at` or quarantine every run tries it."""

    __tablename__ = "failure"

    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"), primary_key=True)
    kind: Mapped[str]
    message: Mapped[str]
    attempts: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    next_at: Mapped[datetime | None]  # the next attempt
    quarantined_at: Mapped[datetime | None]  # since then only tried if it changes or on request
    size_bytes: Mapped[int | None]  # the file's when it failed; None if unknown
    mtime_ns: Mapped[int | None]
    ctime_ns: Mapped[int | None]


class Lease(Base):
    """A file in progress. If the process dies, its leases remain and name the files that may have caused it."""

    __tablename__ = "lease"

    path: Mapped[str] = mapped_column(PathBytes, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    taken_at: Mapped[datetime]
    attempts: Mapped[int]  # how many runs or workers died with it in progress
    worker_id: Mapped[int | None] = mapped_column(index=True)  # who claimed it, in a run of several workers
    size_bytes: Mapped[int | None]  # like the times, as scanned by the leader of those workers
    mtime_ns: Mapped[int | None]
    ctime_ns: Mapped[int | None]


class Decision(Base):
    """What a person says about a photo. Active until the same person replaces it or takes it back in the same place.

    Trusted ones are the library's, see the view `trusted_decision`; the others are votes, which overrule nothing.
    """

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("verdict IN ('shows', 'not', 'none')", name="verdict"),
        CheckConstraint("(verdict = 'none') = (landmark_id IS NULL)", name="landmark"),
        Index(None, "photo_id", "who", "answer_id", "landmark_id", unique=True, **ACTIVE),
        Index(None, "landmark_id", **ACTIVE),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id"), index=True)  # also of revoked ones
    verdict: Mapped[str]
    landmark_id: Mapped[int | None] = mapped_column(ForeignKey("landmark.id"))
    who: Mapped[str]
    source: Mapped[str]
    decided_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    is_trusted: Mapped[bool] = mapped_column(server_default=true())
    answer_id: Mapped[int] = mapped_column(server_default=text("0"))  # the bot's, in a group; it may be gone. Else 0


class Skip(Base):
    """A person did not want to decide about a photo in a review; it comes last in that person's next one."""

    __tablename__ = "skip"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    skipped_at: Mapped[datetime]


class Canary(Base):
    """A model's last answer to a picture whose landmark is known."""

    __tablename__ = "canary"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    label: Mapped[str]  # the picture's name
    expected: Mapped[str]  # a landmark's key
    found: Mapped[str | None]
    score: Mapped[float | None]
    checked_at: Mapped[datetime]


class JobRun(Base):
    """One start of a job; without `due_at` a person started it."""

    __tablename__ = "job_run"
    __table_args__ = (
        CheckConstraint("status IN ('running', 'done', 'stopped', 'failed', 'died')", name="status"),
        Index(None, "job", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str]
    due_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    message: Mapped[str | None]
