"""Finds out whether a message was sent when nothing else shows it.

The Bot API has no idempotency key and no list of sent messages. But a bot can edit its own messages and no others. So
the search writes a message's text and buttons over each message number that it may have: "not found" and "can't be
edited" mean another message or none; "not modified", or success, means that this is the message.

The one rule: only numbers that no known message has are tried, and they are higher than all that were known in the chat
when the message was stored. The chat queue sends nothing else to the chat meanwhile, so the search cannot hit another
message of the bot.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from db.telegram import inbox
from tagger.bot.db_executor import DbExecutor
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.message import OutgoingMessage, inline_markup
from tagger.bot.transport.retry import with_retries

log = logging.getLogger(__name__)

MAX_NUMBERS = 10_000  # remembered at most
BEYOND, BEYOND_IN_GROUPS = 3, 10  # numbers tried above the highest known; a bot does not see all messages of a group
MAX_CANDIDATES = 12  # of each sequence, tried at a time
FIRST_PAUSE_S, GROWTH = 5.0, 3  # between two rounds of candidates
NOBODYS = 1_000_000  # a number so far above all known ones belongs to no message


class MessageNumbers:
    """The message numbers seen recently, by chat."""

    def __init__(self) -> None:
        self._by_chat: dict[int, set[int]] = {}
        self._in_order: deque[tuple[int, int]] = deque()

    def add(self, chat_id: int, message_id: int) -> None:
        """Note that a message of this chat has this number."""
        self._by_chat.setdefault(chat_id, set()).add(message_id)
        self._in_order.append((chat_id, message_id))
        if len(self._in_order) > MAX_NUMBERS:
            oldest_chat, oldest = self._in_order.popleft()
            self._by_chat[oldest_chat].discard(oldest)
            if not self._by_chat[oldest_chat]:
                del self._by_chat[oldest_chat]

    def of_chat(self, chat_id: int) -> set[int]:
        return self._by_chat.get(chat_id, set())

    def of_sequence(self, chat_id: int) -> set[int] | None:
        """The numbers of all chats that may share a sequence with this one; None if it has one of its own.

        At Telegram, private chats and small groups share one sequence, and each supergroup has its own. Other servers
        number each chat by itself, or all chats together. Chats in which the same number was seen share nothing.
        """
        chats = [chat for chat in self._by_chat if inbox.shares_numbers(chat)] if inbox.shares_numbers(chat_id) else []
        sets = [self._by_chat[chat] for chat in chats or self._by_chat]
        together = set().union(*sets)
        return together if sum(map(len, sets)) == len(together) else None


@dataclass(frozen=True, slots=True)
class Doubt:
    """A request whose outcome is unknown.

    Args:
        until: seconds since 1970; after that it can no longer take effect.
        is_earlier: an earlier process made it.
    """

    until: float
    is_earlier: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a message was sent, and its number if that is known."""

    is_sent: bool
    message_id: int | None = None


class MessageSearch:
    """Settles doubts about messages."""

    def __init__(self, bot: BotClient, db: DbExecutor) -> None:
        self._bot = bot
        self._db = db
        self.numbers = MessageNumbers()
        self._doubts = 0
        self._trying = asyncio.Lock()
        self._is_worthless: bool | None = None  # the server confirms edits of messages that are not the bot's

    async def settle(self, message: OutgoingMessage, doubt: Doubt) -> Finding:
        """Find out whether a message was sent. Rounds of a few edits continue until the message can no longer arrive.

        A question cannot be edited, so it counts as not sent. Where edits prove nothing, a message counts as sent if an
        earlier process died while it was under way, and as not sent if its connection broke.
        """
        if message.asks:
            return Finding(is_sent=False)
        if await self._proves_nothing(message):
            return Finding(doubt.is_earlier)
        self._doubts += 1
        try:
            pause_s = FIRST_PAUSE_S
            while (number := await self._round(message)) is None:
                if (left_s := doubt.until - time.time()) <= 0:
                    return Finding(is_sent=False)
                await asyncio.sleep(min(pause_s, left_s))
                pause_s *= GROWTH
        finally:
            self._doubts -= 1
        log.info("Message %d of a chat had been sent already; it is not sent again", number)
        return Finding(is_sent=True, message_id=number)

    async def _proves_nothing(self, message: OutgoingMessage) -> bool:
        """Whether this server also lets a bot edit a message that does not exist, or a person's."""
        async with self._trying:
            if self._is_worthless is None:
                last = max(message.above_chat, message.above_shared, *self.numbers.of_chat(message.chat_id), 0)
                others = [last + NOBODYS, *([message.reply_to] if message.reply_to else [])]
                self._is_worthless = any([await self._becomes(message, number) for number in others])
        return self._is_worthless

    async def _round(self, message: OutgoingMessage) -> int | None:
        last_ids = await self._db.read(lambda connection: inbox.last_message_ids(connection, message.chat_id))
        for number in list(self._candidates(message, last_ids)):  # what is learned in the loop would change it
            if await self._becomes(message, number):
                return number
        return None

    def _candidates(self, message: OutgoingMessage, last_ids: inbox.LastMessageIds) -> Iterator[int]:
        """The numbers that a message may have: first those of its own chat, then those of chats that share numbers."""
        beyond = BEYOND if message.chat_id > 0 else BEYOND_IN_GROUPS
        own = _unknown(message.above_chat, last_ids.chat + beyond, self.numbers.of_chat(message.chat_id))
        yield from islice(own, MAX_CANDIDATES)
        if (taken := self.numbers.of_sequence(message.chat_id)) is not None:
            shared = _unknown(message.above_shared, last_ids.shared + beyond + self._doubts, taken)
            of_others = (number for number in shared if not message.above_chat < number <= last_ids.chat + beyond)
            yield from islice(of_others, MAX_CANDIDATES + self._doubts)  # each doubt may be about one of them

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
            if "can't be edited" in str(error).lower():
                self.numbers.add(message.chat_id, message_id)
            return "not modified" in str(error).lower()
        except TelegramError:
            return False
        return True


def _unknown(above: int, last: int, taken: set[int]) -> Iterator[int]:
    return (number for number in range(above + 1, max(above, last) + 1) if number not in taken)
