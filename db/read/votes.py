"""What people whom the operator does not trust say about the library's photos: votes, which overrule nothing."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from db.read.filters import FileFilter
from db.read.pages import cut, query_of, walk
from db.read.planning.planner import Plan, path_range
from db.read.query_language.matching import Votes
from db.read.rows import Page, VoteHit
from db.schema.models import Decision, File, Landmark, Photo


def votes(connection: Connection, filters: FileFilter, *, after: str | None = None, limit: int = 50) -> Page[VoteHit]:
    """The votes on up to `limit` files; for each file, what most people say comes first.

    Args:
        connection: any.
        filters: `run` lets nothing through.
        after: where the previous page ended.
        limit: files on the page.
    """
    query = query_of(connection, filters)
    is_cast = and_(Decision.revoked_at.is_(None), ~Decision.is_trusted)
    is_vote = and_(is_cast, query.matches_row(Votes()))
    has_vote = select(Decision.id).where(Decision.photo_id == Photo.id, is_vote).correlate(Photo, File).exists()
    files = select(File.path, File.id).join(Photo).where(query.matches_photo(without_folders=True), has_vote)
    found = Plan([path_range(query.tree, after)], File.photo_id.in_(select(Decision.photo_id).where(is_cast)))
    page = cut(list(walk(connection, files, found, limit=limit + 1)), limit)
    people = func.count(Decision.who.distinct()).label("people")
    of_files = (
        select(File.path, Photo.sha256, Decision.verdict, Landmark.key, Landmark.name)
        .add_columns(people, func.max(Decision.decided_at))
        .join(Photo, Photo.id == File.photo_id)
        .join(Decision, Decision.photo_id == Photo.id)
        .outerjoin(Landmark, Landmark.id == Decision.landmark_id)
        .where(File.id.in_([row.id for row in page.rows]), is_vote)
        .group_by(File.path, Photo.sha256, Decision.verdict, Landmark.id)
        .order_by(File.path, people.desc(), Landmark.key.nulls_first())
    )
    return Page(tuple(VoteHit(*row) for row in connection.execute(of_files)), page.next_after)
