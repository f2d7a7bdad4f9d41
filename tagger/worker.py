"""One run: walk folders, tag what is new or changed, store it batch by batch.

The one rule: running again goes on where the last run ended. Nothing is read of a file whose size and time are as
stored, unless reading it failed; and without photos to look at no model is loaded.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import TYPE_CHECKING

from db.known import known_files, stored_answers
from db.rows import FileState, RunCounts
from db.session import Store
from tagger.answers import stored_answer
from tagger.bundle import Bundle
from tagger.progress import Progress
from tagger.record import Record, register
from tagger.scan import Found, Globs, scan
from tagger.types import EngineInfo, Result

if TYPE_CHECKING:
    from tagger.predict import Tagger  # loads numpy and Pillow, which a run without new photos does not need

NOT_NEEDED = EngineInfo("none", "none", "none", "nothing new to look at")


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run went.

    Args:
        seconds: wall clock, the scan included.
        looked_at: photos that were new or changed.
    """

    run_id: int
    counts: RunCounts
    looked_at: int
    seconds: float
    engine: EngineInfo


@dataclass(slots=True)
class Run:
    """A pass over some folders with one model. Take all of `results`, then look at `summary`.

    Args:
        k: suggestions kept for each photo.
        open_tagger: called only when there is something to look at.
        with_unchanged: also yield the stored answers of unchanged files.
    """

    store: Store
    bundle: Bundle
    roots: Sequence[str]
    globs: Globs
    k: int
    open_tagger: Callable[[], Tagger]
    progress: Progress
    with_unchanged: bool = False
    summary: Summary | None = None
    _model: int = 0
    _started: float = field(default_factory=time.monotonic)

    def results(self) -> Generator[Result, None, None]:
        """Work, and yield a result for every file that was looked at, in the order of the scan.

        Raises:
            FolderNotFound: a root does not exist; nothing was changed.
            EngineError: the model cannot run, or broke; what was done before is stored.
            StoreError: the store cannot be read or written.
        """
        roots = [os.path.abspath(root) for root in self.roots]
        found = list({item.path: item for item in scan(roots, self.globs)}.values())
        self._model = register(self.store, self.bundle)
        with self.store.read() as connection:
            known = known_files(connection, roots, model=self._model, k=self.k)
        todo = [item for item in found if not _is_unchanged(item, known.get(item.path))]
        tagger = self.open_tagger() if todo else None
        engine = tagger.engine.info if tagger else NOT_NEEDED
        record = Record(self.store, self._model, self.k, roots, engine)
        try:
            new = self._tag(todo, tagger, record) if tagger else iter(())
            yield from self._in_scan_order(found, todo, new) if self.with_unchanged else new
            gone, back = _absence(found, known)
            record.finish(unchanged=len(found) - len(todo), gone=gone, back=back)
        except BaseException as error:
            record.end_early(error)
            raise
        finally:
            self.progress.close()
            seconds = time.monotonic() - self._started
            self.summary = Summary(record.run_id, record.counts, len(todo), seconds, engine)

    def _tag(self, todo: list[Found], tagger: Tagger, record: Record) -> Iterator[Result]:
        record.recall()
        self.progress.start(len(todo))
        results = tagger.tag([item.path for item in todo], self.k, known=record.known)
        for item, result in zip(todo, results, strict=True):
            record.keep(item, result)
            self.progress.advance(result)
            yield result

    def _in_scan_order(self, found: list[Found], todo: list[Found], new: Iterator[Result]) -> Iterator[Result]:
        """New results and stored answers, merged."""
        changed = {item.path for item in todo}
        for is_new, group in groupby(found, key=lambda item: item.path in changed):
            items = list(group)
            yield from islice(new, len(items)) if is_new else self._stored(items)
        yield from new  # nothing is left; this lets it end

    def _stored(self, items: Iterable[Found]) -> Iterator[Result]:
        with self.store.read() as connection:
            for stored in stored_answers(connection, (item.path for item in items), model=self._model):
                yield Result(stored.path, stored.sha256, stored_answer(stored))


def _is_unchanged(item: Found, state: FileState | None) -> bool:
    return (
        state is not None
        and state.is_assessed
        and not state.failed
        and item.size_bytes is not None
        and (state.size_bytes, state.mtime_ns) == (item.size_bytes, item.mtime_ns)
    )


def _absence(found: list[Found], known: dict[str, FileState]) -> tuple[list[str], list[str]]:
    """The stored files that are gone, and those that were gone and are back."""
    seen = {item.path for item in found}
    gone = [path for path in known.keys() - seen if not known[path].gone and _is_gone(path)]
    back = [path for path, state in known.items() if state.gone and path in seen and not _is_gone(path)]
    return gone, back


def _is_gone(path: str) -> bool:
    """Whether there is surely no such file. One behind a closed folder or a drive that fails is not gone."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)  # a folder that once could not be listed, and now can
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
