"""Stores what an answer needs of incoming updates, queues them, and hands them to the handlers.

The one rule: an update that Telegram considers delivered is in the database, synced to disk. Asking for the next
updates acknowledges the earlier ones, and so does answering a webhook call; both wait for `accept`.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.ext import BaseUpdateProcessor

from db.telegram import inbox
from db.telegram.inbox import ReceivedUpdate
from tagger.bot.db_executor import DbExecutor
from tagger.bot.transport.chat_queue import ChatQueue, FairSlots
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.crash_journal import CrashJournal
from tagger.bot.transport.message import OutgoingMessage
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.retry import back_off, backoff_delays, with_retries
from tagger.bot.transport.search import MAX_NUMBERS

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "callback_query")
MAX_IN_PROGRESS, MAX_IN_CHAT = 1024, 16  # updates
MAX_WAITING = 20_000  # updates for a place among those; more wait at Telegram
POLL_S = 25
EMPTY_S = 0.05  # pause after a server answered immediately that there are no updates
REMEMBERED = timedelta(days=2)

KINDS = ("document", "video", "animation", "sticker", "audio", "voice", "video_note")  # kinds of message besides photos
TEXT_FIELDS = ("text", "entities")
CAPTION_FIELDS = ("caption", "caption_entities")
CALL_ENTITIES = {"@": "mention", "/": "bot_command"}
CALL = re.compile(r"(?:^|(?<=\s))[@/]\w+(?:@\w+)?")
MESSAGE_FIELDS = ("message_id", "date", "media_group_id", *TEXT_FIELDS)
FILE_FIELDS = ("file_id", "file_unique_id", "file_size")
# The library requires these:
MEDIA_FIELDS = (*FILE_FIELDS, "width", "height", "length", "duration", "type", "is_animated", "is_video")
USER_FIELDS = ("id", "is_bot", "language_code")
CHAT_FIELDS = ("id", "type")
STAND_INS = (777000, 136817688, 1087968824)  # Telegram, Channel_Bot and GroupAnonymousBot
QUERY_FIELDS = ("id", "chat_instance", "data")
# The library also requires these, and their values do not matter:
NO_NAME = {"first_name": "-"}
NO_CHAT_INSTANCE = {"chat_instance": "-"}
NO_DATE = {"date": 1}


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
        rows = [_row(update) for update in updates]
        new = await self._db.write(lambda connection: inbox.receive(connection, rows))
        for row in sorted(rows, key=lambda row: row.update_id):
            if row.update_id in new:
                new.discard(row.update_id)  # one batch may contain the same update twice
                self._schedule(row)

    async def resume(self) -> None:
        """Dispatch, in order, the stored updates that were not answered. Call it before `poll`."""
        await self._db.write(lambda connection: inbox.drop_answered(connection, datetime.now(UTC) - REMEMBERED))
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

    def __init__(self, receiver: Receiver, db: DbExecutor, outbox: Outbox) -> None:
        super().__init__(max_concurrent_updates=MAX_IN_PROGRESS)
        self._receiver = receiver
        self._db = db
        self._outbox = outbox
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
            await self._outbox.resume(update.update_id, message)
            return True
        chat = update.effective_chat
        return chat is not None and await self._outbox.resume_unsearchable(update.update_id, chat.id)

    async def initialize(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass


def sanitize(update: dict[str, Any]) -> ReceivedUpdate:
    """An update as a row of the inbox: only what an answer needs.

    The one rule: a field that is not listed above is not stored. Names of people, chats and files never are, and a
    caption is stored only if it may call the bot.
    """
    content: dict[str, Any] = {"update_id": update["update_id"]}
    message, sender = None, None
    if query := update.get("callback_query"):
        message, sender = query.get("message"), query.get("from")
        content["callback_query"] = {**NO_CHAT_INSTANCE, **_pick(query, QUERY_FIELDS), "from": _user(sender)}
        if message:
            content["callback_query"]["message"] = _reference(message)
    elif message := update.get("message"):
        sender = message.get("from")
        content["message"] = _message(message)
    chat = (message or {}).get("chat") or {}
    sender_chat = content.get("message", {}).get("sender_chat") or {}
    user_id = sender_id((sender or {}).get("id"), sender_chat.get("id"), chat.get("id"))
    return ReceivedUpdate(update["update_id"], chat.get("id"), user_id, (message or {}).get("message_id"), content)


def sender_id(user_id: int | None, sender_chat_id: int | None, chat_id: int | None) -> int | None:
    """Who sent a message or tapped a button; a negative number for somebody who writes as a group or channel.

    For these, Telegram names one user for all such senders in all groups, so nothing may depend on that user.

    Args:
        user_id: the sender according to Telegram.
        sender_chat_id: the group or channel in whose name the message was sent.
        chat_id: the chat of the message.
    """
    if sender_chat_id is not None:
        return sender_chat_id
    return chat_id if user_id in STAND_INS else user_id


def _message(message: dict[str, Any]) -> dict[str, Any]:
    message = {**_missing_entities(message), **message}
    kept = {**_pick(message, MESSAGE_FIELDS), "chat": _pick(message["chat"], CHAT_FIELDS)}
    if any(entity.get("type") in CALL_ENTITIES.values() for entity in message.get("caption_entities", ())):
        kept |= _pick(message, CAPTION_FIELDS)
    if "photo" in message:
        kept["photo"] = [_pick(size, MEDIA_FIELDS) for size in message["photo"]]
    kept |= {kind: _pick(message[kind], MEDIA_FIELDS) for kind in KINDS if kind in message}
    if sender := message.get("from"):
        kept["from"] = _user(sender)
    if sender_chat := message.get("sender_chat"):
        kept["sender_chat"] = _pick(sender_chat, CHAT_FIELDS)
    if replied := message.get("reply_to_message"):
        kept["reply_to_message"] = _reference(replied)
        if sender := replied.get("from"):
            kept["reply_to_message"]["from"] = _user(sender)
    return kept


def _missing_entities(message: dict[str, Any]) -> dict[str, Any]:
    """The mentions and commands in a text and a caption, for a server that does not mark them."""
    names = {"text": "entities", "caption": "caption_entities"}
    return {mark: [*_calls(message[name])] for name, mark in names.items() if message.get(name)}


def _calls(text: str) -> Iterator[dict[str, Any]]:
    for match in CALL.finditer(text):
        start, length = (len(part.encode("utf-16-le")) // 2 for part in (text[: match.start()], match[0]))
        yield {"type": CALL_ENTITIES[match[0][0]], "offset": start, "length": length}


def _reference(message: dict[str, Any]) -> dict[str, Any]:
    return {**NO_DATE, **_pick(message, ("message_id", "date")), "chat": _pick(message["chat"], CHAT_FIELDS)}


def _user(user: dict[str, Any] | None) -> dict[str, Any]:
    return {"is_bot": False, **NO_NAME, **_pick(user or {}, USER_FIELDS)}


def _pick(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in names if name in fields}
