"""A library in plain dictionaries: what the store must say after each step, however it got there.

A content is a picture here: files that differ only in their metadata have one content.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Stamps = tuple[int, int, int]  # size, mtime, ctime
Suggested = tuple[str, bool]  # a landmark's id, and whether it is a tag
Oracle = Callable[[str, str, float], Sequence[Suggested] | None]  # of content, model and min_score; None: unreadable


@dataclass
class StoredFile:
    content: str | None
    stamps: Stamps
    is_missing: bool = False
    has_failed: bool = False


@dataclass
class Answer:
    run: int  # the last that asked for more
    k: int
    number: int  # of the answers in their order
    ranks: dict[int, tuple[str, int]]  # landmark, and the run that suggested it
    is_undone: bool = False


class Decision(NamedTuple):
    who: str
    verdict: str
    landmark: str | None

    def contradicts(self, other: Decision) -> bool:
        if "not" not in (self.verdict, other.verdict) and "none" in (self.verdict, other.verdict):
            return True
        return self.landmark is not None and self.landmark == other.landmark


@dataclass
class RunOf:
    model: str
    k: int


@dataclass
class Request:
    """What a run is asked to do.

    Args:
        found: the files of the scan, in its order: path, content and stamps.
        roots: the folders that were scanned.
        stops_after: the run is interrupted after so many results.
    """

    model: str
    k: int
    found: dict[str, tuple[str, Stamps]]
    roots: Sequence[str]
    min_score: float = 0.0
    again: bool = False
    reread: bool = False
    skip_new: bool = False
    stops_after: int | None = None


@dataclass
class Library:
    """The state, and each step as a method."""

    oracle: Oracle
    files: dict[str, StoredFile] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)
    current: dict[str, str] = field(default_factory=dict)  # whose answer counts, by content
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)  # by content and model
    decisions: dict[str, list[Decision]] = field(default_factory=dict)  # the active ones in their order, by content
    runs: list[RunOf] = field(default_factory=list)
    min_scores: dict[str, float] = field(default_factory=dict)
    _answered: int = 0

    def run(self, request: Request) -> Counter[str]:
        """Returns the counts by name."""
        model = request.model
        self.runs.append(RunOf(model, request.k))
        self.min_scores[model] = request.min_score
        counts: Counter[str] = Counter()
        todo = [path for path, seen in request.found.items() if self._is_due(path, *seen, request, counts)]
        for path in todo[: request.stops_after]:
            self._read(path, *request.found[path], request, counts)
        if request.stops_after is None or request.stops_after > len(todo):
            self._miss(request, counts)
        else:
            for name in ("unchanged", "set_aside"):  # they are counted at the end
                del counts[name]
        return counts

    def decide(self, content: str, new: Decision) -> None:
        active = self.decisions.get(content, [])
        self.decisions[content] = [*(old for old in active if old.who != new.who or not new.contradicts(old)), new]

    def show_only(self, content: str, who: str, landmarks: set[str]) -> None:
        active = self.decisions.get(content, [])
        self.decisions[content] = [old for old in active if (old.who, old.verdict) != (who, "shows")]
        others = {old.landmark for old in self._trusted(content) if old.verdict == "shows" and old.landmark}
        for landmark in sorted(others - landmarks):
            self.decide(content, Decision(who, "not", landmark))
        for landmark in sorted(landmarks):
            self.decide(content, Decision(who, "shows", landmark))

    def revoke(self, content: str, who: str) -> None:
        if content in self.decisions:  # such a photo is kept, even if all decisions on it were revoked
            self.decisions[content] = [old for old in self.decisions[content] if old.who != who]

    def undo(self, run: int) -> None:
        model = self.runs[run - 1].model
        for (content, by), answer in self.answers.items():
            if by != model or answer.is_undone:
                continue
            was_extended = answer.run == run
            if answer.ranks[1][1] == run:
                answer.is_undone, answer.ranks = True, {}
            else:
                lost = [rank for rank, (_, suggested_by) in answer.ranks.items() if suggested_by == run]
                answer.ranks = {rank: told for rank, told in answer.ranks.items() if rank not in lost}
                answer.k = min([answer.k, *(rank - 1 for rank in lost)])
                if was_extended:
                    answer.run = max(suggested_by for _, suggested_by in answer.ranks.values())
                    answer.k = min(answer.k, self.runs[answer.run - 1].k)
            if self.current.get(content) == by and (answer.is_undone or was_extended):
                self._let_newest_count(content)

    def prune(self) -> None:
        self.files = {path: file for path, file in self.files.items() if not file.is_missing}
        self._remove_orphans(self.photos)

    def forget(self, folder: str) -> None:
        forgotten = {path: file for path, file in self.files.items() if is_in(path, folder)}
        self.files = {path: file for path, file in self.files.items() if path not in forgotten}
        self._remove_orphans({file.content for file in forgotten.values() if file.content})

    def move(self, old: str, new: str) -> None:
        moving = {new + path[len(old) :]: file for path, file in self.files.items() if is_in(path, old)}
        kept = {path: file for path, file in self.files.items() if not is_in(path, old)}
        present = {path: file for path, file in kept.items() if not file.is_missing}
        self.files = kept | moving | {path: file for path, file in present.items() if path in moving}

    def tags(self, model: str | None = None, *, gone: bool = False) -> list[tuple[str, str, str]]:
        """Path, landmark, and who says so."""
        return sorted(
            (path, landmark, source)
            for path, content in self._listed(gone=gone)
            for landmark, source in self._tags_of(content, model)
        )

    def nones(self) -> list[str]:
        return sorted(path for path, content in self._listed() if self._is_none(content))

    def failures(self) -> list[str]:
        return sorted(path for path, file in self.files.items() if file.has_failed and not file.is_missing)

    def _is_due(self, path: str, content: str, stamps: Stamps, request: Request, counts: Counter[str]) -> bool:
        """Whether the run reads a file."""
        stored = self.files.get(path)
        if stored is None:
            return not request.skip_new
        is_same = stored.stamps == stamps
        if stored.has_failed:
            counts["set_aside"] += is_same
            return not is_same and not request.skip_new
        if not is_same or request.reread or not self._is_answered(stored.content, request):
            return True
        counts["unchanged"] += 1
        self._let_count(content, request.model)
        return False

    def _is_answered(self, content: str | None, request: Request) -> bool:
        answer = self.answers.get((content or "", request.model))
        if answer is None:
            return False
        return not request.again if answer.is_undone else answer.k >= request.k

    def _read(self, path: str, content: str, stamps: Stamps, request: Request, counts: Counter[str]) -> None:
        told = self.oracle(content, request.model, request.min_score)
        if told is None:
            self.files[path] = StoredFile(None, stamps, has_failed=True)
            counts["failed"] += 1
            return
        if self._is_answered(content, request):
            counts["inherited"] += 1
        else:
            self._ask(content, [landmark for landmark, _ in told[: request.k]], request)
        self.photos.add(content)
        self.files[path] = StoredFile(content, stamps)
        self._let_count(content, request.model)
        if not self.answers[content, request.model].is_undone:
            counts["tagged" if self._machine_tags(content, request.model) else "none"] += 1

    def _ask(self, content: str, landmarks: Sequence[str], request: Request) -> None:
        run, key = len(self.runs), (content, request.model)
        stored = self.answers.get(key)
        if stored is None or stored.is_undone:
            self._answered += 1
            ranks = {rank: (landmark, run) for rank, landmark in enumerate(landmarks, start=1)}
            self.answers[key] = Answer(run, request.k, self._answered, ranks)
            return
        free = [rank for rank in range(1, request.k + 1) if rank not in stored.ranks]
        known = {landmark for landmark, _ in stored.ranks.values()}
        new = [landmark for landmark in landmarks if landmark not in known]
        stored.ranks |= {rank: (landmark, run) for rank, landmark in zip(free, new, strict=False)}
        stored.run, stored.k = run, request.k

    def _miss(self, request: Request, counts: Counter[str]) -> None:
        for path, file in self.files.items():
            if path in request.found:
                file.is_missing = False
            elif not file.is_missing and any(is_in(path, root) for root in request.roots):
                file.is_missing = True
                counts["missing"] += 1

    def _let_count(self, content: str, model: str) -> None:
        answer = self.answers.get((content, model))
        if answer is not None and not answer.is_undone:
            self.current[content] = model

    def _let_newest_count(self, content: str) -> None:
        left = {by: answer for (of, by), answer in self.answers.items() if of == content and not answer.is_undone}
        self.current.pop(content)
        if left:
            self.current[content] = max(left, key=lambda by: left[by].number)

    def _remove_orphans(self, photos: set[str]) -> None:
        used = {file.content for file in self.files.values()} | self.decisions.keys()
        orphans = {content for content in photos if content not in used}
        self.photos -= orphans
        self.current = {content: model for content, model in self.current.items() if content not in orphans}
        self.answers = {key: answer for key, answer in self.answers.items() if key[0] not in orphans}

    def _listed(self, *, gone: bool = False) -> Iterator[tuple[str, str]]:
        for path, file in self.files.items():
            if file.content is not None and (gone or not file.is_missing):
                yield path, file.content

    def _machine_tags(self, content: str, model: str) -> list[str]:
        answer = self.answers.get((content, model))
        told = dict(self.oracle(content, model, self.min_scores[model]) or ()) if answer else {}
        return [landmark for landmark, _ in (answer.ranks.values() if answer else ()) if told[landmark]]

    def _tags_of(self, content: str, model: str | None) -> Iterator[tuple[str, str]]:
        decided = self._trusted(content)
        yield from ((d.landmark, "person") for d in decided if d.verdict == "shows" and d.landmark)
        by = model or self.current.get(content)
        if by is not None and all(decision.verdict == "not" for decision in decided):
            refused = {decision.landmark for decision in decided}
            tags = self._machine_tags(content, by)
            yield from ((landmark, "machine") for landmark in tags if landmark not in refused)

    def _trusted(self, content: str) -> list[Decision]:
        """Of all people's decisions, those that no later one contradicts."""
        decided = self.decisions.get(content, [])
        return [old for n, old in enumerate(decided, 1) if not any(new.contradicts(old) for new in decided[n:])]

    def _is_none(self, content: str) -> bool:
        verdicts = {decision.verdict for decision in self._trusted(content)}
        is_answered = content in self.current
        return "none" in verdicts or (is_answered and not list(self._tags_of(content, None)))


def is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(os.path.join(folder, ""))
