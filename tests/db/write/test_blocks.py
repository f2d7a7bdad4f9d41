"""Blocks of photos, after random writes: listings and counts are those of a reader that looks at every photo."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, delete, func, select, true, update

from db.engine import Store
from db.errors import UnknownFolder
from db.read import catalog
from db.read.filters import TagFilter
from db.read.listings import all_hits, tags
from db.read.planning import planner
from db.read.query_language.grammar import parse
from db.read.search import search
from db.rows import ModelRow, RunCounts, Verdict
from db.schema.blocks import SIZE, PhotoBlock
from db.schema.models import Decision, File, Photo, Suggestion
from db.write.decisions import revoke_decisions
from db.write.files import mark_missing, mark_present
from db.write.forget import forget_files
from db.write.move import move_files
from db.write.pictures import merge
from db.write.prune import prune
from db.write.results import make_current
from db.write.runs import finish_run
from db.write.thresholds import apply_thresholds
from db.write.undo import undo_run
from tests.db.samples import LANDMARKS, MODEL, NEWER, TAKEN, assessed, decide, digest, tag_run

QUERIES = (
    "",
    "landmark:machu*",
    "country:France taken:2024",
    "taken:>=2025",
    "taken:<2025-06 score:>0.7",
    "run:1..3",
    "run:1",
    "tagged:today",
    "has:gps",
    "near:10,10,2000km",
    "state:confirmed OR state:corrected",
    "state:rejected",
    "who:ann OR landmark:sacre*",
    "status:none taken:<2025",
    "status:none OR status:withdrawn",
    "NOT landmark:eiffel* folder:/p/1",
)


@pytest.mark.parametrize("seed", range(4))
def test_random_writes_leave_blocks_right(store: Store, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "FEW", 0)  # no listing is small enough for an index, so that all look at the blocks
    writes, dice = RandomWrites(store, random.Random(seed)), random.Random(-1 - seed)
    for step in range(60):
        if dice.random() < 0.7:
            store.optimize()  # no block is stale
        dice.choice(writes.kinds)()
        with store.read() as connection:
            check_bounds(connection)
            check_counts(connection)
            if step % 8 == 7:
                check_listings(connection)


def test_a_forgotten_photo_with_a_decision_is_not_counted(store: Store) -> None:
    tag_run(store, [assessed("/p/a.jpg")])
    decide(store, digest("a.jpg"), "shows", "eiffel_tower")
    store.optimize()
    forget_files(store, "/p")
    with store.read() as connection:
        check_counts(connection)


class RandomWrites:
    """What changes what a block contains, each with random photos."""

    def __init__(self, store: Store, dice: random.Random) -> None:
        self.store, self.dice = store, dice
        self.contents: list[str] = []
        self.kinds: list[Callable[[], None]] = [
            *[self.tag] * 3,
            *[self.decide] * 3,
            self.retag,
            self.revoke,
            self.distrust,
            self.lose,
            self.find_again,
            self.move,
            self.prune,
            self.undo,
            self.locate,
            self.merge,
            self.change_thresholds,
            self.change_score,
            self.delete_decision,
            self.delete_suggestion,
            self.let_another_model_count,
            self.forget,
        ]
        self.tag()

    def tag(self) -> None:
        """Tag new photos, and copies of known ones; the next photos are those of another block."""
        dice, first = self.dice, len(self.contents)
        self.contents += [f"{number}.jpg" for number in range(first, first + 8)]
        self._tag([*self.contents[first:], dice.choice(self.contents)], dice.choice((MODEL, NEWER)))
        with self.store.write() as connection:
            last = connection.execute(select(func.max(Photo.id))).scalar_one()
            if dice.random() < 0.5:
                photo = {"id": last + SIZE // 2, "sha256": digest(f"unused {last}"), "size_bytes": 1, "width": 1}
                more = {"height": 1, "format": "JPEG", "added_at": datetime.now(UTC), "taken_at": TAKEN}
                connection.execute(Photo.__table__.insert().values(**photo, **more, taken_from="mtime"))  # type: ignore[attr-defined]

    def retag(self) -> None:
        self._tag(self._some(), NEWER)

    def decide(self) -> None:
        for content in self._some():
            verdict: Verdict = self.dice.choice(("shows", "not", "none"))
            landmark = None if verdict == "none" else self.dice.choice(LANDMARKS).id
            decide(self.store, digest(content), verdict, landmark, who=self.dice.choice(("ann", "bob")))

    def revoke(self) -> None:
        with self.store.write() as connection:
            for content in self._some():
                revoke_decisions(connection, digest(content), who="ann")

    def distrust(self) -> None:
        with self.store.write() as connection:
            connection.execute(
                update(Decision).where(Decision.who == "bob").values(is_trusted=self.dice.random() < 0.5)
            )

    def delete_decision(self) -> None:
        with self.store.write() as connection:
            connection.execute(delete(Decision).where(Decision.id == select(func.max(Decision.id)).scalar_subquery()))

    def delete_suggestion(self) -> None:
        with self.store.write() as connection:
            photo = self.dice.choice(connection.execute(select(Suggestion.photo_id)).scalars().all() or [0])
            connection.execute(delete(Suggestion).where(Suggestion.photo_id == photo, Suggestion.is_tag))

    def let_another_model_count(self) -> None:
        with self.store.write() as connection:
            make_current(connection, self._paths(connection), model=self.dice.choice((1, 2)))

    def forget(self) -> None:
        with suppress(UnknownFolder):
            forget_files(self.store, f"/p/{self.dice.randrange(6)}")
        self._drop_contents()

    def lose(self) -> None:
        with self.store.write() as connection:
            mark_missing(connection, self._paths(connection))

    def find_again(self) -> None:
        with self.store.write() as connection:
            mark_present(connection, self._paths(connection))

    def move(self) -> None:
        old, new = self.dice.sample(range(6), 2)
        with suppress(UnknownFolder), self.store.write() as connection:
            move_files(connection, f"/p/{old}", f"/p/{new}/{self.dice.random()}")

    def prune(self) -> None:
        prune(self.store, gone_before=datetime.now(UTC) + timedelta(days=1))
        self._drop_contents()

    def _drop_contents(self) -> None:
        with self.store.read() as connection:
            left = set(connection.execute(select(Photo.sha256)).scalars())
        self.contents = [content for content in self.contents if digest(content) in left] or ["0.jpg"]

    def undo(self) -> None:
        with self.store.write() as connection:
            undo_run(connection, self.dice.choice(catalog.runs(connection)).id)

    def locate(self) -> None:
        """Change positions and times, as rereading does."""
        with self.store.write() as connection:
            for content in self._some():
                taken_at = TAKEN + timedelta(days=self.dice.randrange(900))
                changed = {"lat": self.dice.choice((None, 11.0)), "lon": 11.0, "taken_at": taken_at}
                connection.execute(update(Photo).where(Photo.sha256 == digest(content)).values(**changed))

    def merge(self) -> None:
        with self.store.write() as connection:
            photos = connection.execute(select(Photo.id).where(Photo.current_model_id.is_not(None))).scalars().all()
            if len(photos) > 1:
                one, other = self.dice.sample(photos, 2)
                merge(connection, one, into=other)

    def change_thresholds(self) -> None:
        thresholds = {landmark.id: self.dice.choice((0.4, 0.8)) for landmark in LANDMARKS}
        with self.store.write() as connection:
            apply_thresholds(connection, thresholds, model=1, min_score=self.dice.random())

    def change_score(self) -> None:
        with self.store.write() as connection:
            photo = self.dice.choice(connection.execute(select(Suggestion.photo_id)).scalars().all() or [0])
            another = {"landmark_id": Suggestion.landmark_id % len(LANDMARKS) + 1, "is_tag": self.dice.random() < 0.5}
            connection.execute(update(Suggestion).where(Suggestion.photo_id == photo).values(another))

    def _tag(self, contents: list[str], model: ModelRow) -> None:
        batch = [
            assessed(
                f"/p/{self.dice.randrange(6)}/{self.dice.random()}/{content}",
                self.dice.choice((None, *(landmark.id for landmark in LANDMARKS))),
                score=self.dice.uniform(0.5, 1),
                taken_at=TAKEN + timedelta(days=self.dice.randrange(900)),
            )
            for content in dict.fromkeys(contents)
        ]
        run = tag_run(self.store, batch, model=model)
        with self.store.write() as connection:
            finish_run(connection, run, status="done", counts=RunCounts())

    def _some(self) -> list[str]:
        return self.dice.sample(self.contents, min(4, len(self.contents)))

    def _paths(self, connection: Connection) -> list[str]:
        paths = connection.execute(select(File.path)).scalars().all()
        return self.dice.sample(paths, min(5, len(paths)))


def check_bounds(connection: Connection) -> None:
    """Every file is within the bounds of its block."""
    bounds = {row.id: row for row in connection.execute(select(PhotoBlock.__table__))}
    for photo, path, taken_at, lat in connection.execute(
        select(Photo.id, File.path, Photo.taken_at, Photo.lat).join(File)
    ):
        block = bounds[photo // SIZE]
        assert block.first_path <= path <= block.last_path
        assert block.first_taken_at <= taken_at <= block.last_taken_at
        assert block.has_gps or lat is None


def check_counts(connection: Connection) -> None:
    shown = {(hit.sha256, hit.landmark) for hit in all_hits(tags, connection, TagFilter())}
    expected = Counter(landmark for _, landmark in shown)
    assert {row.landmark.id: row.photos for row in catalog.labels(connection)} == {
        landmark.id: expected[landmark.id] for landmark in LANDMARKS
    }


def check_listings(connection: Connection) -> None:
    for query in QUERIES:
        filters = TagFilter(query=parse(query))
        hits = list(all_hits(search, connection, filters, page_size=5))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(planner, "_may_contain", lambda *_: true())
            assert hits == list(all_hits(search, connection, filters)), query
