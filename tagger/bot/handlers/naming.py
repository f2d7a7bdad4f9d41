"""A name that somebody typed after "something else".

The one rule: a text is a name only if a name was asked for: it replies to the question, or the question is still open.
"""

from __future__ import annotations

from html import escape

from db.telegram import answers
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.buttons import decide
from tagger.bot.handlers.landmark_search import exact, nearest
from tagger.bot.render.error_texts import TEXT
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button, OutgoingMessage


async def typed(visit: UpdateContext) -> None:
    """A text: the name that was asked for, or a friendly sentence."""
    answer_id = await _asking(visit)
    if answer_id is None:
        if visit.is_private:
            await visit.say(visit._(TEXT))
        return
    landmarks = {number: visit.services.landmarks[number] for number in visit.services.numbers.values()}
    text = visit.message.text or ""
    if (number := exact(text, landmarks)) is not None:
        await decide(visit, answer_id, lambda _photo: ("shows", number))
        landmark = landmarks[number]
        told = visit._("✔ Noted: {names}. Thank you!").format(names=escape(landmark.name))
        await visit.say(f"{told}\n{place(landmark, visit.language)}")
        return
    if offered := nearest(text, landmarks):
        buttons = tuple((Button(landmarks[number].name, f"is:{answer_id}:{number}"),) for number in offered)
        none = (Button(visit._("None of these"), f"none:{answer_id}"),)
        await visit.say(visit._("Did you mean one of these?"), (*buttons, none))
        return
    await _ask_again(visit, answer_id)


async def _asking(visit: UpdateContext) -> int | None:
    """The answer whose name is asked for; in a group only a reply to the question is meant for the bot."""
    replied = visit.message.reply_to_message
    if replied is None and not visit.is_private:
        return None
    message_id, chat_id = replied.message_id if replied else None, visit.chat.id
    await visit.services.turns.wait(visit.update.update_id)  # the question may be on its way
    return await visit.services.desk.read(
        lambda connection: answers.asking_answer(connection, chat_id=chat_id, message_id=message_id)
    )


async def _ask_again(visit: UpdateContext, answer_id: int) -> None:
    question = visit._("I know no landmark by that name. Try another name, or see /labels for all that I know.")
    letter = OutgoingMessage(visit.chat.id, question, visit.message_id, asks=True, answer_id=answer_id)
    await visit.send(lambda _connection: letter)
