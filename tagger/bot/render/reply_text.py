"""An answer as a person reads it: landmarks with places and bars, what was decided, and the buttons below.

The one rule: it is made from the stored answer alone, so that it reads the same when it is sent, edited or sent again.
"""

from __future__ import annotations

from html import escape

from db.rows import LandmarkRow
from db.telegram.answers import Said, StoredReply
from tagger.bot.render.languages import Language
from tagger.bot.render.reply_content import ReplyContent, ShownLandmark
from tagger.bot.transport.message import Button, Keyboard

BAR = 10  # steps
ON, OFF = "▰", "▱"
CHOSEN = "☑ "


def compose(
    stored: StoredReply, language: Language, landmarks: dict[int, LandmarkRow], *, is_private: bool
) -> tuple[str, Keyboard]:
    """The text, as HTML, and the buttons.

    Args:
        is_private: only then is said what a photo's own coordinates mean: they are nobody else's business.
    """
    look = ReplyContent.from_json(stored.shown)
    lines = [*_body(look, language, landmarks)]
    if is_private:
        lines += _reasons(look, language, landmarks)
    if look.unread:
        told = language.ngettext("{n} photo could not be read.", "{n} photos could not be read.", look.unread)
        lines += ["", told.format(n=look.unread)]
    lines += _decided(stored, language, landmarks)
    return "\n".join(lines), _keyboard(stored, look, language, landmarks)


def place(landmark: LandmarkRow, language: Language) -> str:
    """City and country, escaped."""
    country = language.country(landmark.country)
    return escape(", ".join(part for part in (landmark.city, country) if part))


def chosen(stored: StoredReply) -> set[int | None]:
    """The landmarks that people say are on the photos; None among them where one shows none."""
    found: set[int | None] = set()
    for photo in stored.photos:
        found |= {landmark for verdict, landmark in photo.decisions if verdict == "shows"}
        found |= {None for verdict, _ in photo.decisions if verdict == "none"}
    return found


def is_confirmed(stored: StoredReply) -> bool:
    """Whether people say of each tagged photo just what the answer says."""
    tagged = [photo for photo in stored.photos if photo.landmark_id is not None]
    return bool(tagged) and all(_shows_as_told(photo) for photo in tagged)


def _shows_as_told(photo: Said) -> bool:
    return [landmark for verdict, landmark in photo.decisions if verdict == "shows"] == [photo.landmark_id]


def _body(look: ReplyContent, language: Language, landmarks: dict[int, LandmarkRow]) -> list[str]:
    tags = [shown for shown in look.places if shown.is_tag]
    others = [shown for shown in look.places if not shown.is_tag]
    if not tags:
        heading = [f"<b>{language._('No landmark that I know.')}</b>", language._("The nearest, all unsure:")]
        return [*heading, *(_line(shown, look, language, landmarks) for shown in others)]
    lines = ["\n\n".join(_large(shown, look, language, landmarks) for shown in tags)]
    if others:
        lines += ["", language._("Less likely:")]
    return lines + [_line(shown, look, language, landmarks) for shown in others]


def _large(shown: ShownLandmark, look: ReplyContent, language: Language, landmarks: dict[int, LandmarkRow]) -> str:
    landmark = landmarks[shown.landmark_id]
    heading = f"🏛 <b>{escape(landmark.name)}</b>\n{place(landmark, language)}"
    full = min(max(round(shown.score * BAR), 1), BAR)
    bar = f"{ON * full}{OFF * (BAR - full)} {language.percent(shown.score)}"
    if look.photos > 1:
        told = language.ngettext("on {n} of {all} photos", "on {n} of {all} photos", shown.photos)
        bar += f" · {told.format(n=shown.photos, all=look.photos)}"
    return f"{heading}\n{bar}"


def _line(shown: ShownLandmark, _look: ReplyContent, language: Language, landmarks: dict[int, LandmarkRow]) -> str:
    landmark = landmarks[shown.landmark_id]
    return f"• {escape(landmark.name)}, {place(landmark, language)}: {language.percent(shown.score)}"


def _reasons(look: ReplyContent, language: Language, landmarks: dict[int, LandmarkRow]) -> list[str]:
    near = language._("📍 The file's own coordinates are {km} km from {name}, which speaks for it.")
    far = language._("📍 But the file's own coordinates are {km} km from {name}, which speaks against it.")
    told = {
        (near if why.kind == "near" else far).format(
            km=language.number(why.km), name=escape(landmarks[why.landmark_id].name)
        )
        for why in look.reasons
    }
    return ["", *sorted(told)] if told else []


def _decided(stored: StoredReply, language: Language, landmarks: dict[int, LandmarkRow]) -> list[str]:
    said = chosen(stored)
    if not said:
        return []
    if is_confirmed(stored):
        return ["", language._("✔ Confirmed. Thank you!")]
    names = sorted(landmarks[number].name for number in said if number is not None)
    if not names:
        return ["", language._("✔ Noted: none of these. Thank you!")]
    return ["", language._("✔ Noted: {names}. Thank you!").format(names=escape(", ".join(names)))]


def _keyboard(
    stored: StoredReply, look: ReplyContent, language: Language, landmarks: dict[int, LandmarkRow]
) -> Keyboard:
    said, confirmed = chosen(stored), is_confirmed(stored)
    tags = [shown.landmark_id for shown in look.places if shown.is_tag]
    first: list[Button] = []
    if tags:
        first.append(Button(_mark(language._("✔ Right"), confirmed), f"right:{stored.id}"))
    if tags or any(number is not None for number in said):
        first.append(Button(language._("📍 Map"), f"map:{stored.id}"))
    single = tags[0] if len(tags) == 1 else None  # of several, each can be the only one
    names = [
        Button(_mark(landmarks[number].name, number in said and not confirmed), f"is:{stored.id}:{number}")
        for number in dict.fromkeys([shown.landmark_id for shown in look.places] + sorted(n for n in said if n))
        if number != single
    ]
    last = (
        Button(language._("Something else …"), f"else:{stored.id}"),
        Button(_mark(language._("None of these"), said == {None}), f"none:{stored.id}"),
    )
    rows = [tuple(first), *((name,) for name in names), last]
    return tuple(row for row in rows if row)


def _mark(label: str, is_chosen: bool) -> str:
    return CHOSEN + label.removeprefix("✔ ") if is_chosen else label
