"""Handles the names that people type after "Something else".

Only an exact name is accepted directly; similar names are offered as a choice. Only the next message is a name, and
only for a few minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

from db.telegram import questions
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.buttons import decide
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button
from tagger.core.landmark_names import find, nearest

ANSWER_WITHIN = timedelta(minutes=5)


async def answer_question(context: UpdateContext) -> bool:
    """Take a text for the name that the bot asked for; return False if it has not asked."""
    answer_id = await _asking_answer(context)
    if answer_id is None:
        return False
    landmarks = {
        number: context.services.landmarks[number] for number in sorted(context.services.landmark_ids.values())
    }
    text = context.message.text or ""
    if (landmark_id := find(text, landmarks)) is not None:
        await decide(context, answer_id, lambda _photo: ("shows", landmark_id))
        landmark = context.landmarks[landmark_id]
        noted = context._("✔ Noted: {names}. Thank you!").format(names=escape(landmark.name))
        await context.reply("\n".join(filter(None, (noted, escape(place(landmark))))))
    elif offered := nearest(text, landmarks):
        buttons = tuple((Button(context.landmarks[number].name, f"is:{answer_id}:{number}"),) for number in offered)
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
