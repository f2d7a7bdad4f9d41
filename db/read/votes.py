"""What people whom the operator does not trust say about the library's photos: votes, which overrule nothing."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from db.read.filters import FileFilter
from db.read.listings import in_reach
from db.read.planner import between
from db.read.rows import Page, VoteHit
from db.schema.models import Decision, File, Landmark, Photo


def votes(connection: Connection, filters: FileFilter, *, after: str | None = None, limit: int = 50) -> Page[VoteHit]:
    """The votes on up to `limit` files; for each file, what most people say comes first.

    Args:
        connection: any.
        filters: `run` does not apply.
        after: where the previous page ended.
        limit: files on the page.
    """
    cast_at = between(Decision.decided_at, filters.answered_since, filters.answered_until)
    is_vote = and_(Decision.revoked_at.is_(None), ~Decision.is_trusted, cast_at)
    voted = select(Decision.photo_id).where(is_vote)
    paths = select(File.path).where(File.photo_id.in_(voted), in_reach(filters, after)).order_by(File.path)
    found = connection.execute(paths.limit(limit + 1)).scalars().all()
    people = func.count(Decision.who.distinct()).label("people")
    of_files = (
        select(File.path, Photo.sha256, Decision.verdict, Landmark.key, Landmark.name)
        .add_columns(people, func.max(Decision.decided_at))
        .join(Photo, Photo.id == File.photo_id)
        .join(Decision, Decision.photo_id == Photo.id)
        .outerjoin(Landmark, Landmark.id == Decision.landmark_id)
        .where(File.path.in_(found[:limit]), is_vote)
        .group_by(File.path, Decision.verdict, Landmark.id)
        .order_by(File.path, people.desc(), Landmark.key)
    )
    hits = tuple(VoteHit(*row) for row in connection.execute(of_files))
    return Page(hits, found[limit - 1] if len(found) > limit else None)
