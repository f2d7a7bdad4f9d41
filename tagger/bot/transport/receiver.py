"""The way in: updates are stored, put in line, and handed to the handlers.

The one rule: what Telegram is told has arrived is in the database, with a full sync to the disk. Asking for the next
updates acknowledges the earlier ones, and so does answering a webhook's call; both wait for `take`.
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
from db.telegram.inbox import Received
from tagger.bot.db_executor import DbExecutor
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import Link
from tagger.bot.transport.message import OutgoingMessage
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.retry import pauses, rest, with_retries
from tagger.bot.transport.sanitize import sanitize

log = logging.getLogger(__name__)

ALLOWED = ("message", "callback_query")
AT_ONCE = 256  # updates in work; the others wait at Telegram, or in the store
POLL_S = 25
EMPTY_S = 0.05  # between questions to a server that says at once that nothing happened
REMEMBERED = timedelta(days=2)


class Receiver:
    """Takes updates in, each once."""

    def __init__(self, bot: Link, desk: DbExecutor, turns: ChatQueue, queue: asyncio.Queue[object]) -> None:
        self._bot = bot
        self._desk = desk
        self._turns = turns
        self._queue = queue
        self.letters: dict[int, OutgoingMessage] = {}  # that an earlier process was sending, by update

    async def take(self, updates: list[dict[str, Any]]) -> None:
        """Store updates and hand on the new ones."""
        rows = [_row(update) for update in updates]
        new = await self._desk.write(lambda connection: inbox.receive(connection, rows))
        for row in sorted(rows, key=lambda row: row.update_id):
            if row.update_id in new:
                new.discard(row.update_id)  # one batch may hold a duplicate of its own
                await self._hand_on(row)

    async def go_on(self) -> None:
        """Hand on what was stored and not answered, in order; `poll` comes after that."""
        await self._desk.write(lambda connection: inbox.drop_answered(connection, datetime.now(UTC) - REMEMBERED))
        rows = await self._desk.read(inbox.open_updates)
        if rows:
            log.info("%d updates were received and not yet answered", len(rows))
        for row in rows:
            if row.reply is not None:
                self.letters[row.update_id] = OutgoingMessage.from_json(row.reply)
            await self._hand_on(row)

    async def fetch_waiting(self) -> None:
        """Store what waits at Telegram, to be handed on by `go_on`: the messages in it bound the numbers of letters
        whose fate is unknown."""
        updates = await with_retries(lambda: self._bot.updates(timeout_s=0, allowed=ALLOWED))
        rows = [_row(update) for update in updates]
        await self._desk.write(lambda connection: inbox.receive(connection, rows))

    async def poll(self) -> None:
        """Ask for updates until cancelled."""
        offset: int | None = None
        waiting = pauses()
        while True:
            try:
                updates = await self._bot.updates(offset=offset, timeout_s=POLL_S, allowed=ALLOWED)
                waiting = pauses()
            except TelegramError as error:
                log.warning("Telegram cannot be asked for updates: %s", error)
                await rest(error, next(waiting))
                continue
            if updates:
                await self.take(updates)
                offset = max(update["update_id"] for update in updates) + 1
            else:
                await asyncio.sleep(EMPTY_S)
            while len(self._turns) >= AT_ONCE:
                await asyncio.sleep(0.01)

    async def _hand_on(self, row: Received) -> None:
        try:
            update = Update.de_json(row.content, self._bot)
        except Exception:  # whatever the library finds wrong with it, it must not stop the others
            log.exception("Update %d cannot be understood", row.update_id)
            await self._desk.write(lambda connection: inbox.finish(connection, [row.update_id]))
            return
        self._turns.take(row.update_id, row.chat_id or 0)
        await self._queue.put(update)


def _row(update: dict[str, Any]) -> Received:
    try:
        return sanitize(update)
    except (KeyError, TypeError, AttributeError):  # no server's fault may lose what came along with it
        log.exception("Update %d cannot be understood", update["update_id"])
        return Received(update["update_id"], None, None, None, {"update_id": update["update_id"]})


class Processor(BaseUpdateProcessor):
    """What happens around each update's handlers: letters of an earlier process first, and the end in the store."""

    def __init__(self, inlet: Receiver, desk: DbExecutor, turns: ChatQueue, outbox: Outbox) -> None:
        super().__init__(max_concurrent_updates=4 * AT_ONCE)
        self._inlet = inlet
        self._desk = desk
        self._turns = turns
        self._outbox = outbox

    async def do_process_update(self, update: object, coroutine: Coroutine[Any, Any, Any]) -> None:  # type: ignore[override]
        assert isinstance(update, Update)
        number = update.update_id
        try:
            if letter := self._inlet.letters.pop(number, None):
                coroutine.close()
                await self._outbox.resume(number, letter)
            else:
                await coroutine
            if number not in self._outbox.finished:
                await self._desk.write(lambda connection: inbox.finish(connection, [number]))
        finally:
            self._outbox.finished.discard(number)
            self._turns.done(number)

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass
