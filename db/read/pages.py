"""Pages of files: where they are looked for, and how a page ends."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, False_, True_, and_, select, true

from db.dialect import sorted_first
from db.read import unique
from db.read.filters import FileFilter, PhotoFilter
from db.read.planning.planner import Plan, plan
from db.read.query_language.matching import ANY_MODEL, FileRows, PhotoRows, matches
from db.read.query_language.names import look_up
from db.read.query_language.tree import And, Condition, Node, all_of, keys
from db.schema.models import File, Photo
from tagger.core.types import Status

if TYPE_CHECKING:
    from db.schema.base import AnySelect

ON_PHOTOS = {"taken", "near", "has", "file", "folder"}  # keys that compare the photo or its file, not the answer
FILE_COLUMNS = (File.path, Photo.id, Photo.sha256, Photo.taken_at, Photo.taken_from)


@dataclass(frozen=True, slots=True)
class Query:
    """The conditions of a listing: those on the photo or its file alone, and the others.

    Args:
        filters: as given.
        tree: all of them, with names looked up.
        on_photo: those on the photo or its file.
        on_row: the others.
    """

    filters: FileFilter
    tree: Node
    on_photo: Node
    on_row: Node

    def matches_photo(self, *, without_folders: bool = False) -> ColumnElement[bool]:
        """Whether a file and its photo match.

        Args:
            without_folders: the folders that the query demands are tested elsewhere.
        """
        is_present = true() if self.filters.include_gone else File.gone_at.is_(None)
        nodes = self.on_photo.nodes if isinstance(self.on_photo, And) else (self.on_photo,)
        if without_folders:
            nodes = tuple(node for node in nodes if not (isinstance(node, Condition) and node.key == "folder"))
        return and_(is_present, matches(And(nodes), PhotoRows()))

    def matches_row(self, rows: FileRows) -> ColumnElement[bool]:
        """Whether a row matches in all else; among the current answers unless the query names a model or a run."""
        return and_(matches(self.on_row, rows), true() if keys(self.tree) & ANY_MODEL else rows.is_current())


def query_of(connection: Connection, filters: FileFilter) -> Query:
    """The query that filters make together.

    Raises:
        UnknownName: they name an unknown landmark, place, model or run.
    """
    tree = look_up(connection, filters.tree())
    nodes = tree.nodes if isinstance(tree, And) else (tree,)
    on_photo = [node for node in nodes if keys(node) <= ON_PHOTOS]
    return Query(filters, tree, all_of(on_photo), all_of(node for node in nodes if node not in on_photo))


@dataclass(frozen=True, slots=True)
class FilePage:
    """The files on a page.

    Args:
        rows: with `FILE_COLUMNS`, `file_id` and further columns.
        next_after: as in `db.read.rows.Page`.
        others: for how many files each photo stands, if the listing is of unique photos.
    """

    rows: Sequence[Any]
    next_after: str | None
    others: dict[int, int]


NO_FILES = FilePage((), None, {})


def page_of_photos(
    connection: Connection,
    query: Query,
    status: Status,
    is_hit: ColumnElement[bool],
    *columns: ColumnElement[Any],
    sets: Sequence[AnySelect] = (),
    after: str | None,
    limit: int,
) -> FilePage:
    """A page of files with photos.

    Args:
        connection: any.
        query: of the listing.
        status: of its photos.
        is_hit: whether a photo has a row that matches.
        columns: further columns.
        sets: further supersets of the photos that the listing may find.
        after: where the previous page ended.
        limit: files on the page.
    """
    if isinstance(is_hit, False_):
        return NO_FILES
    found = plan(connection, query.tree, status, after=after, sets=sets)
    files = select(*FILE_COLUMNS, File.id.label("file_id"), unique.ALIKE, *columns).join(Photo)
    files = files.where(query.matches_photo(without_folders=True), is_hit)
    if not (isinstance(query.filters, PhotoFilter) and query.filters.unique):
        return cut(list(walk(connection, files, found, limit=limit + 1)), limit)
    passes = and_(query.matches_photo(), is_hit)
    with closing(walk(connection, files, found)) as rows:
        best, others = unique.best_of_groups(connection, rows, limit + 1, passes)
    return cut(best, limit, others)


def walk(
    connection: Connection, files: AnySelect, plan: Plan, *, limit: int | None = None
) -> Generator[Any, None, None]:
    """The files of a statement where a plan looks, in the order of their paths.

    Args:
        connection: any.
        files: selects from `File`.
        plan: of the listing.
        limit: the most files; None reads as far as the caller does.
    """
    left = limit
    for span in plan.spans:
        is_here = and_(plan.is_candidate, span.contains(File.path))
        if isinstance(plan.is_candidate, True_):
            in_span = files.where(is_here).order_by(File.path).limit(left)
        else:
            in_span = sorted_first(connection, files, File.id, File.path, is_here).limit(left)
        # A server plans for the first rows then, and does not send all that nobody reads.
        with closing(connection.execute(in_span, execution_options={"stream_results": left is None})) as rows:
            if left is None:
                yield from rows
                continue
            for row in rows:
                yield row
                left -= 1
        if left == 0:
            return


def cut(rows: Sequence[Any], limit: int, others: dict[int, int] | None = None) -> FilePage:
    """The page that starts with these rows, of which there is one more if another page follows."""
    return FilePage(rows[:limit], rows[limit - 1].path if len(rows) > limit else None, others or {})
