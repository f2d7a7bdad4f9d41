"""The tables of embeddings, and of the places that people have taught.

A taught place is a landmark with examples. `Teaching` counts how often places were taught or removed, and `Rescored`
says up to which photo a model's answers follow that, so that a killed pass goes on where it ended.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.models import Base as Base

BLOCK = 4096  # photo ids


class Embedding(Base):
    """A photo as a model sees it: float16 numbers, see `tagger.model.embedding`."""

    __tablename__ = "embedding"

    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    look: Mapped[str]  # the network that it comes from: first or full
    taught_share: Mapped[float]  # of the answer's probability that taught places have; landmarks have the rest
    vector: Mapped[bytes]


class EmbeddingBlock(Base):
    """A random number for a block of photo ids, another one after each change of a model's embeddings in it.

    By this a copy of the embeddings outside the database knows which of its parts are out of date.
    """

    __tablename__ = "embedding_block"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True)  # the id of each of its photos, divided by BLOCK
    version: Mapped[int]


class TaughtPlace(Base):
    """A landmark that a person taught. Without a position it has no radius."""

    __tablename__ = "taught_place"

    landmark_id: Mapped[int] = mapped_column(ForeignKey("landmark.id"), primary_key=True)
    taught_at: Mapped[datetime]
    radius_km: Mapped[float | None]  # that holds the positions of its examples


class TaughtExample(Base):
    """A photo of a taught place. It need not be in the library."""

    __tablename__ = "taught_example"

    landmark_id: Mapped[int] = mapped_column(ForeignKey("taught_place.landmark_id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    vector: Mapped[bytes]


class TaughtThreshold(Base):
    """The score at which a taught place is a tag of a model."""

    __tablename__ = "taught_threshold"

    landmark_id: Mapped[int] = mapped_column(ForeignKey("taught_place.landmark_id"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    threshold: Mapped[float]


class Teaching(Base):
    """One row: the number of changes to the taught places so far."""

    __tablename__ = "teaching"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int]


class Rescored(Base):
    """The photos up to this one have a model's answers by this version of the taught places."""

    __tablename__ = "rescored"

    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), primary_key=True)
    version: Mapped[int]
    photo_id: Mapped[int]
