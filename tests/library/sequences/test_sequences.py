"""Random sequences of what people do to a library leave the store as the reference model says.

`python -m pytest tests/library/sequences --hypothesis-profile long` runs 500 sequences of 40 steps in ten minutes.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from db.engine import open_store
from db.errors import UnknownPhoto
from db.read import listings
from db.read.decisions import all_decisions
from db.read.filters import FileFilter, PhotoFilter, TagFilter
from db.rows import Verdict
from db.write.decisions import record_decision, revoke_decisions, show_only
from db.write.forget import forget_files
from db.write.imports import import_decisions
from db.write.move import move_files
from db.write.prune import prune
from db.write.undo import undo_run
from tagger.core.run_options import Limits, RunOptions
from tagger.core.types import Failed
from tagger.library.decisions.contents import contents_of
from tagger.library.decisions.csv_file import read_csv, write_csv
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS, ColourEngine, card
from tests.library.sequences.disk import BROKEN, FOLDERS, PATHS, ROOT_NAMES, Disk, Place, photo, with_comment
from tests.library.sequences.reference import Decision, Library, Request, Suggested, is_in
from tests.library.sequences.stored import stored_answers, stored_contents

SHADES = [*COLOURS.values(), (205, 45, 45), (128, 128, 128)]  # the fourth is a red of which the model is less sure
EXCLUDE = ("skip*",)
MODELS = ("colours", "other")

paths, scanned, models = st.sampled_from(PATHS), st.sampled_from(FOLDERS), st.sampled_from(MODELS)
people = st.sampled_from(["ann", "ben"])
verdicts: st.SearchStrategy[Verdict] = st.sampled_from(["shows", "not", "none"])
amounts = st.sampled_from([1, 1, 2, 3])
picks = st.integers(0, 99)  # of something that depends on the state


class Sequences(RuleBasedStateMachine):
    """A folder, a store and the reference model, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.models = {name: _bundle(self.folder / name, name) for name in MODELS}
        self.store = open_store(str(self.folder / "tags.sqlite"))
        self.disk = Disk(self.folder / "library")
        self.library = Library(cache(self._oracle))

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize(shades=st.lists(st.sampled_from(SHADES), min_size=1, max_size=4))
    def fill(self, shades: list[tuple[int, int, int]]) -> None:
        for path, shade in zip(PATHS, shades, strict=False):
            self.disk.write(self.disk.path(path), photo(shade, 0, 0))

    @rule(path=paths, shade=st.sampled_from(SHADES), number=st.integers(0, 1))
    def add_or_replace(self, path: Place, shade: tuple[int, int, int], number: int) -> None:
        self.disk.write(self.disk.path(path), photo(shade, number, 0))

    @rule(path=paths)
    def break_file(self, path: Place) -> None:
        self.disk.write(self.disk.path(path), BROKEN)

    @rule(pick=picks, comment=st.integers(0, 1))
    def edit_metadata(self, pick: int, comment: int) -> None:
        if path := self.disk.existing(pick):
            self.disk.write(path, with_comment(path.read_bytes(), comment))

    @rule(pick=picks)
    def touch(self, pick: int) -> None:
        if path := self.disk.existing(pick):
            self.disk.write(path, path.read_bytes())

    @rule(pick=picks, to=paths)
    def copy(self, pick: int, to: Place) -> None:
        if path := self.disk.existing(pick):
            self.disk.write(self.disk.path(to), path.read_bytes())

    @rule(pick=picks, to=paths)
    def rename(self, pick: int, to: Place) -> None:
        if path := self.disk.existing(pick):
            self.disk.rename(path, self.disk.path(to))

    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        if path := self.disk.existing(pick):
            path.unlink()

    @rule(number=st.integers(0, 1), model=models, told=st.sampled_from(["at once", "late", "never"]))
    def rename_root(self, number: int, model: str, told: str) -> None:
        old = self.disk.rename_root(number)
        if told == "late":
            self.run_over_all(model, 1)
            self.delete(0)
            self.run_over_all(model, 1)
        if told != "never":
            self.move(old, number)

    @rule(old=st.sampled_from(ROOT_NAMES), number=st.integers(0, 1))
    def move(self, old: str, number: int) -> None:
        before, after = str(self.disk.root(old)), str(self.disk.path((number, "")))
        if old not in self.disk.roots and self.is_stored(before):
            with self.store.write() as connection:
                move_files(connection, before, after)
            self.library.move(before, after)

    @rule(folder=scanned)
    def forget(self, folder: Place) -> None:
        if self.is_stored(place := str(self.disk.path(folder))):
            forget_files(self.store, place)
            self.library.forget(place)

    @rule(
        root=scanned,
        model=models,
        k=amounts,
        min_score=st.sampled_from([0.0, 0.9]),
        exclude=st.sampled_from([(), EXCLUDE]),
        way=st.sampled_from(["tag", "tag", "again", "reread", "retag"]),
    )
    def run(self, root: Place, model: str, k: int, min_score: float, exclude: tuple[str, ...], way: str) -> None:
        self.tag(root, model, k, min_score, exclude, way)

    @rule(model=models)
    def run_for_more_and_more(self, model: str) -> None:
        for k in (1, 2, 3):
            self.run_over_all(model, k)

    @rule(model=models, k=amounts)
    def run_over_all(self, model: str, k: int) -> None:
        for root in (0, 1):
            self.tag((root, ""), model, k, 0.0, (), "tag")

    @rule(root=scanned, model=models, k=amounts, stops_after=st.integers(1, 3))
    def run_and_stop(self, root: Place, model: str, k: int, stops_after: int) -> None:
        self.tag(root, model, k, 0.0, (), "tag", stops_after)

    @precondition(lambda self: self.library.photos)
    @rule(pick=picks, who=people, verdict=verdicts, landmark=st.sampled_from(list(COLOURS)))
    def decide(self, pick: int, who: str, verdict: Verdict, landmark: str) -> None:
        sha256, about = self.stored_content(pick), None if verdict == "none" else landmark
        with self.store.write() as connection:
            record_decision(connection, sha256, verdict=verdict, landmark=about, who=who, source="test")
        self.library.decide(self.disk.pictures[sha256], Decision(who, verdict, about))

    @rule(pick=picks, who=people, landmarks=st.sets(st.sampled_from(list(COLOURS)), min_size=1, max_size=2))
    def decide_about_file(self, pick: int, who: str, landmarks: set[str]) -> None:
        """As `tagger decide --shows` does, about whatever is in a file now."""
        if (path := self.disk.existing(pick)) is None or path.read_bytes() == BROKEN:
            return
        picture = self.disk.picture(path.read_bytes())
        with self.store.write() as connection:
            try:
                (content,) = contents_of(connection, [str(path)], max_bytes=10**6)
            except UnknownPhoto:
                assert picture not in self.library.photos
                return
            show_only(connection, content, sorted(landmarks), who=who, source="test")
        self.library.show_only(picture, who, landmarks)

    @rule(are_lost=st.booleans())
    def export_and_import(self, are_lost: bool) -> None:
        """Into the same database, or into one with the same photos and no decisions."""
        file = self.folder / "decisions.csv"
        with self.store.read() as connection:
            count = write_csv(file, all_decisions(connection))
        with self.store.write() as connection:
            if are_lost:
                connection.exec_driver_sql("DELETE FROM decision")
            done = import_decisions(connection, read_csv(file, "nobody"))
        assert (done.added + done.known, done.taken_back, done.unknown_photos) == (count, 0, 0)

    @precondition(lambda self: self.library.decisions)
    @rule(pick=picks, who=people)
    def revoke(self, pick: int, who: str) -> None:
        sha256 = self.stored_content(pick)
        with self.store.write() as connection:
            revoke_decisions(connection, sha256, who=who)
        self.library.revoke(self.disk.pictures[sha256], who)

    @precondition(lambda self: self.library.runs)
    @rule(pick=picks)
    def undo(self, pick: int) -> None:
        run = len(self.library.runs) - pick % min(4, len(self.library.runs))
        with self.store.write() as connection:
            undo_run(connection, run)
        self.library.undo(run)

    @precondition(lambda self: any(file.is_missing for file in self.library.files.values()))
    @rule()
    def prune(self) -> None:
        prune(self.store, gone_before=datetime.now(UTC) + timedelta(days=1))
        self.library.prune()

    @invariant()
    def the_answers_are_the_same(self) -> None:
        answers = {
            key: ("undone" if answer.is_undone else answer.k, answer.run, answer.ranks)
            for key, answer in self.library.answers.items()
        }
        assert stored_answers(self.store, self.disk.pictures) == answers

    @invariant()
    def the_listings_are_the_same(self) -> None:
        with self.store.read() as connection:

            def tags(**filters: object) -> list[tuple[str, str, str]]:
                hits = listings.all_hits(listings.tags, connection, TagFilter(**filters))  # type: ignore[arg-type]
                return sorted((hit.path, hit.landmark, hit.source) for hit in hits)

            assert tags() == self.library.tags()
            assert tags(include_gone=True) == self.library.tags(gone=True)
            for model in {run.model for run in self.library.runs}:
                assert tags(model=model) == self.library.tags(model)
            nones = listings.all_hits(listings.nones, connection, PhotoFilter())
            assert [hit.path for hit in nones] == self.library.nones()
            failures = listings.all_hits(listings.failures, connection, FileFilter())
            assert [hit.path for hit in failures] == self.library.failures()

    def tag(
        self,
        root: Place,
        model: str,
        k: int,
        min_score: float,
        exclude: tuple[str, ...],
        way: str,
        stops_after: int | None = None,
    ) -> None:
        place = self.disk.path(root)
        if not place.is_dir():
            return
        options = RunOptions(
            k=k,
            min_score=min_score,
            exclude=exclude,
            accept_missing=True,
            reread=way == "reread",
            redo_undone=way in ("again", "retag"),
            skip_new=way == "retag",
        )
        found = self.disk.scan(place, without_skipped=bool(exclude))
        tagger = Tagger(self.models[model], ColourEngine(), Limits(threads=1))
        run = LibraryRun(self.store, self.models[model], [str(place)], lambda: tagger, options)
        with closing(run.results()) as results:
            for _ in islice(results, stops_after):
                pass
        request = Request(model, k, found, [str(place)], min_score, options.redo_undone, options.reread)
        request.skip_new, request.stops_after = options.skip_new, stops_after
        expected = self.library.run(request)
        counts = Counter(asdict(run.state.counts))
        counts["missing"] = counts.pop("gone") + counts.pop("moved") + counts.pop("excluded")
        assert +counts == +expected

    def stored_content(self, pick: int) -> str:
        """The sha256 of any content that the store knows."""
        contents = stored_contents(self.store)
        return contents[pick % len(contents)]

    def is_stored(self, folder: str) -> bool:
        return any(is_in(path, folder) for path in self.library.files)

    def _oracle(self, content: str, model: str, min_score: float) -> list[Suggested] | None:
        tagger = Tagger(self.models[model], ColourEngine(), Limits(threads=1))
        answer = tagger.suggest(self.disk.contents[content], 3, min_score=min_score)
        if isinstance(answer, Failed):
            return None
        return [(suggestion.landmark.id, suggestion.is_tag) for suggestion in answer.suggestions]


def _bundle(folder: Path, name: str) -> Bundle:
    """A model; the other one calls every colour by another name."""
    red, green, blue = card().classes
    classes = (red, green, blue) if name == MODELS[0] else (green, blue, red)
    return write_bundle(folder, card(name=name, classes=classes), {"model.onnx": name.encode()})


TestSequences = pytest.mark.slow(Sequences.TestCase)
