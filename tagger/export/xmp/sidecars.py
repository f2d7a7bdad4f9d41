"""Write landmarks into sidecars or photos, preview the changes, and undo them.

The one rule: what is to be written is stored first and removed from the list once it is done, so that whatever ends a
write, the next one continues from there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Literal, TypeVar

from db.engine import Connection, Store
from db.read import catalog, sidecars
from db.read.filters import TagFilter
from db.read.listings import tags
from db.rows import Naming, SidecarRequest, SidecarRow
from db.write.sidecars import add_requests, end_writes, merged, remove_requests, remove_sidecars
from tagger.core.errors import PhotoError, SidecarError
from tagger.export.xmp import embedded, files
from tagger.export.xmp.changes import Change, Problem, Write, problem
from tagger.export.xmp.content import content_of
from tagger.export.xmp.naming import forget_folders
from tagger.export.xmp.planning import marked_sidecars, plan, without_ours
from tagger.export.xmp.writing import begin, commit, row_of
from tagger.library.locks.run import xmp_lock
from tagger.model.languages import ENGLISH, language_of

PAGE = 1000  # photos
BATCH = 64  # files between two transactions

Status = Literal["written", "unchanged", "removed", "failed"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """Options of a write.

    Args:
        confirmed_only: only landmarks that a person has confirmed.
        naming: which sidecars: "appended" is ``photo.jpg.xmp``, "replaced" is ``photo.xmp``. With
            "embedded" the photo itself is changed.
        with_gps: guess the position of photos that have none.
        skip_written: leave photos alone whose landmarks were written before; nothing is read for them.
        language: of the names, such as ``de``.
    """

    confirmed_only: bool = False
    naming: Naming = "appended"
    with_gps: bool = False
    skip_written: bool = False
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a sidecar.

    Args:
        photo: the photo's path.
        sidecar: its own path; the photo's for what was written into that.
        status: "removed" if the file is no longer there.
        message: why it failed, or why it is this sidecar.
    """

    photo: str
    sidecar: str
    status: Status
    message: str | None = None


def write(store: Store, filters: TagFilter, options: WriteOptions) -> Generator[Outcome, None, None]:
    """Write the tags that a query finds, and what earlier writes left to do.

    A landmark that was written and that its photo no longer shows is taken away, below the folder of the query.

    Args:
        store: is read and written in steps, so that others may use it meanwhile.
        filters: of the listing of tags.
        options: of this write.

    Raises:
        RunInProgress: another process writes sidecars.
        UnknownLanguage: no landmark has a name in it.
    """
    with xmp_lock(store):
        forget_folders()
        language = _language(store, options)
        for requests in _requests(store, filters, options):
            with store.write() as connection:
                add_requests(connection, requests)
        for requests in _pages(store, sidecars.requests, lambda request: request.photo_path):
            yield from _write(store, requests, language)


def preview(store: Store, filters: TagFilter, options: WriteOptions) -> Iterator[Change | Problem]:
    """What `write` would do; nothing is changed. Raises UnknownLanguage."""
    forget_folders()
    language = _language(store, options)
    asked: dict[str, SidecarRequest] = {}  # by earlier writes; usually none
    for requests in _pages(store, sidecars.requests, lambda request: request.photo_path):
        asked.update({request.photo_path: request for request in requests})
    for requests in _requests(store, filters, options):
        together = [merged(request, asked.pop(request.photo_path, None)) for request in requests]
        yield from _needed(store, together, language)
    yield from _needed(store, list(asked.values()), language)


def undo(store: Store, filters: TagFilter) -> Iterator[Outcome]:
    """Remove all that was written into the sidecars of the photos that a query finds, and write no more into them.

    Args:
        store: see `write`.
        filters: those of the listing of tags. Without any, or with `under` alone, all sidecars count, also those of
            photos that have no tag any more. Those of another database count if their photos have tags.

    Raises:
        RunInProgress: another process writes sidecars.
    """
    with xmp_lock(store):
        forget_folders()
        if is_all := filters == TagFilter(under=filters.under):
            within = partial(sidecars.requests, under=filters.under)
            for requests in _pages(store, within, lambda request: request.photo_path):
                _forget_requests(store, [request.photo_path for request in requests])
            for rows in _pages(store, partial(sidecars.written_sidecars, under=filters.under), lambda row: row.path):
                yield from _undo(store, rows)
        for requests in _requests_of_hits(store, filters, WriteOptions()):
            photos = [request.photo_path for request in requests]
            _forget_requests(store, photos)
            with store.read() as connection:
                found = sidecars.sidecars_of(connection, photos)
            unknown = (row for photo in photos if photo not in found for row in marked_sidecars(photo))
            yield from _undo(store, [*(row for rows in found.values() for row in rows if not is_all), *unknown])


def _language(store: Store, options: WriteOptions) -> str:
    with store.read() as connection:
        return language_of(options.language, catalog.landmarks(connection).values())


def _needed(store: Store, requests: Sequence[SidecarRequest], language: str) -> Iterator[Change | Problem]:
    for _, items in _plans(store, requests, language):
        yield from (item for item in items if isinstance(item, Problem) or item.now != item.new)


def _requests(store: Store, filters: TagFilter, options: WriteOptions) -> Iterator[list[SidecarRequest]]:
    """Requests for the tags that a query finds, then for photos that no longer show what was written."""
    yield from _requests_of_hits(store, filters, options)
    within = partial(sidecars.written_sidecars, under=filters.under)
    for rows in _pages(store, within, lambda row: row.path, PAGE):
        with store.read() as connection:
            shown = sidecars.current_tags(connection, {row.photo_path for row in rows})
        stale = {
            row.photo_path: SidecarRequest(row.photo_path, (), options.naming, False)
            for row in rows
            if row.photo_path in shown and set(row.landmarks) - {tag.landmark for tag in shown[row.photo_path]}
            if os.path.lexists(row.photo_path)
        }
        yield list(stale.values())


def _requests_of_hits(store: Store, filters: TagFilter, options: WriteOptions) -> Iterator[list[SidecarRequest]]:
    after: str | None = None
    while True:
        with store.read() as connection:
            page = tags(connection, filters, after=after, limit=PAGE)
            hits = [hit for hit in page.hits if hit.state != "rejected"]  # a query may name what people overruled
            hits = [hit for hit in hits if hit.source == "person" or not options.confirmed_only]
            requests = [
                SidecarRequest(path, tuple(hit.landmark for hit in same), options.naming, options.with_gps)
                for path, same in groupby(hits, key=lambda hit: hit.path)
            ]
            yield list(_not_written(connection, requests)) if options.skip_written else requests
        after = page.next_after
        if after is None:
            return


def _not_written(connection: Connection, requests: Sequence[SidecarRequest]) -> Iterator[SidecarRequest]:
    found = sidecars.sidecars_of(connection, [request.photo_path for request in requests])
    for request in requests:
        rows = found.get(request.photo_path, ())
        if not rows or any(set(request.landmarks) - set(row.landmarks) for row in rows):
            yield request


def _pages(
    store: Store, read: Callable[..., list[T]], key: Callable[[T], str], limit: int = BATCH
) -> Iterator[list[T]]:
    after: str | None = None
    while True:
        with store.read() as connection:
            page = read(connection, after=after, limit=limit)
        if not page:
            return
        after = key(page[-1])
        yield page


def _plans(
    store: Store, requests: Sequence[SidecarRequest], language: str
) -> Iterator[tuple[SidecarRequest, list[Change | Problem]]]:
    """What each photo's sidecars become: they keep the landmarks that were written before and still hold."""
    photos = [request.photo_path for request in requests]
    with store.read() as connection:
        landmarks = {landmark.id: landmark for landmark in catalog.landmarks(connection).values()}
        shown, found = sidecars.current_tags(connection, photos), sidecars.sidecars_of(connection, photos)
        for request in requests:
            if request.photo_path not in shown:  # it was deleted or forgotten since
                yield request, []
                continue
            rows = {row.path: row for row in found.get(request.photo_path, ())}
            keys = {*request.landmarks, *(key for row in rows.values() for key in row.landmarks)}
            with_gps = request.with_gps or any(row.with_gps for row in rows.values())
            present = [tag for tag in shown[request.photo_path] if tag.landmark in keys]
            content = content_of(present, landmarks, with_gps=with_gps, language=language)
            find = partial(sidecars.sidecar_with, connection)
            items = list(plan(request.photo_path, content, request.naming, rows, find))
            yield replace(request, with_gps=with_gps), items


def _write(store: Store, requests: Sequence[SidecarRequest], language: str) -> Iterator[Outcome]:
    planned = list(_plans(store, requests, language))
    with_gps = {request.photo_path: request.with_gps for request, _ in planned}
    changes = [item for _, items in planned for item in items if isinstance(item, Change)]
    problems = [item for _, items in planned for item in items if isinstance(item, Problem)]
    done = list[Write]()
    for item in commit(store, changes, with_gps):
        if isinstance(item, Write):
            done.append(item)
        else:
            problems.append(item)
    again = {item.photo for item in problems if item.may_pass}
    with store.write() as connection:
        kept = (write for write in done if write.written and write.change.content.landmarks)
        end_writes(connection, [row_of(write, with_gps) for write in kept])
        remove_sidecars(connection, [write.change.sidecar for write in done if not write.change.content.landmarks])
        remove_requests(connection, [photo for photo in with_gps if photo not in again])
    yield from (_outcome(write.change) for write in done)
    yield from (Outcome(item.photo, item.sidecar, "failed", item.message) for item in problems)


def _undo(store: Store, rows: Sequence[SidecarRow]) -> Iterator[Outcome]:
    outcomes, done = list[Outcome](), list[Change]()
    for row in rows:
        try:
            if row.path == row.photo_path:
                change = embedded.plan_undo(row)
            else:
                now = files.read(row.path)
                base = without_ours(now, row)
                change = Change(row.photo_path, row.path, now, base, base)
            begin(change).commit()
            if change.now is not None or os.path.lexists(row.photo_path):  # else its drive may be off
                done.append(change)
            outcomes.append(_outcome(change))
        except (SidecarError, PhotoError, OSError) as error:
            found = problem(row.photo_path, row.path, error)
            outcomes.append(Outcome(found.photo, found.sidecar, "failed", found.message))
    embedded.sync(done)
    with store.write() as connection:
        remove_sidecars(connection, [change.sidecar for change in done])
    yield from outcomes


def _forget_requests(store: Store, photos: Sequence[str]) -> None:
    with store.write() as connection:
        remove_requests(connection, photos)


def _outcome(change: Change) -> Outcome:
    if change.now == change.new:
        return Outcome(change.photo, change.sidecar, "unchanged")
    is_gone = change.new is None and not change.is_embedded
    return Outcome(change.photo, change.sidecar, "removed" if is_gone else "written", change.note)
