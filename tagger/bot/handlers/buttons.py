"""The buttons below an answer: a tap is a decision, and the answer then shows it.

The one rule: a tap speaks for the person who taps, and for nobody else. It replaces what this person said before about
the answer's photos, see `db.telegram.voices`; a tap on their own choice takes it back. Taps in a chat are handled one
after another, so that the message always shows what the store contains.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypedDict

from db.rows import Verdict
from db.taught.places import remove_examples
from db.telegram import answers, questions, voices
from db.telegram.answers import AnsweredPhoto, StoredReply
from db.write.decisions import record_decision, revoke_decisions
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import N_
from tagger.bot.render.replies import refresh
from tagger.bot.render.reply_text import located, noted, place

if TYPE_CHECKING:
    from db.engine import Connection

SOURCE = "telegram"
GONE = N_("I no longer remember this photo. Please send it again.")


class Place(TypedDict):
    """Whose decisions these are, and where; see `record_decision`."""

    who: str
    answer_id: int


# What a tap decides about a photo: verdict and landmark.
Choice = Callable[[AnsweredPhoto], tuple[Verdict, int | None] | None]


async def confirm(context: UpdateContext) -> None:
    """Every photo shows the landmark that the answer named for it."""

    def right(photo: AnsweredPhoto) -> tuple[Verdict, int | None] | None:
        return None if photo.landmark_id is None else ("shows", photo.landmark_id)

    await _decide_by_tap(context, right, *_numbers(context)[1:])


async def choose_landmark(context: UpdateContext) -> None:
    """The photos show the landmark on the button."""
    _, landmark_id, *decision = _numbers(context)
    is_known = landmark_id in context.services.landmarks
    await _decide_by_tap(context, lambda _photo: ("shows", landmark_id) if is_known else None, *decision)


async def none_of_these(context: UpdateContext) -> None:
    await _decide_by_tap(context, lambda _photo: ("none", None), *_numbers(context)[1:])


async def ask_for_name(context: UpdateContext) -> None:
    stored = await _tapped_answer(context)
    if stored is None:
        return
    await context.answer_callback()
    question = context._("Which landmark is it? Type its name.")
    await context.ask(question, stored.id, reply_to=stored.message_id)


async def show_on_map(context: UpdateContext) -> None:
    """Send the place of the landmark that `located` finds."""
    stored = await _tapped_answer(context)
    if stored is None:
        return
    await context.answer_callback()
    landmark = located(stored, context.landmarks)
    if landmark is None or (position := landmark.position) is None:
        return
    address = place(landmark) or f"{position.lat}, {position.lon}"
    await context.send_venue(lat=position.lat, lon=position.lon, title=landmark.name, address=address)


async def decide(context: UpdateContext, answer_id: int, choice: Choice) -> StoredReply | None:
    """Store what somebody says about an answer's photos, and edit its message accordingly.

    Returns:
        The answer, or None if it no longer exists or belongs to another chat.
    """
    return await _change(context, lambda connection: record(connection, context, answer_id, choice))


async def _decide_by_tap(context: UpdateContext, choice: Choice, chosen: int | None = None) -> None:
    """Decide, or take back what was decided.

    Args:
        context: of the tap.
        choice: what the button says.
        chosen: the decision that made the button look chosen, if it does.
    """
    stored = await _tapped_answer(context)
    if stored is None:
        return
    answer_id, thanks = stored.id, context._("Thank you!")
    if chosen is not None and await _is_own(context, chosen):
        thanks = context._("Undone.")
        stored = await _change(context, lambda connection: _take_back(connection, context, answer_id, chosen))
    else:
        stored = await decide(context, answer_id, choice)
    if stored is None:  # it was forgotten in between
        await context.answer_callback(context._(GONE))
        return
    if stored.message_id != context.message_id and not context.replies_to_another:  # it was below a choice of names
        await context.edit(noted(stored, context.language, context.landmarks))
    await context.answer_callback(thanks)


async def _change(context: UpdateContext, change: Callable[[Connection], StoredReply | None]) -> StoredReply | None:
    async with context.services.callback_locks[context.chat_id]:
        stored = await context.services.db.write(change)
        if stored is not None:
            await refresh(context, stored)
            await context.services.follow_examples()
        return stored


async def _is_own(context: UpdateContext, decision_id: int) -> bool:
    user_id = context.user_id
    return await context.services.db.read(lambda connection: voices.is_own(connection, decision_id, user_id))


async def _tapped_answer(context: UpdateContext) -> StoredReply | None:
    """The answer whose button was tapped; None, after telling the person, if it no longer exists."""
    stored = await _read(context)
    if stored is not None and stored.message_id is None:  # the tap came before the sent message was recorded
        await context.services.chat_queue.wait_turn(context.update.update_id)
        stored = await _read(context)
    if stored is None:
        await context.answer_callback(context._(GONE))
    return stored


async def _read(context: UpdateContext) -> StoredReply | None:
    answer_id, chat_id = _numbers(context)[0], context.chat_id
    return await context.services.db.read(lambda c: answers.get_answer(c, answer_id, chat_id=chat_id))


def _numbers(context: UpdateContext) -> list[int]:
    """The numbers in a button's data: the answer's first."""
    return [int(number) for number in context.arguments.split(":")]


def record(connection: Connection, context: UpdateContext, answer_id: int, choice: Choice) -> StoredReply | None:
    """Store what somebody says about an answer's photos.

    Returns:
        The answer as it is then, or None if it no longer exists or belongs to another chat.
    """
    stored = answers.get_answer(connection, answer_id, chat_id=context.chat_id)
    if stored is None:
        return None
    where = _place(context, answer_id)
    for photo in stored.photos:
        if (chosen := choice(photo)) is not None:
            verdict, landmark_id = chosen
            key = None if landmark_id is None else context.services.landmarks[landmark_id].id
            _unteach(connection, context, photo, but=landmark_id)
            revoke_decisions(connection, photo.sha256, **where)
            record_decision(
                connection,
                photo.sha256,
                verdict=verdict,
                landmark=key,
                source=SOURCE,
                is_trusted=context.is_trusted,
                **where,
            )
    if context.update.callback_query is not None:
        questions.close(connection, chat_id=context.chat_id, user_id=context.user_id)
    return answers.get_answer(connection, answer_id, chat_id=context.chat_id)


def _take_back(connection: Connection, context: UpdateContext, answer_id: int, decision_id: int) -> StoredReply | None:
    """Revoke what a person said about an answer's photos, unless they have said something else since."""
    stored = answers.get_answer(connection, answer_id, chat_id=context.chat_id)
    if stored is None or not voices.is_active(connection, decision_id):
        return stored
    for photo in stored.photos:
        _unteach(connection, context, photo)
        revoke_decisions(connection, photo.sha256, **_place(context, answer_id))
    return answers.get_answer(connection, answer_id, chat_id=context.chat_id)


def _unteach(connection: Connection, context: UpdateContext, photo: AnsweredPhoto, *, but: int | None = None) -> None:
    """A photo no longer teaches a place if a trusted person takes back that it shows it, unless they say so again."""
    own = [said for said in photo.decisions if said.user_id == context.user_id and said.verdict == "shows"]
    places = [said.landmark_id for said in own if said.landmark_id is not None and said.landmark_id != but]
    if context.is_trusted and places:
        remove_examples(connection, [photo.sha256], landmark_ids=places)


def _place(context: UpdateContext, answer_id: int) -> Place:
    return {"who": voices.who(context.user_id), "answer_id": voices.place(context.chat_id, answer_id)}
