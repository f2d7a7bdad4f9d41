"""What an answer shows, and how a person reads it: landmarks with places and bars, decisions, and buttons.

It is rendered from the stored answer alone, so it reads the same whenever it is sent or edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from db.telegram.answers import AnsweredPhoto, StoredReply
from tagger.bot.render.languages import HERE_KM, Language
from tagger.bot.render.links import hashtags, links
from tagger.bot.transport.message import Button, Keyboard
from tagger.core.types import Landmark

BAR_LENGTH = 10
FULL, EMPTY = "▰", "▱"
CHOSEN = "☑ "
MIN_SHOWN = 0.01  # score of a guess

Landmarks = dict[int, Landmark]


class ShownLandmark(NamedTuple):
    """A landmark in an answer.

    Attributes:
        photo_count: how many photos of an album show it.
        is_tag: its score reaches its threshold; else it is a guess.
    """

    landmark_id: int
    score: float
    photo_count: int
    is_tag: bool


class ShownEvidence(NamedTuple):
    """A file's coordinates as evidence.

    Attributes:
        kind: near or far, see `GpsEvidence`.
    """

    kind: str
    landmark_id: int
    km: float


@dataclass(frozen=True, slots=True)
class ReplyContent:
    """The content of an answer. It is stored, so that an edited answer keeps what it showed, and has no coordinates.

    Args:
        photo_count: how many photos could be read.
        unread_count: how many could not.
        other_count: how many videos an album has besides.
    """

    landmarks: tuple[ShownLandmark, ...]
    evidence: tuple[ShownEvidence, ...]
    photo_count: int
    unread_count: int
    other_count: int = 0

    @property
    def visible(self) -> tuple[ShownLandmark, ...]:
        """The landmarks that are worth showing."""
        return tuple(shown for shown in self.landmarks if shown.is_tag or shown.score >= MIN_SHOWN)

    def as_json(self) -> dict[str, Any]:
        """What is stored; earlier versions used the same names."""
        stored = {
            "places": self.landmarks,
            "reasons": self.evidence,
            "photos": self.photo_count,
            "unread": self.unread_count,
        }
        return stored | ({"others": self.other_count} if self.other_count else {})

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> ReplyContent:
        landmarks = tuple(ShownLandmark(*shown) for shown in value["places"])
        evidence = tuple(ShownEvidence(*shown) for shown in value["reasons"])
        return cls(landmarks, evidence, value["photos"], value["unread"], value.get("others", 0))


def render_answer(
    stored: StoredReply,
    language: Language,
    landmarks: Landmarks,
    *,
    is_private: bool,
    speaker: str = "",
    new_countries: Sequence[str] = (),
) -> tuple[str, Keyboard]:
    """The answer's HTML and its buttons.

    Args:
        stored: the answer.
        language: of the person who sees it first.
        landmarks: all that the store knows, in this language.
        is_private: a file's evidence is shown only then, since where a photo was taken concerns nobody else.
        speaker: the name of the person whose decision is shown, in a group.
        new_countries: of which the person had no photo before.
    """
    content = ReplyContent.from_json(stored.shown)
    lines = _landmark_lines(content, language, landmarks)
    if copied := hashtags(landmarks[number] for number in shown_landmarks(stored)):
        lines += ["", f"<code>{escape(copied)}</code>"]
    if is_private:
        lines += _evidence_lines(content, language, landmarks)
    if new_countries:
        new = language.ngettext(
            "🎉 A new country in your photos: {countries}",
            "🎉 New countries in your photos: {countries}",
            len(new_countries),
        )
        lines += ["", new.format(countries=escape(", ".join(new_countries)))]
    lines += _unread_lines(content, language)
    if decided_landmarks(stored):
        is_confirmed = _is_confirmed(stored)
        text = language._("✔ Confirmed. Thank you!") if is_confirmed else noted(stored, language, landmarks)
        lines += ["", *([f"👤 {escape(speaker)}"] if speaker else []), text]
    return "\n".join(lines), _keyboard(stored, content, language, landmarks)


def place(landmark: Landmark) -> str:
    """City and country; empty if neither is known."""
    return ", ".join(filter(None, (landmark.city, landmark.country)))


def located(stored: StoredReply, landmarks: Landmarks) -> Landmark | None:
    """The landmark whose place "Map" shows: one that people chose, else the likeliest tag; None without coordinates."""
    chosen = sorted(number for number in decided_landmarks(stored) if number is not None)
    tags = [shown.landmark_id for shown in ReplyContent.from_json(stored.shown).landmarks if shown.is_tag]
    return next((landmarks[number] for number in chosen or tags[:1] if landmarks[number].position), None)


def shown_landmarks(stored: StoredReply) -> list[int]:
    """The landmarks on the photos: those that people chose, else the tags."""
    if decided := decided_landmarks(stored):
        return sorted(number for number in decided if number is not None)
    return [shown.landmark_id for shown in ReplyContent.from_json(stored.shown).landmarks if shown.is_tag]


def decided_landmarks(stored: StoredReply) -> set[int | None]:
    """The landmarks that the decisions say are on the photos; None is among them if a photo shows none."""
    decisions = [said for photo in stored.photos for said in photo.decisions if said.verdict != "not"]
    return {said.landmark_id for said in decisions}


def noted(stored: StoredReply, language: Language, landmarks: Landmarks) -> str:
    """The sentence that repeats what people decided."""
    names = sorted(landmarks[number].name for number in decided_landmarks(stored) if number is not None)
    if not names:
        return language._("✔ Noted: none of these. Thank you!")
    return language._("✔ Noted: {names}. Thank you!").format(names=escape(", ".join(names)))


def _is_confirmed(stored: StoredReply) -> bool:
    """Whether people agree with the answer about every tagged photo."""
    tagged = [photo for photo in stored.photos if photo.landmark_id is not None]
    return bool(tagged) and all(_agrees(photo) for photo in tagged)


def _agrees(photo: AnsweredPhoto) -> bool:
    return [said.landmark_id for said in photo.decisions if said.verdict == "shows"] == [photo.landmark_id]


def _landmark_lines(content: ReplyContent, language: Language, landmarks: Landmarks) -> list[str]:
    tags = [shown for shown in content.visible if shown.is_tag]
    guesses = [_guess(shown, language, landmarks) for shown in content.visible if not shown.is_tag]
    if not content.landmarks:  # every answer has guesses, unless it was withdrawn
        return [language._("My earlier answer to this photo was withdrawn. If you like, tell me what it shows.")]
    if not tags:
        heading = [f"<b>{language._('No landmark that I know.')}</b>"]
        return [*heading, language._("The closest guesses, all unsure:"), *guesses] if guesses else heading
    lines = ["\n\n".join(_tag(shown, content.photo_count, language, landmarks) for shown in tags)]
    return [*lines, "", language._("Less likely:"), *guesses] if guesses else lines


def _tag(shown: ShownLandmark, photo_count: int, language: Language, landmarks: Landmarks) -> str:
    landmark = landmarks[shown.landmark_id]
    full = min(max(round(shown.score * BAR_LENGTH), 1), BAR_LENGTH)
    bar = f"{FULL * full}{EMPTY * (BAR_LENGTH - full)} {language.percent(shown.score)}"
    if photo_count > 1:
        ratio = language.ngettext("on {n} of {all} photos", "on {n} of {all} photos", shown.photo_count)
        bar += f" · {ratio.format(n=shown.photo_count, all=photo_count)}"
    lines = f"🏛 <b>{escape(landmark.name)}</b>", escape(place(landmark)), bar, links(landmark, language)
    return "\n".join(filter(None, lines))


def _guess(shown: ShownLandmark, language: Language, landmarks: Landmarks) -> str:
    landmark = landmarks[shown.landmark_id]
    names = ", ".join(filter(None, (escape(landmark.name), escape(place(landmark)))))
    return f"• {names}: {language.percent(shown.score)}"


def _evidence_lines(content: ReplyContent, language: Language, landmarks: Landmarks) -> list[str]:
    here = language._("📍 By its coordinates, the photo was taken right here, at {name}.")
    near = language._("📍 By its coordinates, the photo was taken {km} km from {name}. That makes it likelier.")
    far = language._("📍 But by its coordinates, the photo was taken {km} km from {name}. That makes it less likely.")
    lines = {
        (far if found.kind == "far" else here if found.km < HERE_KM else near).format(
            km=language.number(found.km), name=escape(landmarks[found.landmark_id].name)
        )
        for found in content.evidence
    }
    return ["", *sorted(lines)] if lines else []


def _unread_lines(content: ReplyContent, language: Language) -> list[str]:
    lines = []
    if content.unread_count:
        unread = language.ngettext(
            "{n} photo could not be read.", "{n} photos could not be read.", content.unread_count
        )
        lines += ["", unread.format(n=content.unread_count)]
    if content.other_count:
        others = language.ngettext(
            "{n} video was left out: I cannot watch videos yet.",
            "{n} videos were left out: I cannot watch videos yet.",
            content.other_count,
        )
        lines += ["", others.format(n=content.other_count)]
    return lines


def _keyboard(stored: StoredReply, content: ReplyContent, language: Language, landmarks: Landmarks) -> Keyboard:
    decided, is_confirmed = decided_landmarks(stored), _is_confirmed(stored)
    chosen = sorted(number for number in decided if number is not None)
    tags = [shown.landmark_id for shown in content.landmarks if shown.is_tag]

    def choice(label: str, data: str, *, is_chosen: bool) -> Button:
        return _choice(stored, label, data, is_chosen=is_chosen)

    first: list[Button] = []
    if tags:
        first.append(choice(language._("✔ Right"), f"right:{stored.id}", is_chosen=is_confirmed))
    if located(stored, landmarks):
        first.append(Button(language._("📍 Map"), f"map:{stored.id}"))
    only_tag = tags[0] if len(tags) == 1 else None  # "Right" confirms it; of several, each gets a button
    names = [
        choice(landmarks[number].name, f"is:{stored.id}:{number}", is_chosen=number in decided and not is_confirmed)
        for number in dict.fromkeys([*(shown.landmark_id for shown in content.visible), *chosen])
        if number != only_tag
    ]
    last = (
        Button(language._("Something else …"), f"else:{stored.id}"),
        choice(language._("None of these"), f"none:{stored.id}", is_chosen=decided == {None}),
    )
    rows = [tuple(first), *((name,) for name in names), last]
    return tuple(row for row in rows if row)


def _choice(stored: StoredReply, label: str, data: str, *, is_chosen: bool) -> Button:
    """A button that decides; once it has, it names the decision, which a second tap by the same person takes back."""
    if not is_chosen or (said := stored.last_decision) is None:
        return Button(label, data)
    return Button(CHOSEN + label.removeprefix("✔ "), f"{data}:{said.id}")
