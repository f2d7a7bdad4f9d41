"""Sends each answer once, whatever ends the process or the connection on the way.

The one rule: a letter is stored before it is sent. So a letter that is found stored may have arrived or not, and the
Bot API offers no way to ask: no idempotency key, no list of sent messages. But a bot can edit its own messages and no
others, so the letter is looked for by trying to make it what it is: the same text and buttons are written over each
message number that it may have. "Not found" and "can't be edited" mean another message; "not modified", or success,
means that this is the letter, and it is not sent again.

No other message can be hit. A number is tried only if it is higher than all that the store knew in this chat when the
letter was stored, and while a letter is under way nothing else is sent to its chat: the chat queue sees to that, also
for the first moments of a new process. A server that lets a bot edit a person's message would make the search
worthless; so the search first tries that, on the message that is being answered, and is given up where it succeeds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING

from telegram import Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, InvalidToken, TelegramError

from db.telegram import answers, inbox
from tagger.bot.db_executor import DbExecutor
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import Link
from tagger.bot.transport.message import OutgoingMessage, inline
from tagger.bot.transport.retry import is_late, may_have_arrived, pauses, rest, with_retries

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

UNSEEN = 10  # messages of a chat that the bot may not know of: deleted ones, service messages
UNSEEN_IN_GROUPS = 40  # most of what is said in a group does not reach a bot
MOST_TRIES = 300
MAY_STILL_ARRIVE_S = 5.0  # a call whose sender died; a server that takes longer over one is out of order


class Outbox:
    """The way out for every message that answers an update."""

    def __init__(self, bot: Link, desk: DbExecutor, turns: ChatQueue) -> None:
        self._bot = bot
        self._desk = desk
        self._turns = turns
        self.finished: set[int] = set()  # updates whose row says so already

    async def send(
        self, update_id: int, write: Callable[[Connection], OutgoingMessage], *, together: Collection[int] = ()
    ) -> None:
        """Send the answer to an update, when it is its turn.

        Args:
            write: makes the letter, and stores what belongs to it, in the transaction that says it is being sent.
            together: updates that the same letter answers.
        """
        if update_id in self.finished:
            log.warning("Update %d is answered already; a second message was held back", update_id)
            return
        await self._turns.wait(update_id)
        letter = await self._desk.write(lambda connection: _begin(connection, update_id, write, together))
        self.finished.update(together)
        await self._deliver(update_id, letter, may_exist=False)

    async def resume(self, update_id: int, letter: OutgoingMessage) -> None:
        """Go on with a letter that an earlier process stored. Its call may outlive the process at a slow server, so a
        letter that is not there yet is looked for once more before it is sent."""
        await self._turns.wait(update_id)
        if await self._find(letter) is None:
            await asyncio.sleep(MAY_STILL_ARRIVE_S)
        await self._deliver(update_id, letter, may_exist=True)

    async def post(self, update_id: int, call: Callable[[], Awaitable[Message]]) -> None:
        """Send what is no letter: a file, a venue. After a crash in between it is sent again."""
        await self._turns.wait(update_id)
        message = await with_retries(call)
        self._record(update_id, message.chat_id, message.message_id, None)

    async def _deliver(self, update_id: int, letter: OutgoingMessage, *, may_exist: bool) -> None:
        for pause in pauses():
            try:
                message_id = await self._find(letter) if may_exist else None
                if message_id is None:
                    message_id = await self._bot.send(letter.as_request())
                self._record(update_id, letter.chat_id, message_id, letter)
                return
            except ChatMigrated as error:
                letter = replace(letter, chat_id=error.new_chat_id)
            except TelegramError as error:
                if not is_late(error) and not isinstance(error, InvalidToken):
                    log.warning("The answer to update %d was refused: %s", update_id, error)
                    return  # whoever blocks the bot must not hold it up
                may_exist = may_exist or may_have_arrived(error)
                await rest(error, pause)

    def _record(self, update_id: int, chat_id: int, message_id: int, letter: OutgoingMessage | None) -> None:
        """Nobody waits for it: whatever is sent next is stored after it, or in the same transaction."""

        def record(connection: Connection) -> None:
            inbox.heard(connection, chat_id, message_id)
            inbox.finish(connection, [update_id])
            if letter is not None and letter.answer_id is not None:
                bind = answers.asked_by if letter.asks else answers.sent_as
                bind(connection, letter.answer_id, message_id)

        self._desk.post(record)
        self.finished.add(update_id)

    async def _find(self, letter: OutgoingMessage) -> int | None:
        """The number of a letter that was sent before; None where it was not."""
        if letter.asks or (letter.reply_to and await self._becomes(letter, letter.reply_to)):
            return None  # what asks cannot be edited; and where everything can, an edit proves nothing
        known = await self._desk.read(lambda connection: inbox.heights(connection, letter.chat_id))
        waiting = len(self._turns)  # each of their chats may hold one more letter that is not recorded
        for number in islice(_numbers(letter, known, waiting), MOST_TRIES):
            if await self._becomes(letter, number):
                log.info("Message %d of a chat was sent before the last stop; it is not sent again", number)
                return number
        return None

    async def _becomes(self, letter: OutgoingMessage, message_id: int) -> bool:
        """Whether a message can be made the letter, which only the letter itself can."""
        try:
            await with_retries(
                lambda: self._bot.edit_message_text(
                    letter.html,
                    letter.chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=inline(letter.keyboard),
                )
            )
        except BadRequest as error:
            return "not modified" in str(error).lower()
        except TelegramError:
            return False
        return True


def _begin(
    connection: Connection, update_id: int, write: Callable[[Connection], OutgoingMessage], together: Collection[int]
) -> OutgoingMessage:
    letter = write(connection)
    known = inbox.heights(connection, letter.chat_id)
    letter = replace(letter, above_chat=known.chat, above_shared=known.shared)
    inbox.start_sending(connection, update_id, letter.as_json())
    inbox.finish(connection, together)
    return letter


def _numbers(letter: OutgoingMessage, known: inbox.Heights, waiting: int) -> Iterator[int]:
    """The numbers that a letter may have, likeliest first: of its own chat, then of all chats that share numbers."""
    unseen = UNSEEN if letter.chat_id > 0 else UNSEEN_IN_GROUPS
    of_chat = range(letter.above_chat + 1, max(known.chat, letter.above_chat) + 1 + unseen)
    shared = range(letter.above_shared + 1, max(known.shared, letter.above_shared) + 1 + unseen + waiting)
    return chain(of_chat, (number for number in shared if number not in of_chat))
