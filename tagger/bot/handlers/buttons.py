"""The buttons below an answer: a tap is a decision, and the answer then says so.

The one rule: the last tap counts. It replaces what was said of the answer's photos before, and outranks the machine;
taps in a chat are handled one after another, so that the message ends as the store does.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

from db.rows import LandmarkRow, Verdict
from db.telegram import answers
from db.telegram.answers import Said, StoredReply
from db.telegram.privacy import who
from db.write.decisions import record_decision, revoke_decisions
from tagger.bot.context import UpdateContext
from tagger.bot.render.replies import refresh
from tagger.bot.render.reply_content import ReplyContent
from tagger.bot.render.reply_text import chosen
from tagger.bot.transport.message import OutgoingMessage

if TYPE_CHECKING:
    from db.engine import Connection

SOURCE = "telegram"

Choice = Callable[[Said], tuple[Verdict, int | None] | None]  # what a tap says of one photo


async def right(visit: UpdateContext) -> None:
    """Each photo shows what was told of it."""
    await _tapped(visit, lambda photo: ("shows", photo.landmark_id) if photo.landmark_id is not None else None)


async def is_this(visit: UpdateContext) -> None:
    """The photos show the landmark on the button."""
    number = int(visit.arguments.split(":")[1])
    await _tapped(visit, lambda _photo: ("shows", number) if number in visit.services.landmarks else None)


async def none_of_these(visit: UpdateContext) -> None:
    await _tapped(visit, lambda _photo: ("none", None))


async def something_else(visit: UpdateContext) -> None:
    """Ask for the name."""
    stored = await _stored(visit)
    if stored is None:
        return
    await visit.toast()
    question = visit._("Which landmark is it? Type its name.")
    letter = OutgoingMessage(visit.chat.id, question, stored.message_id, asks=True, answer_id=stored.id)
    await visit.send(lambda _connection: letter)


async def show_map(visit: UpdateContext) -> None:
    """Where the landmark is that people said it is, else the likeliest."""
    stored = await _stored(visit)
    if stored is None:
        return
    await visit.toast()
    said = [number for number in chosen(stored) if number is not None]
    landmark = visit.services.landmarks[said[0] if said else ReplyContent.from_json(stored.shown).places[0].landmark_id]
    country = visit.language.country(landmark.country)
    address = ", ".join(part for part in (landmark.city, country) if part)
    await visit.send_venue(lat=landmark.lat, lon=landmark.lon, title=landmark.name, address=address)


async def decide(visit: UpdateContext, answer_id: int, choice: Choice) -> StoredReply | None:
    """Store a decision on an answer's photos, and let its message say so.

    Returns:
        The answer; None where it is no longer known, or another chat's.
    """
    async with visit.services.taps[visit.chat.id]:
        stored = await visit.services.desk.write(lambda connection: _record(connection, visit, answer_id, choice))
        if stored is not None:
            await refresh(visit, stored)
        return stored


async def _tapped(visit: UpdateContext, choice: Choice) -> None:
    stored = await _stored(visit)
    if stored is None or (stored := await decide(visit, stored.id, choice)) is None:
        return
    if stored.message_id != visit.message_id:  # the button stood below a choice of names
        await visit.edit(_noted(stored, visit))
    await visit.toast(visit._("Thank you!"))


async def _stored(visit: UpdateContext) -> StoredReply | None:
    """The answer that a tap is about; None, and said so, where it is no longer known."""
    stored = await _read(visit)
    if stored is not None and stored.message_id is None:  # the tap outran the record of what was sent
        await visit.services.turns.wait(visit.update.update_id)
        stored = await _read(visit)
    if stored is None:
        await visit.toast(visit._("I no longer know this photo. Please send it again."))
    return stored


async def _read(visit: UpdateContext) -> StoredReply | None:
    answer_id, chat_id = int(visit.arguments.split(":")[0]), visit.chat.id
    return await visit.services.desk.read(lambda c: answers.answer(c, answer_id, chat_id=chat_id))


def _record(connection: Connection, visit: UpdateContext, answer_id: int, choice: Choice) -> StoredReply | None:
    stored = answers.answer(connection, answer_id, chat_id=visit.chat.id)
    if stored is None:
        return None
    for photo in stored.photos:
        if (chosen_verdict := choice(photo)) is not None:
            verdict, number = chosen_verdict
            revoke_decisions(connection, photo.sha256)
            key = None if number is None else visit.services.landmarks[number].key
            record_decision(
                connection, photo.sha256, verdict=verdict, landmark=key, who=who(visit.user.id), source=SOURCE
            )
    answers.asked_by(connection, answer_id, None)
    return answers.answer(connection, answer_id, chat_id=visit.chat.id)


def _noted(stored: StoredReply, visit: UpdateContext) -> str:
    landmarks: dict[int, LandmarkRow] = visit.services.landmarks
    names = ", ".join(sorted(landmarks[number].name for number in chosen(stored) if number is not None))
    if not names:
        return visit._("✔ Noted: none of these. Thank you!")
    return visit._("✔ Noted: {names}. Thank you!").format(names=escape(names))
