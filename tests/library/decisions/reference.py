"""What photos show, by the models and by people, in plain dictionaries."""

from __future__ import annotations

from collections import defaultdict
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


class Reference:
    """Photos are named by their pictures, files by their paths."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}  # the picture that the last run found at each path
        self.answers: dict[tuple[str, str], tuple[int, int]] = {}  # by picture and model: its run (0: undone), the last
        self.said: defaultdict[str, dict[Said, bool]] = defaultdict(dict)  # by picture; False: taken back or overruled

    def run(self, number: int, model: str, found: dict[str, str]) -> None:
        self.files = found
        for key in ((picture, model) for picture in found.values()):
            self.answers[key] = self.answers.get(key, (number, 0))[0], number

    def undo(self, run: int) -> None:
        self.answers = {key: (0 if by == run else by, last) for key, (by, last) in self.answers.items()}

    def prune(self) -> None:
        kept = {*self.files.values(), *(picture for picture, said in self.said.items() if said)}
        self.answers = {key: runs for key, runs in self.answers.items() if key[0] in kept}

    def hear(self, picture: str, new: Said) -> None:
        same = [old for old in self.active(picture) if old.who == new.who and new.contradicts(old)]
        if new not in self.said[picture]:
            self.said[picture][new] = counts = not any(old.time > new.time for old in same)
            self.said[picture] |= dict.fromkeys(same if counts else (), False)

    def show(self, picture: str, who: str, landmarks: set[str]) -> None:
        self.take_back(picture, who, "shows")
        others = {said.landmark for said in self.counting(picture) if said.verdict == "shows"}
        for landmark in others | landmarks:
            self.hear(picture, Said(datetime.now(UTC), who, "shows" if landmark in landmarks else "not", landmark))

    def take_back(self, picture: str, who: str, *verdicts: str) -> None:
        for said in self.active(picture):
            self.said[picture][said] = said.who != who or said.verdict not in (verdicts or ("shows", "not", "none"))

    def active(self, picture: str) -> list[Said]:
        return sorted((said for said, is_active in self.said[picture].items() if is_active), key=lambda said: said.time)

    def counting(self, picture: str) -> list[Said]:
        said = self.active(picture)
        return [old for n, old in enumerate(said, 1) if not any(new.contradicts(old) for new in said[n:])]

    def shown(self, picture: str, suggested: dict[str, str]) -> set[str] | None:
        """The landmarks on a photo, given what each model suggests; None: nobody knows."""
        said = self.counting(picture)
        if any(one.verdict != "not" for one in said):
            return {one.landmark for one in said if one.verdict == "shows" and one.landmark}
        answers = [(last, model) for (of, model), (by, last) in self.answers.items() if of == picture and by]
        return {suggested[max(answers)[1]]} - {one.landmark for one in said} if answers else None
