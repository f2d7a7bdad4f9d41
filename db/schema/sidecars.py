"""The tables of XMP sidecars: what was written into which, and what is still to be written.

They name files by path and not by row, so that a write can be undone after its photo was forgotten.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, false
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import PathBytes
from db.schema.models import Base as Base


class Sidecar(Base):
    """A sidecar that was written. `next_sha256` is set before a write, so that a crash leaves no doubt about it."""

    __tablename__ = "sidecar"

    path: Mapped[str] = mapped_column(PathBytes, primary_key=True)
    photo_path: Mapped[str] = mapped_column(PathBytes, index=True)
    landmarks: Mapped[list[str]] = mapped_column(JSON)  # the keys of those in it
    added: Mapped[list[str]] = mapped_column(JSON)  # the values that were not there before
    fingerprint: Mapped[str | None]  # of all that it should hold
    with_gps: Mapped[bool] = mapped_column(Boolean)  # a guessed position was asked for
    written_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(index=True)  # of the file as written; None: never written yet
    before: Mapped[bytes | None]  # its earlier content as a difference to that; None: there was no file
    next_sha256: Mapped[str | None]
    next_before: Mapped[bytes | None]


class SidecarRequest(Base):
    """A photo whose sidecar is to be written. Later requests for the same photo are merged into it."""

    __tablename__ = "sidecar_request"

    photo_path: Mapped[str] = mapped_column(PathBytes, primary_key=True)
    landmarks: Mapped[list[str]] = mapped_column(JSON)  # the keys to add
    naming: Mapped[str]
    with_gps: Mapped[bool] = mapped_column(Boolean, server_default=false())
