"""What photos show, by the models and by people, in plain dictionaries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple


class Said(NamedTuple):
    time: datetime
    who: str
    verdict: str
    landmark: str | None

    def contradicts(self, old: Said) -> bool:
        is_on_all = "none" in (self.verdict, old.verdict) and "not" not in (self.verdict, old.verdict)
        return is_on_all or (self.landmark is not None and self.landmark == old.landmark)


@dataclass
class Reference:
    """Photos are named by their pictures, files by their paths."""

    files: dict[str, str] = field(default_factory=dict)  # the picture that the last run found at each path
    answers: dict[tuple[str, str], int] = field(default_factory=dict)  # the run, by picture and model; 0: undone
    current: dict[str, str] = field(default_factory=dict)  # the model whose answer counts, by picture
    heard: dict[str, set[Said]] = field(default_factory=lambda: defaultdict(set))  # also what was taken back
    active: dict[str, list[Said]] = field(default_factory=lambda: defaultdict(list))  # the earliest first

    def run(self, number: int, model: str, found: dict[str, str]) -> None:
        self.files = found
        for picture in found.values():
            if self.answers.setdefault((picture, model), number):
                self.current[picture] = model

    def undo(self, run: int) -> None:
        self.answers = {key: 0 if by == run else by for key, by in self.answers.items()}
        for picture, model in self.current.items():
            if not self.answers.get((picture, model)):
                left = {by: other for (of, other), by in self.answers.items() if of == picture and by}
                self.current[picture] = left[max(left)] if left else ""

    def prune(self) -> None:
        kept = {*self.files.values(), *self.heard}
        self.answers = {key: run for key, run in self.answers.items() if key[0] in kept}

    def hear(self, picture: str, new: Said) -> None:
        same = [old for old in self.active[picture] if old.who == new.who and new.contradicts(old)]
        if new not in self.heard[picture] and not any(old.time > new.time for old in same):
            self.active[picture] = sorted((*(set(self.active[picture]) - set(same)), new), key=lambda said: said.time)
        self.heard[picture].add(new)

    def show(self, picture: str, who: str, landmarks: set[str]) -> None:
        self.active[picture] = [said for said in self.active[picture] if (said.who, said.verdict) != (who, "shows")]
        others = {said.landmark for said in self.counting(picture) if said.verdict == "shows"}
        verdicts = dict.fromkeys(others - landmarks, "not") | dict.fromkeys(landmarks, "shows")
        for landmark, verdict in verdicts.items():
            self.hear(picture, Said(datetime.now(UTC), who, verdict, landmark))

    def take_back(self, picture: str, who: str) -> None:
        self.active[picture] = [said for said in self.active[picture] if said.who != who]

    def counting(self, picture: str) -> list[Said]:
        said = self.active[picture]
        return [old for n, old in enumerate(said, 1) if not any(new.contradicts(old) for new in said[n:])]

    def shown(self, picture: str, suggested: dict[str, str]) -> set[str] | None:
        """The landmarks on a photo, given what each model suggests; None: nobody knows."""
        said, model = self.counting(picture), self.current.get(picture)
        if any(one.verdict != "not" for one in said):
            return {one.landmark for one in said if one.verdict == "shows" and one.landmark}
        return {suggested[model]} - {one.landmark for one in said} if model else None
