"""Finds the landmark that somebody means by a typed name, and handles names typed after "Something else".

Only an exact name is accepted directly; similar names are offered as a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from db.telegram import answers
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.buttons import decide
from tagger.bot.render.error_texts import TEXT
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button, OutgoingMessage
from tagger.core.text import nearest as nearest_names
from tagger.core.text import plain
from tagger.core.types import Landmark

MAX_OFFERED = 5

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
    """The landmarks with a similar name, alias or city, best first, at most `MAX_OFFERED`."""
    return nearest_names(text, {number: _names(landmarks[number]) for number in sorted(landmarks)}, limit=MAX_OFFERED)


def _names(landmark: Landmark) -> tuple[str, ...]:
    return (landmark.name, *landmark.aliases, *(landmark.city or "").split(","))


async def text_message(context: UpdateContext) -> None:
    """A text is a name only if the bot asked for one; otherwise the answer says what the bot does."""
    answer_id = await _asking_answer(context)
    if answer_id is None:
        if context.is_private:
            await context.reply(context._(TEXT))
        return
    landmarks = {number: context.services.landmarks[number] for number in context.services.landmark_ids.values()}
    text = context.message.text or ""
    if (landmark_id := exact(text, landmarks)) is not None:
        await decide(context, answer_id, lambda _photo: ("shows", landmark_id))
        landmark = landmarks[landmark_id]
        noted = context._("✔ Noted: {names}. Thank you!").format(names=escape(landmark.name))
        await context.reply("\n".join(filter(None, (noted, place(landmark, context.language)))))
        return
    if offered := nearest(text, landmarks):
        buttons = tuple((Button(landmarks[number].name, f"is:{answer_id}:{number}"),) for number in offered)
        none = (Button(context._("None of these"), f"none:{answer_id}"),)
        await context.reply(context._("Did you mean one of these?"), (*buttons, none))
        return
    await _ask_again(context, answer_id)


async def _asking_answer(context: UpdateContext) -> int | None:
    """The answer whose landmark was asked for; in a group the text must reply to the question."""
    replied = context.message.reply_to_message
    if replied is None and not context.is_private:
        return None
    message_id, chat_id = replied.message_id if replied else None, context.chat.id
    await context.services.chat_queue.wait_turn(context.update.update_id)  # the question may still be on its way
    return await context.services.db.read(
        lambda connection: answers.answer_in_question(connection, chat_id=chat_id, message_id=message_id)
    )


async def _ask_again(context: UpdateContext, answer_id: int) -> None:
    question = context._(
        "I do not know a landmark by that name. Try another name, or see /labels for all those that I know."
    )
    message = OutgoingMessage(context.chat.id, question, context.message_id, asks=True, answer_id=answer_id)
    await context.send(lambda _connection: message)
