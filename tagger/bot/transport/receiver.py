"""Stores incoming updates, queues them, and hands them to the handlers.

The one rule: an update that Telegram considers delivered is in the database, synced to disk. Asking for the next
updates acknowledges the earlier ones, and so does answering a webhook call; both wait for `accept`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

from db.telegram import inbox
from db.telegram.inbox import ReceivedUpdate
from tagger.bot.db_executor import DbExecutor
from tagger.bot.incoming import sender_of
from tagger.bot.open_work import OpenWork
from tagger.bot.transport.chat_queue import ChatQueue, FairSlots
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.crash_journal import CrashJournal
from tagger.bot.transport.message import OutgoingMessage
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.retry import back_off, backoff_delays, with_retries
from tagger.bot.transport.sanitize import sanitize
from tagger.bot.transport.search import MAX_NUMBERS

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "inline_query")
MAX_IN_PROGRESS, MAX_IN_CHAT = 1024, 16  # updates
MAX_WAITING = 20_000  # updates for a place among those; more wait at Telegram
POLL_S = 25
EMPTY_S = 0.05  # pause after a server answered immediately that there are no updates
REMEMBERED = timedelta(days=2)


class Receiver:
    """Accepts every update once."""

    def __init__(
        self,
        bot: BotClient,
        db: DbExecutor,
        chat_queue: ChatQueue,
        outbox: Outbox,
        crash_journal: CrashJournal,
        queue: asyncio.Queue[object],
    ) -> None:
        self._bot = bot
        self._db = db
        self._chat_queue = chat_queue
        self._outbox = outbox
        self._crash_journal = crash_journal
        self._queue = queue
        self._slots = FairSlots(MAX_IN_PROGRESS, MAX_IN_CHAT)
        self._chats: dict[int, int] = {}  # by update in progress
        self.interrupted: dict[int, OutgoingMessage] = {}  # by update: what an earlier process was sending

    async def accept(self, updates: list[dict[str, Any]]) -> None:
        """Store updates and dispatch the new ones."""
        rows, new = await self._store(updates)
        for row in sorted(rows, key=lambda row: row.update_id):
            if row.update_id in new:
                new.discard(row.update_id)  # one batch may contain the same update twice
                self._schedule(row)

    async def resume(self) -> None:
        """Dispatch, in order, the stored updates that were not answered. Call it before `poll`."""
        await self._db.write(lambda connection: inbox.drop_answered(connection, datetime.now(UTC) - REMEMBERED))
        await self._outbox.migrations.load()
        rows = await self._db.read(inbox.open_updates)
        if rows:
            log.info("%d updates were received and not yet answered", len(rows))
        self._outbox.journal.adopt(
            {row.update_id for row in rows}, {row.update_id for row in rows if row.reply is not None}
        )
        self._crash_journal.keep({row.update_id for row in rows})
        if any(row.reply is not None for row in rows):
            for number in await self._db.read(lambda connection: inbox.recent_numbers(connection, MAX_NUMBERS // 2)):
                self._outbox.numbers.add(*number)
        for row in rows:
            if row.reply is not None:
                self.interrupted[row.update_id] = OutgoingMessage.from_json(row.reply)
            self._schedule(row)

    def done(self, update_id: int) -> None:
        """Note that an update was handled, so that another one takes its place."""
        self._chat_queue.leave(update_id)
        self._slots.release(self._chats.pop(update_id))

    def close(self) -> None:
        """Dispatch no more updates; those that wait stay in the store."""
        self._slots.clear()

    async def store_pending(self) -> None:
        """Store the updates that wait at Telegram, for `resume` to dispatch.

        The message numbers in them narrow the search for messages that may or may not have been sent.
        """
        updates = await with_retries(lambda: self._bot.updates(timeout_s=0, allowed=ALLOWED_UPDATES))
        await self._store(updates)

    async def _store(self, updates: list[dict[str, Any]]) -> tuple[list[ReceivedUpdate], set[int]]:
        """Store updates, and return them and the numbers of those that are new."""
        rows = [_row(update) for update in updates]
        for row in rows:
            if row.migration is not None:
                await self._outbox.migrations.add(*row.migration)
        return rows, await self._db.write(lambda connection: inbox.receive(connection, rows))

    async def poll(self) -> None:
        """Fetch updates until cancelled."""
        offset: int | None = None
        delays = backoff_delays()
        while True:
            try:
                updates = await self._bot.updates(offset=offset, timeout_s=POLL_S, allowed=ALLOWED_UPDATES)
                delays = backoff_delays()
            except TelegramError as error:
                log.warning("No updates could be fetched from Telegram: %s", error)
                await back_off(error, next(delays))
                continue
            if updates:
                await self.accept(updates)
                offset = max(update["update_id"] for update in updates) + 1
            else:
                await asyncio.sleep(EMPTY_S)
            while self._slots.waiting_count >= MAX_WAITING:
                await asyncio.sleep(0.01)

    def _schedule(self, row: ReceivedUpdate) -> None:
        """Dispatch an update as soon as its chat has a place."""
        if row.chat_id is not None and row.message_id is not None:
            self._outbox.numbers.add(row.chat_id, row.message_id)
        self._slots.request(row.chat_id or 0, lambda: self._dispatch(row))

    def _dispatch(self, row: ReceivedUpdate) -> None:
        try:
            update = Update.de_json(row.content, self._bot)
        except Exception:  # one update that the library rejects must not stop the others
            log.exception("Update %d cannot be parsed", row.update_id)
            self._db.submit(lambda connection: inbox.finish(connection, [row.update_id]))
            asyncio.get_running_loop().call_soon(self._slots.release, row.chat_id or 0)
            return
        self._chats[row.update_id] = row.chat_id or 0
        self._chat_queue.join(row.update_id, row.chat_id or 0)
        self._queue.put_nowait(update)


def _row(update: dict[str, Any]) -> ReceivedUpdate:
    try:
        return sanitize(update)
    except (KeyError, TypeError, AttributeError):  # one malformed update must not lose those that came with it
        log.exception("Update %d cannot be parsed", update["update_id"])
        return ReceivedUpdate(update["update_id"], None, None, None, {"update_id": update["update_id"]})


class UpdateProcessor(BaseUpdateProcessor):
    """Runs the handlers of an update, or finishes what an earlier process began to send, and stores the end."""

    def __init__(self, receiver: Receiver, db: DbExecutor, outbox: Outbox, open_work: OpenWork) -> None:
        super().__init__(max_concurrent_updates=MAX_IN_PROGRESS)
        self._receiver = receiver
        self._db = db
        self._outbox = outbox
        self._open_work = open_work
        self._tasks: set[asyncio.Task[Any]] = set()

    async def do_process_update(self, update: object, coroutine: Coroutine[Any, Any, Any]) -> None:  # type: ignore[override]
        assert isinstance(update, Update)
        update_id = update.update_id
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if not await self._resume(update):
                await coroutine
            if update_id not in self._outbox.finished:
                await self._db.write(lambda connection: inbox.finish(connection, [update_id]))
        finally:
            coroutine.close()
            self._tasks.discard(task)
            self._outbox.finished.discard(update_id)
            self._outbox.sending.discard(update_id)
            self._receiver.done(update_id)

    async def cancel(self) -> None:
        """Stop handling updates; the next start continues with them."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _resume(self, update: Update) -> bool:
        """Whether an earlier process began to answer an update; if so, the answer is finished."""
        if message := self._receiver.interrupted.pop(update.update_id, None):
            with self._open_work.of(sender := sender_of(update)):
                if not self._open_work.is_forgotten(sender):
                    await self._outbox.resume(update.update_id, message)
            return True
        chat = update.effective_chat
        return chat is not None and await self._outbox.resume_unsearchable(update.update_id, chat.id)

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass
