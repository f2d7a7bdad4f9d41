"""Sends each answer once and in its turn, even if the process or the connection breaks on the way.

The one rule: a message is stored before it is sent. So a message found in the store may have arrived or not, and the
Bot API offers no way to ask: it has no idempotency key and no list of sent messages. But a bot can edit its own
messages and no others. So the outbox searches: it writes the same text and buttons over each message number that the
message may have. "Not found" and "can't be edited" mean another message; "not modified", or success, means that this
is the message, and it is not sent again.

The search cannot hit another message. It tries only numbers higher than any that were known in this chat when the
message was stored, and while a message is under way nothing else is sent to its chat: the chat queue ensures that, also
for the first moments of a new process. On a server that lets a bot edit a person's message the search would be
worthless; so it first tries to edit the message that is being answered, and gives up if that succeeds.
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
from tagger.bot.transport.client import (
    BotClient,
    back_off,
    backoff_delays,
    is_transient,
    may_have_arrived,
    with_retries,
)
from tagger.bot.transport.message import OutgoingMessage, inline_markup

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

UNSEEN = 10  # messages of a chat that the bot may not know of: deleted ones, service messages
UNSEEN_IN_GROUPS = 40  # a bot does not see most messages of a group
MAX_CANDIDATES = 300
MAY_STILL_ARRIVE_S = 5.0  # a dead sender's request; a server that takes longer is out of order


class ChatQueue:
    """One queue per chat: its updates are processed concurrently and answered in the order in which they arrived.

    An update joins when it is received, and leaves when it has been handled.
    """

    def __init__(self) -> None:
        self._queues: dict[int, dict[int, asyncio.Event]] = {}  # by chat: its updates, in order of arrival
        self._chats: dict[int, int] = {}  # by update

    def __len__(self) -> int:
        return len(self._chats)

    def join(self, update_id: int, chat_id: int) -> None:
        queue = self._queues.setdefault(chat_id, {})
        queue[update_id] = asyncio.Event()
        self._chats[update_id] = chat_id
        _wake_first(queue)

    async def wait_turn(self, update_id: int) -> None:
        """Wait until every earlier update of the same chat has been handled."""
        if (chat_id := self._chats.get(update_id)) is not None:
            await self._queues[chat_id][update_id].wait()

    def leave(self, update_id: int) -> None:
        if (chat_id := self._chats.pop(update_id, None)) is None:
            return
        queue = self._queues[chat_id]
        del queue[update_id]
        if queue:
            _wake_first(queue)
        else:
            del self._queues[chat_id]


def _wake_first(queue: dict[int, asyncio.Event]) -> None:
    next(iter(queue.values())).set()


class Outbox:
    """Sends every message that answers an update."""

    def __init__(self, bot: BotClient, db: DbExecutor, chat_queue: ChatQueue) -> None:
        self._bot = bot
        self._db = db
        self._chat_queue = chat_queue
        self.finished: set[int] = set()  # updates that are already stored as answered

    async def send(
        self, update_id: int, write: Callable[[Connection], OutgoingMessage], *, also_answers: Collection[int] = ()
    ) -> None:
        """Send the answer to an update when its turn comes.

        Args:
            update_id: the update that is answered.
            write: makes the message and stores what belongs to it, in the transaction that stores the message.
            also_answers: other updates that the same message answers.
        """
        if update_id in self.finished:
            log.warning("Update %d has been answered already; a second message was held back", update_id)
            return
        await self._chat_queue.wait_turn(update_id)
        message = await self._db.write(lambda connection: _store(connection, update_id, write, also_answers))
        self.finished.update(also_answers)
        await self._deliver(update_id, message, may_exist=False)

    async def resume(self, update_id: int, message: OutgoingMessage) -> None:
        """Continue with a message that an earlier process stored.

        Its request may outlive that process on a slow server, so a message that is not found is searched for once more
        before it is sent.
        """
        await self._chat_queue.wait_turn(update_id)
        if await self._find(message) is None:
            await asyncio.sleep(MAY_STILL_ARRIVE_S)
        await self._deliver(update_id, message, may_exist=True)

    async def send_unsearchable(self, update_id: int, call: Callable[[], Awaitable[Message]]) -> None:
        """Send a file or a venue. After a crash in between it is sent again."""
        await self._chat_queue.wait_turn(update_id)
        sent = await with_retries(call)
        self._record(update_id, sent.chat_id, sent.message_id, None)

    async def _deliver(self, update_id: int, message: OutgoingMessage, *, may_exist: bool) -> None:
        for delay_s in backoff_delays():
            try:
                message_id = await self._find(message) if may_exist else None
                if message_id is None:
                    message_id = await self._bot.send(message.as_request())
                self._record(update_id, message.chat_id, message_id, message)
                return
            except ChatMigrated as error:
                message = replace(message, chat_id=error.new_chat_id)
            except TelegramError as error:
                if not is_transient(error) and not isinstance(error, InvalidToken):
                    log.warning("The answer to update %d was refused: %s", update_id, error)
                    return  # somebody who blocks the bot must not hold it up
                may_exist = may_exist or may_have_arrived(error)
                await back_off(error, delay_s)

    def _record(self, update_id: int, chat_id: int, message_id: int, message: OutgoingMessage | None) -> None:
        """Store that a message was sent. Nobody waits for it: whatever is sent next is stored after it or with it."""

        def record(connection: Connection) -> None:
            inbox.saw_message(connection, chat_id, message_id)
            inbox.finish(connection, [update_id])
            if message is not None and message.answer_id is not None:
                bind = answers.set_question_id if message.asks else answers.set_message_id
                bind(connection, message.answer_id, message_id)

        self._db.submit(record)
        self.finished.add(update_id)

    async def _find(self, message: OutgoingMessage) -> int | None:
        """The number of a message that may have been sent before; None if it was not."""
        if message.asks or (message.reply_to and await self._becomes(message, message.reply_to)):
            return None  # a question cannot be edited; and where everything can, an edit proves nothing
        last_ids = await self._db.read(lambda connection: inbox.last_message_ids(connection, message.chat_id))
        unrecorded = len(self._chat_queue)  # each of their chats may hold one message that is not recorded yet
        for number in islice(_candidates(message, last_ids, unrecorded), MAX_CANDIDATES):
            if await self._becomes(message, number):
                log.info("Message %d of a chat was sent before the last stop; it is not sent again", number)
                return number
        return None

    async def _becomes(self, message: OutgoingMessage, message_id: int) -> bool:
        """Whether the message with this number can be edited into the given one: only that message itself can."""
        try:
            await with_retries(
                lambda: self._bot.edit_message_text(
                    message.html,
                    message.chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=inline_markup(message.keyboard),
                )
            )
        except BadRequest as error:
            return "not modified" in str(error).lower()
        except TelegramError:
            return False
        return True


def _store(
    connection: Connection,
    update_id: int,
    write: Callable[[Connection], OutgoingMessage],
    also_answers: Collection[int],
) -> OutgoingMessage:
    message = write(connection)
    last_ids = inbox.last_message_ids(connection, message.chat_id)
    message = replace(message, above_chat=last_ids.chat, above_shared=last_ids.shared)
    inbox.start_sending(connection, update_id, message.as_json())
    inbox.finish(connection, also_answers)
    return message


def _candidates(message: OutgoingMessage, last_ids: inbox.LastMessageIds, unrecorded: int) -> Iterator[int]:
    """The numbers that a message may have: first those of its own chat, then those of chats that share numbers."""
    unseen = UNSEEN if message.chat_id > 0 else UNSEEN_IN_GROUPS
    of_chat = range(message.above_chat + 1, max(last_ids.chat, message.above_chat) + 1 + unseen)
    shared = range(message.above_shared + 1, max(last_ids.shared, message.above_shared) + 1 + unseen + unrecorded)
    return chain(of_chat, (number for number in shared if number not in of_chat))
