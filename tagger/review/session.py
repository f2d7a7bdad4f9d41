"""One review: the photo to decide about, what each decision stores, and how it is taken back.

The one rule: a decision is stored before the next photo comes, so nothing that was decided is lost if the process dies.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from db.engine import Connection, Store
from db.read import catalog
from db.read.review import Candidate, is_decided, review_photo
from db.read.rows import ReviewPhoto
from db.rows import Verdict
from db.write.decisions import record_decision, revoke_decisions, show_only
from db.write.review import skip_photo, unskip_photo
from tagger.core.types import Landmark
from tagger.review.files import Problem, unchanged_file

SOURCE = "review"

Outcome = Literal["confirmed", "rejected", "corrected", "none", "skipped"]


@dataclass(frozen=True, slots=True)
class Step:
    """What was done about a photo.

    Args:
        candidate: the photo.
        photo: as it was shown.
        outcome: of the decision.
        landmark: the name of what it shows instead, if it was corrected.
    """

    candidate: Candidate
    photo: ReviewPhoto
    outcome: Outcome
    landmark: str | None = None


class ReviewSession:
    """A person's review.

    Args:
        store: of the photos; writable.
        order: the photos, see `tagger.review.queue`.
        who: the person.
        max_bytes: of a file.
    """

    def __init__(self, store: Store, order: Sequence[Candidate], *, who: str, max_bytes: int) -> None:
        self.total = len(order)
        self.history: list[Step] = []
        self.passed_over: Counter[Problem] = Counter()
        self._store, self._who, self._max_bytes = store, who, max_bytes
        self._places = {candidate.photo: place for place, candidate in enumerate(order, start=1)}
        self._pending = deque(order)
        self._ready: dict[int, ReviewPhoto] = {}
        with store.read() as connection:
            self._landmarks = catalog.landmarks(connection)

    @property
    def counts(self) -> Counter[Outcome]:
        """How many photos had each outcome; of a photo that was skipped, the last one counts."""
        last = {step.candidate.photo: step.outcome for step in self.history}
        return Counter(last.values())

    @property
    def landmarks(self) -> Collection[Landmark]:
        """All landmarks that a photo may show."""
        return self._landmarks.values()

    @property
    def left(self) -> int:
        """How many photos are not decided."""
        return len(self._pending)

    @property
    def place(self) -> int:
        """The current photo's place in the order."""
        return self._places[self._pending[0].photo]

    def current(self) -> ReviewPhoto | None:
        """The photo to decide about; None after the last. Photos that nobody can decide about now are passed over."""
        while self._pending:
            loaded = self._load(self._pending[0])
            if isinstance(loaded, ReviewPhoto):
                return loaded
            if loaded:
                self.passed_over[loaded] += 1
            self._pending.popleft()
        return None

    def prefetch(self, count: int) -> list[ReviewPhoto]:
        """Load the next photos after the current one, so that they are shown at once."""
        loaded = (self._load(candidate) for candidate in islice(self._pending, 1, count + 1))
        return [photo for photo in loaded if isinstance(photo, ReviewPhoto)]

    def confirm(self) -> bool:
        """The best suggestion is right.

        Returns:
            Like all decisions: whether it was stored; it is not if a person has decided elsewhere meanwhile.

        Raises:
            StoreError: nothing was stored, and the photo stays.
        """
        return self._decide("confirmed", lambda connection: self._record(connection, "shows"))

    def reject(self) -> bool:
        """The best suggestion is wrong."""
        return self._decide("rejected", lambda connection: self._record(connection, "not"))

    def none(self) -> bool:
        """It shows no landmark."""
        return self._decide("none", lambda connection: self._record(connection, "none"))

    def choose(self, key: str) -> bool:
        """It shows the landmark with this key, and no other."""
        photo = self._photo()
        if key == photo.best.landmark.id:
            return self.confirm()
        name = next(landmark.name for landmark in self._landmarks.values() if landmark.id == key)

        def store(connection: Connection) -> None:
            show_only(connection, photo.sha256, [key], who=self._who, source=SOURCE)

        return self._decide("corrected", store, name)

    def skip(self) -> None:
        """Let the photo come last."""
        photo, candidate = self._photo(), self._pending[0]
        with self._store.write() as connection:
            skip_photo(connection, candidate.photo, who=self._who)
        self._pending.rotate(-1)
        self._ready.pop(candidate.photo)
        self.history.append(Step(candidate, photo, "skipped"))

    def undo(self) -> Step | None:
        """Take back the last step, and show its photo again; None if there is none."""
        if not self.history:
            return None
        step = self.history[-1]
        number = step.candidate.photo
        with self._store.write() as connection:
            if step.outcome == "skipped":
                unskip_photo(connection, number, who=self._who)
            else:
                revoke_decisions(connection, step.photo.sha256, who=self._who)
        self.history.pop()
        if step.candidate in self._pending:  # it was skipped, and not passed over since
            self._pending.remove(step.candidate)
        self._pending.appendleft(step.candidate)
        return step

    def _record(self, connection: Connection, verdict: Verdict) -> None:
        photo = self._photo()
        landmark = None if verdict == "none" else photo.best.landmark.id
        record_decision(connection, photo.sha256, verdict=verdict, landmark=landmark, who=self._who, source=SOURCE)

    def _decide(self, outcome: Outcome, store: Callable[[Connection], None], landmark: str | None = None) -> bool:
        photo, candidate = self._photo(), self._pending[0]
        with self._store.write() as connection:
            is_open = not is_decided(connection, candidate.photo)
            if is_open:
                store(connection)
                unskip_photo(connection, candidate.photo, who=self._who)
        self._pending.popleft()
        self._ready.pop(candidate.photo, None)
        if is_open:
            self.history.append(Step(candidate, photo, outcome, landmark))
        return is_open

    def _photo(self) -> ReviewPhoto:
        return self._ready[self._pending[0].photo]

    def _load(self, candidate: Candidate) -> ReviewPhoto | Problem | None:
        """A photo, or why nobody can decide about it now; None if a person has decided, or its answer was undone."""
        number = candidate.photo
        with self._store.read() as connection:
            if is_decided(connection, number):
                return None
            file = unchanged_file(connection, number, max_bytes=self._max_bytes)
            if file.path is None:
                return file.problem
            photo = self._ready.get(number)
            if photo is None or photo.path != file.path:
                photo = review_photo(connection, number, file.path, self._landmarks)
        if photo:
            self._ready[number] = photo
        return photo
