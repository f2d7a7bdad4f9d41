"""Sends each answer once and in its turn, even if the process or the connection breaks on the way.

The one rule: a message is stored before it is sent, and the journal records when its request leaves and what came back.
So only a request that left and was never answered is in doubt, and `MessageSearch` settles it before anything is sent
again. While a message is in doubt nothing else is sent to its chat.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from telegram import Message
from telegram.error import ChatMigrated, Forbidden, InvalidToken, TelegramError

from db.telegram import answers, inbox, questions
from tagger.bot.db_executor import DbExecutor
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.journal import SendJournal
from tagger.bot.transport.message import OutgoingMessage
from tagger.bot.transport.migrations import Migrations
from tagger.bot.transport.rate_limiter import BeforeRequest
from tagger.bot.transport.retry import (
    back_off,
    backoff_delays,
    is_transient,
    may_have_arrived,
    may_still_arrive,
    with_retries,
)
from tagger.bot.transport.search import Doubt, MessageSearch

if TYPE_CHECKING:
    from db.engine import Connection

log = logging.getLogger(__name__)

MAY_STILL_ARRIVE_S = 65.0  # a request that was given up, or whose process died; a slow server may take a minute
ENDED_S = 5.0  # a request that the server ended without a usable answer


class Outbox:
    """Sends every message that answers an update."""

    def __init__(self, bot: BotClient, db: DbExecutor, chat_queue: ChatQueue, journal: SendJournal) -> None:
        self._bot = bot
        self._db = db
        self._chat_queue = chat_queue
        self.journal = journal
        self._search = MessageSearch(bot, db)
        self.numbers = self._search.numbers
        self.migrations = Migrations(db)
        self.finished: set[int] = set()  # updates that are already stored as answered
        self.sending: set[int] = set()  # updates whose message is stored, and not yet sent

    async def send(
        self, update_id: int, write: Callable[[Connection], OutgoingMessage], *, also_answers: Collection[int] = ()
    ) -> None:
        """Send the answer to an update when its turn comes.

        Args:
            update_id: the update that is answered.
            write: makes the message and stores what belongs to it, in the transaction that stores the message.
            also_answers: other updates that the same message answers.
        """
        if update_id in self.finished or update_id in self.sending:
            log.warning("Update %d has been answered already; a second message was held back", update_id)
            return
        await self._chat_queue.wait_turn(update_id)
        message = await self._db.write(lambda connection: _store(connection, update_id, write, also_answers))
        self.finished.update(also_answers)
        await self._deliver(update_id, message)
        if self.journal.is_long:
            recorded = self.journal.recorded()
            await self._db.write(lambda _: None)  # whatever was submitted before is written by then
            self.journal.drop(recorded)

    async def resume(self, update_id: int, message: OutgoingMessage) -> None:
        """Continue with a message that an earlier process stored."""
        await self._chat_queue.wait_turn(update_id)
        attempt = self.journal.attempt(update_id)
        if attempt is None:
            await self._deliver(update_id, message)
        elif attempt.message_id is not None:
            self._record(update_id, message.chat_id, attempt.message_id, message)
        else:
            until = min(attempt.started_at, time.time()) + MAY_STILL_ARRIVE_S
            await self._deliver(update_id, message, Doubt(until, is_earlier=True))

    async def resume_unsearchable(self, update_id: int, chat_id: int) -> bool:
        """Whether an earlier process sent the file or venue that answers an update; if so, store that."""
        attempt = self.journal.attempt(update_id)
        if attempt is None or attempt.message_id is None:
            return False
        await self._chat_queue.wait_turn(update_id)
        self._record(update_id, chat_id, attempt.message_id, None)
        return True

    async def send_unsearchable(
        self,
        update_id: int,
        chat_id: int,
        call: Callable[[int, BeforeRequest], Awaitable[Message]],
        *,
        is_answer: bool = True,
    ) -> None:
        """Send a file, a picture or a venue. If it is unknown whether it was sent, send it again.

        Args:
            update_id: the update that is answered.
            chat_id: where to send it.
            call: makes a new request each time, to the given chat and with the given `rate_limit_args`.
            is_answer: with it, the update is answered; otherwise it was answered before.
        """
        await self._chat_queue.wait_turn(update_id)
        before = partial(self.journal.begin, update_id) if is_answer else _nothing
        try:
            sent = await self._call(chat_id, lambda chat_id: call(chat_id, before))
        except Forbidden as error:
            log.warning("The answer to update %d was refused: %s", update_id, error)
            return  # somebody who blocks the bot
        if is_answer:
            self._record(update_id, sent.chat_id, sent.message_id, None)
        else:
            self.numbers.add(sent.chat_id, sent.message_id)
            self._db.submit(partial(inbox.saw_message, chat_id=sent.chat_id, message_id=sent.message_id))

    async def _call(self, chat_id: int, call: Callable[[int], Awaitable[Message]]) -> Message:
        """Call until it succeeds, in the supergroup that a group became meanwhile."""
        try:
            return await with_retries(lambda: call(self.migrations.current(chat_id)))
        except ChatMigrated as error:
            await self.migrations.add(chat_id, new := error.new_chat_id)
            return await with_retries(lambda: call(new))

    async def finish(
        self, update_id: int, write: Callable[[Connection], object], *, also_answers: Collection[int] = ()
    ) -> None:
        """Store that updates are answered, without a message, in the transaction that stores what belongs to them."""

        def store(connection: Connection) -> None:
            write(connection)
            inbox.finish(connection, [update_id, *also_answers])

        await self._chat_queue.wait_turn(update_id)
        await self._db.write(store)
        self.finished.update((update_id, *also_answers))

    async def _deliver(self, update_id: int, message: OutgoingMessage, doubt: Doubt | None = None) -> None:
        self.sending.add(update_id)
        for delay_s in backoff_delays():
            try:
                if doubt is not None and (finding := await self._search.settle(message, doubt)).is_sent:
                    self._record(update_id, message.chat_id, finding.message_id, message)
                    return
                doubt = None
                message_id = await self._bot.send(message.as_request(), partial(self.journal.begin, update_id))
                self._record(update_id, message.chat_id, message_id, message)
                return
            except ChatMigrated as error:
                self.journal.refused(update_id)
                await self.migrations.add(message.chat_id, error.new_chat_id)
                message = await self._db.read(partial(_to_chat, message=message, chat_id=error.new_chat_id))
            except TelegramError as error:
                if not is_transient(error) and not isinstance(error, InvalidToken):
                    log.warning("The answer to update %d was refused: %s", update_id, error)
                    self.journal.refused(update_id)
                    return  # somebody who blocks the bot must not hold it up
                if may_have_arrived(error):
                    doubt = self._doubt(update_id, error)
                else:
                    self.journal.refused(update_id)
                await back_off(error, delay_s)

    def _doubt(self, update_id: int, error: TelegramError) -> Doubt:
        """When a request whose call failed can no longer take effect."""
        now, attempt = time.time(), self.journal.attempt(update_id)
        if may_still_arrive(error):
            return Doubt((attempt.started_at if attempt else now) + MAY_STILL_ARRIVE_S)
        return Doubt(now + min(ENDED_S, MAY_STILL_ARRIVE_S))

    def _record(self, update_id: int, chat_id: int, message_id: int | None, message: OutgoingMessage | None) -> None:
        """Store that a message was sent. Nobody waits for it: whatever is sent next is stored after it or with it."""
        self.finished.add(update_id)
        if message_id is not None:
            self.journal.delivered(update_id, message_id)
            self.numbers.add(chat_id, message_id)

        def record(connection: Connection) -> None:
            inbox.finish(connection, [update_id], message_id)
            if message_id is None:
                return
            inbox.saw_message(connection, chat_id, message_id)
            if message is not None and message.answer_id is not None:
                _bind(connection, message, chat_id, message_id, message.answer_id)

        self._db.submit(record)


def _nothing() -> None:
    """Before a request whose fate does not matter."""


def _to_chat(connection: Connection, *, message: OutgoingMessage, chat_id: int) -> OutgoingMessage:
    """A message to a chat, with the numbers that are known there before it is sent."""
    last_ids = inbox.last_message_ids(connection, chat_id)
    return replace(message, chat_id=chat_id, above_chat=last_ids.chat, above_shared=last_ids.shared)


def _bind(connection: Connection, message: OutgoingMessage, chat_id: int, message_id: int, answer_id: int) -> None:
    """Store which answer a message shows, or whose landmark it asks for."""
    if not message.asks:
        answers.set_message_id(connection, answer_id, message_id)
    elif message.asker_id is not None:
        user_id = message.asker_id
        questions.ask(connection, chat_id=chat_id, message_id=message_id, user_id=user_id, answer_id=answer_id)


def _store(
    connection: Connection,
    update_id: int,
    write: Callable[[Connection], OutgoingMessage],
    also_answers: Collection[int],
) -> OutgoingMessage:
    message = write(connection)
    message = _to_chat(connection, message=message, chat_id=message.chat_id)
    inbox.start_sending(connection, update_id, message.as_json())
    inbox.finish(connection, also_answers)
    return message
