"""Finds the landmark that somebody means by a typed name, and handles names typed after "Something else".

Only an exact name is accepted directly; similar names are offered as a choice. Only the next message is a name, and
only for a few minutes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html import escape
from itertools import combinations
from typing import NamedTuple

from db.telegram import questions
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.buttons import decide
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button
from tagger.core.text import edit_distance, plain
from tagger.core.types import Landmark

MAX_OFFERED = 5
LETTERS_PER_TYPO = 4  # of a typed name: one in four may be wrong
MIN_PART = 3  # letters that stand for a name; fewer are too common
MIN_MISTYPED = 5  # letters of a word that may have a typo; shorter ones are too similar to one another
MAX_ARTICLE = 3  # letters of a first word that may be left out
MAX_NAMES = 20_000  # whose words are kept in memory
ANSWER_WITHIN = timedelta(minutes=5)

Landmarks = Mapping[int, Landmark]


def exact(text: str, landmarks: Landmarks) -> int | None:
    """The landmark with this name, key or alias. A name outranks another landmark's alias."""
    typed = plain(text)
    if not typed:
        return None
    for names in (lambda row: (row.id, row.name), lambda row: row.aliases):
        for landmark_id, landmark in landmarks.items():
            if typed in map(plain, names(landmark)):
                return landmark_id
    return None


def nearest(text: str, landmarks: Landmarks) -> list[int]:
    """The landmarks with a similar name, alias or city, best first, at most `MAX_OFFERED`.

    A name is similar if the text is the beginning of it or of a later word of it, or differs from some of its words by
    few letters.
    """
    first, _, rest = text.strip().partition(" ")
    typed = [plain(text), *([plain(rest)] if len(first) <= MAX_ARTICLE else [])]
    distances = {number: _distance(typed, _names(landmarks[number])) for number in sorted(landmarks)}
    similar = [number for number, distance in distances.items() if distance < math.inf]
    return sorted(similar, key=distances.__getitem__)[:MAX_OFFERED]


def _names(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.name, *landmark.aliases, *(landmark.city or "").split(","))


def _distance(typed: Iterable[str], names: Iterable[str]) -> float:
    """How far a text is from the nearest of these names; infinite if it is too far from all."""
    parts = [part for name in names for part in _parts(name)]
    return min((_distance_to(text, part) for text in typed for part in parts), default=math.inf)


def _distance_to(typed: str, part: _Part) -> float:
    letters = min(len(typed), len(part.text))
    most = round(letters / LETTERS_PER_TYPO) if letters >= MIN_MISTYPED else 0
    if letters < MIN_PART:
        return math.inf
    if part.is_end and part.text.startswith(typed):
        return 1 - len(typed) / len(part.text)
    if abs(len(part.text) - len(typed)) > most:
        return math.inf
    typos = edit_distance(typed, part.text)
    return typos + 1 - part.share if typos <= most else math.inf


class _Part(NamedTuple):
    """Some words of a name, one after another.

    Attributes:
        text: as `plain` writes it.
        is_end: whether the last word is among them.
        share: of the name's words.
    """

    text: str
    is_end: bool
    share: float


@lru_cache(maxsize=MAX_NAMES)
def _parts(name: str) -> tuple[_Part, ...]:
    words = name.split()
    spans = combinations(range(len(words) + 1), 2)
    return tuple(
        _Part(plain(" ".join(words[start:end])), end == len(words), (end - start) / len(words)) for start, end in spans
    )


async def answer_question(context: UpdateContext) -> bool:
    """Take a text for the name that the bot asked for; return False if it has not asked."""
    answer_id = await _asking_answer(context)
    if answer_id is None:
        return False
    landmarks = {number: context.services.landmarks[number] for number in context.services.landmark_ids.values()}
    text = context.message.text or ""
    if (landmark_id := exact(text, landmarks)) is not None:
        await decide(context, answer_id, lambda _photo: ("shows", landmark_id))
        landmark = landmarks[landmark_id]
        noted = context._("✔ Noted: {names}. Thank you!").format(names=escape(landmark.name))
        await context.reply("\n".join(filter(None, (noted, place(landmark, context.language)))))
    elif offered := nearest(text, landmarks):
        buttons = tuple((Button(landmarks[number].name, f"is:{answer_id}:{number}"),) for number in offered)
        none = (Button(context._("None of these"), f"none:{answer_id}"),)
        await context.reply(context._("Did you mean one of these?"), (*buttons, none))
    else:
        question = context._(
            "I do not know a landmark by that name. Try another one, or /cancel. /labels lists all those that I know."
        )
        await context.ask(question, answer_id, reply_to=context.message_id)
    return True


async def cancel(context: UpdateContext) -> None:
    """End the sender's question; its answer does so."""
    if await _asking_answer(context, by_reply=False) is not None:
        await context.reply(context._("All right, no name."))
    elif context.is_private:
        await context.reply(context._("There is nothing to cancel."))


async def _asking_answer(context: UpdateContext, *, by_reply: bool = True) -> int | None:
    """The answer whose landmark was asked for.

    Args:
        context: of the text.
        by_reply: in a group, the text must reply to the question.
    """
    replied = context.message.reply_to_message
    is_reply = by_reply and not context.is_private
    if is_reply and replied is None:
        return None
    chat_id, user_id = context.chat_id, None if is_reply else context.user_id
    message_id = replied.message_id if is_reply and replied else None
    await context.services.chat_queue.wait_turn(context.update.update_id)  # the question may still be on its way
    since = min(datetime.now(UTC), context.message.date) - ANSWER_WITHIN
    return await context.services.db.read(
        lambda connection: questions.open_question(
            connection, chat_id=chat_id, since=since, user_id=user_id, message_id=message_id
        )
    )
