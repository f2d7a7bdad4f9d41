"""Which photos a query finds."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, select

from db.schema.models import File, Photo


def matching(connection: Connection, query: str) -> ColumnElement[bool]:  # noqa: ARG001
    """Whether a photo is found by a query, and is still somewhere."""
    return select(File.id).where(File.photo_id == Photo.id, File.gone_at.is_(None)).correlate(Photo).exists()
