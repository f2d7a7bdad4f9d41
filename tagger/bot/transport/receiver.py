"""Stores incoming updates, queues them, and hands them to the handlers.

The one rule: an update that Telegram takes for delivered is in the database, synced to disk. Asking for the next
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
from tagger.bot.transport.client import BotClient, back_off, backoff_delays, with_retries
from tagger.bot.transport.message import OutgoingMessage
from tagger.bot.transport.outbox import ChatQueue, Outbox
from tagger.bot.transport.sanitize import sanitize

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "callback_query")
MAX_IN_WORK = 256  # updates; the others wait at Telegram or in the store
POLL_S = 25
EMPTY_S = 0.05  # pause after a server said at once that there are no updates
REMEMBERED = timedelta(days=2)


class Receiver:
    """Accepts every update once."""

    def __init__(self, bot: BotClient, db: DbExecutor, chat_queue: ChatQueue, queue: asyncio.Queue[object]) -> None:
        self._bot = bot
        self._db = db
        self._chat_queue = chat_queue
        self._queue = queue
        self.interrupted: dict[int, OutgoingMessage] = {}  # by update: what an earlier process was sending

    async def accept(self, updates: list[dict[str, Any]]) -> None:
        """Store updates and dispatch the new ones."""
        rows = [_row(update) for update in updates]
        new = await self._db.write(lambda connection: inbox.receive(connection, rows))
        for row in sorted(rows, key=lambda row: row.update_id):
            if row.update_id in new:
                new.discard(row.update_id)  # one batch may contain the same update twice
                await self._dispatch(row)

    async def resume(self) -> None:
        """Dispatch, in order, the stored updates that were not answered. Call it before `poll`."""
        await self._db.write(lambda connection: inbox.drop_answered(connection, datetime.now(UTC) - REMEMBERED))
        rows = await self._db.read(inbox.open_updates)
        if rows:
            log.info("%d updates were received and not yet answered", len(rows))
        for row in rows:
            if row.reply is not None:
                self.interrupted[row.update_id] = OutgoingMessage.from_json(row.reply)
            await self._dispatch(row)

    async def store_pending(self) -> None:
        """Store the updates that wait at Telegram, for `resume` to dispatch.

        The message numbers in them narrow the search for messages that may or may not have been sent.
        """
        updates = await with_retries(lambda: self._bot.updates(timeout_s=0, allowed=ALLOWED_UPDATES))
        rows = [_row(update) for update in updates]
        await self._db.write(lambda connection: inbox.receive(connection, rows))

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
            while len(self._chat_queue) >= MAX_IN_WORK:
                await asyncio.sleep(0.01)

    async def _dispatch(self, row: ReceivedUpdate) -> None:
        try:
            update = Update.de_json(row.content, self._bot)
        except Exception:  # one update that the library rejects must not stop the others
            log.exception("Update %d cannot be parsed", row.update_id)
            await self._db.write(lambda connection: inbox.finish(connection, [row.update_id]))
            return
        self._chat_queue.join(row.update_id, row.chat_id or 0)
        await self._queue.put(update)


def _row(update: dict[str, Any]) -> ReceivedUpdate:
    try:
        return sanitize(update)
    except (KeyError, TypeError, AttributeError):  # one malformed update must not lose those that came with it
        log.exception("Update %d cannot be parsed", update["update_id"])
        return ReceivedUpdate(update["update_id"], None, None, None, {"update_id": update["update_id"]})


class UpdateProcessor(BaseUpdateProcessor):
    """Runs the handlers of an update, or finishes what an earlier process began to send, and stores the end."""

    def __init__(self, receiver: Receiver, db: DbExecutor, chat_queue: ChatQueue, outbox: Outbox) -> None:
        super().__init__(max_concurrent_updates=4 * MAX_IN_WORK)
        self._receiver = receiver
        self._db = db
        self._chat_queue = chat_queue
        self._outbox = outbox

    async def do_process_update(self, update: object, coroutine: Coroutine[Any, Any, Any]) -> None:  # type: ignore[override]
        assert isinstance(update, Update)
        update_id = update.update_id
        try:
            if message := self._receiver.interrupted.pop(update_id, None):
                coroutine.close()
                await self._outbox.resume(update_id, message)
            else:
                await coroutine
            if update_id not in self._outbox.finished:
                await self._db.write(lambda connection: inbox.finish(connection, [update_id]))
        finally:
            self._outbox.finished.discard(update_id)
            self._chat_queue.leave(update_id)

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass
