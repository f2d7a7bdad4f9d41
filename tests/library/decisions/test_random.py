"""Whatever happens to photos, their answers are those of the reference model, and no decision is lost or overruled.

300 random sequences take a minute of one core. `python -m pytest tests/library/decisions --hypothesis-profile long`
runs 15,000 in an hour.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from PIL import Image

from db.engine import open_store
from db.errors import UnknownPhoto
from db.read import listings
from db.read.decisions import all_decisions
from db.read.filters import PhotoFilter, TagFilter
from db.rows import DecisionRow, Verdict
from db.write.imports import import_decisions
from db.write.prune import prune
from db.write.undo import undo_run
from tagger.core.run_options import Limits, RunOptions
from tagger.image.picture_hash import picture_hash
from tagger.library.decisions.csv_file import read_csv, write_csv
from tagger.library.decisions.decide import decide, take_back
from tagger.library.runner import LibraryRun
from tagger.model.bundle import Bundle, write_bundle
from tagger.model.predictor import Tagger
from tests.drawn import COLOURS, ColourEngine, card, encoded
from tests.library.decisions.reference import Reference, Said

LANDMARKS = list(COLOURS)
FORMATS = dict(zip(LANDMARKS, ("JPEG", "PNG", "WEBP"), strict=True))
MODELS = {"right": 0, "wrong": 1}  # how far the names of the colours are moved
NAMES = ("a.jpg", "b.jpg", "c/a.jpg", "c/b.jpg")
EARLY = datetime(2001, 1, 1, tzinfo=UTC)

pictures, editions, numbers = st.sampled_from(LANDMARKS), st.integers(0, 2), st.integers(0, 9)
names, people, models = st.sampled_from(NAMES), st.sampled_from(["ann", "ben"]), st.sampled_from(list(MODELS))
verdicts: st.SearchStrategy[Verdict] = st.sampled_from(["shows", "not", "none"])


class Decisions(RuleBasedStateMachine):
    """A folder, a store and the reference model, side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.library = self.folder / "library"
        (self.library / "c").mkdir(parents=True)
        (self.folder / "tags.sqlite").write_bytes(_empty_database())
        self.store = open_store(str(self.folder / "tags.sqlite"))
        self.models = {name: _bundle(self.folder / name, name) for name in MODELS}
        self.disk: dict[Path, str] = {}  # the picture at each path
        self.reference, self.runs = Reference(), 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @initialize(shown=st.lists(pictures, min_size=1, max_size=2))
    def begin(self, shown: list[str]) -> None:
        for name, picture in zip(NAMES, shown, strict=False):
            self.add(name, picture, 0)
        self.tag("right")

    @rule(name=names, picture=pictures, edition=editions)
    def add(self, name: str, picture: str, edition: int) -> None:
        path = self.library / name
        path.write_bytes(_photo(picture, edition))
        self.disk[path] = picture

    @rule(number=numbers, edition=editions)
    @precondition(lambda self: self.disk)
    def edit_metadata(self, number: int, edition: int) -> None:
        path = self.existing(number)
        path.write_bytes(_photo(self.disk[path], edition))

    @rule(number=numbers, name=names, is_copy=st.booleans())
    @precondition(lambda self: self.disk)
    def move_or_copy(self, number: int, name: str, is_copy: bool) -> None:
        path, to = self.existing(number), self.library / name
        if path != to:
            shutil.copy2(path, to)
            self.disk[to] = self.disk[path]
            if not is_copy:
                self.delete(number)

    @rule(number=numbers)
    @precondition(lambda self: self.disk)
    def delete(self, number: int) -> None:
        path = self.existing(number)
        path.unlink()
        del self.disk[path]

    @rule(model=models)
    def tag(self, model: str) -> None:
        tagger = Tagger(self.models[model], ColourEngine(), Limits(threads=1))
        options = RunOptions(k=1, accept_missing=True)
        run = LibraryRun(self.store, self.models[model], [str(self.library)], lambda: tagger, options)
        list(run.results())
        self.runs += 1
        self.reference.run(self.runs, model, {str(path): picture for path, picture in self.disk.items()})

    @rule(number=numbers)
    @precondition(lambda self: self.runs)
    def undo_run(self, number: int) -> None:
        run = self.runs - number % min(self.runs, 3)
        with self.store.write() as connection:
            undo_run(connection, run)
        self.reference.undo(run)

    @rule()
    def prune(self) -> None:
        prune(self.store, gone_before=datetime.now(UTC) + timedelta(days=1))
        self.reference.prune()

    @rule(number=numbers, who=people, verdict=verdicts, landmarks=st.sets(pictures, min_size=1, max_size=2))
    @precondition(lambda self: self.disk)
    def decide(self, number: int, who: str, verdict: Verdict, landmarks: set[str]) -> None:
        path = self.existing(number)
        chosen = sorted(landmarks)
        options: dict[Verdict, dict[str, Any]] = {
            "shows": {"shows": chosen},
            "not": {"shows_not": chosen},
            "none": {"shows_none": True},
        }
        say = partial(decide, self.store, [str(path)], **options[verdict], who=who, source="test", max_bytes=10**6)
        if not self.is_stored(picture := self.disk[path]):
            with pytest.raises(UnknownPhoto):
                say()
            return
        say()
        if verdict == "shows":
            self.reference.show(picture, who, landmarks)
        for landmark in {"shows": (), "not": landmarks, "none": (None,)}[verdict]:
            self.reference.hear(picture, Said(datetime.now(UTC), who, verdict, landmark))

    @rule(number=numbers, who=people)
    @precondition(lambda self: self.disk)
    def take_back(self, number: int, who: str) -> None:
        if self.is_stored(picture := self.disk[path := self.existing(number)]):
            take_back(self.store, [str(path)], who=who, max_bytes=10**6)
            self.reference.take_back(picture, who)

    @rule(number=numbers, seconds=numbers, who=people, verdict=verdicts, landmark=pictures)
    @precondition(lambda self: self.disk)
    def import_an_old_decision(self, number: int, seconds: int, who: str, verdict: Verdict, landmark: str) -> None:
        """On a copy of the photo that was never here."""
        picture = self.disk[self.existing(number)]
        about, time, copy = (
            None if verdict == "none" else landmark,
            EARLY + timedelta(seconds=seconds),
            _photo(picture, 9),
        )
        hashes = hashlib.sha256(copy).hexdigest(), picture_hash(copy)
        row = DecisionRow(*hashes, verdict, about, who, "elsewhere", time, None, True, 0, True)
        with self.store.write() as connection:
            done = import_decisions(connection, [row])
        assert done.unknown_photos == (not self.is_stored(picture))
        if self.is_stored(picture):
            self.reference.hear(picture, Said(time, who, verdict, about))

    @rule(are_lost=st.booleans())
    def export_and_import(self, are_lost: bool) -> None:
        with self.store.read() as connection:
            count = write_csv(file := self.folder / "decisions.csv", all_decisions(connection))
        with self.store.write() as connection:
            if are_lost:
                connection.exec_driver_sql("DELETE FROM decision")
            done = import_decisions(connection, read_csv(file, "nobody"))
        assert (done.added + done.known, done.taken_back, done.unknown_photos) == (count, 0, 0)

    @invariant()
    def every_photo_has_the_answer_of_the_reference_model(self) -> None:
        shown = {
            path: self.reference.shown(picture, {model: _suggested(picture, model) for model in MODELS})
            for path, picture in self.reference.files.items()
        }
        with self.store.read() as connection:
            tags = list(listings.all_hits(listings.tags, connection, TagFilter()))
            nones = list(listings.all_hits(listings.nones, connection, PhotoFilter()))
        expected = {(path, landmark) for path, landmarks in shown.items() for landmark in landmarks or ()}
        assert {(hit.path, hit.landmark) for hit in tags} == expected
        assert [hit.path for hit in nones] == sorted(path for path, landmarks in shown.items() if landmarks == set())

    @invariant()
    def no_decision_is_lost_or_overruled(self) -> None:
        with self.store.read() as connection:
            rows = [row for row in all_decisions(connection) if row.revoked_at is None]
        names = {picture_hash(_photo(picture, 0)): picture for picture in LANDMARKS}
        stored = {(names[row.picture], row.who, row.verdict, row.landmark, row.counts) for row in rows}
        assert stored == {
            (picture, *said[1:], said in self.reference.counting(picture))
            for picture in LANDMARKS
            for said in self.reference.active(picture)
        }

    def existing(self, number: int) -> Path:
        return sorted(self.disk)[number % len(self.disk)]

    def is_stored(self, picture: str) -> bool:
        return any(answered == picture for answered, _ in self.reference.answers)


@cache
def _photo(picture: str, edition: int) -> bytes:
    """One picture with other metadata in each edition."""
    exif = Image.Exif()
    exif[0x010E] = "a description" * (edition + 1)
    return encoded(Image.new("RGB", (40, 40), COLOURS[picture]), FORMATS[picture], exif=exif)


def _suggested(picture: str, model: str) -> str:
    return LANDMARKS[(LANDMARKS.index(picture) + MODELS[model]) % len(LANDMARKS)]


def _bundle(folder: Path, model: str) -> Bundle:
    classes, moved = card().classes, MODELS[model]
    moved_card = card(name=model, classes=classes[moved:] + classes[:moved])
    return write_bundle(folder, moved_card, {"model.onnx": model.encode()})


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        open_store(f"{folder}/tags.sqlite").close()
        return Path(folder, "tags.sqlite").read_bytes()


TestDecisions = pytest.mark.slow(Decisions.TestCase)
TestDecisions.settings = settings(max_examples=30 * settings().max_examples, stateful_step_count=12)
