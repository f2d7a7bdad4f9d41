"""The bot's parts and its state in memory, which all handlers share."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, defaultdict
from collections.abc import Coroutine
from dataclasses import dataclass, field

from telegram.constants import ChatAction
from telegram.error import TelegramError

from db.engine import Store
from db.read import catalog
from db.taught.places import taught_version
from db.telegram import people
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.open_work import OpenWork
from tagger.bot.render.error_texts import MAX_FILE_BYTES
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.chat_queue import ChatQueue, FairSlots
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.crash_journal import CrashJournal
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.outbox import Outbox
from tagger.config.settings import Settings
from tagger.core.types import Landmark
from tagger.model.languages import localized

MAX_REMEMBERED = 10_000  # people whose language is cached
TYPING_S = 4.5  # Telegram shows it for 5 s, or until the bot's next message
MAX_TOAST = 200  # characters, Bot API


@dataclass(frozen=True, slots=True)
class Services:
    """The bot's parts and its state in memory.

    Args:
        landmarks: all landmarks of the store, by their ids there.
        landmark_ids: the ids of the landmarks that the model knows, by key.
        photo_slots: shares downloads between chats.
        decoder_slots: shares decoders between chats, so that photos of one chat that hang theirs leave some to others.
        run_id: the bot's own run.
        callback_locks: by chat: buttons are handled one at a time.
        chosen_languages: by user: the language they chose, or None.
        typing_since: by chat and topic: when "typing" was last shown (seconds of the event loop's clock).
        open_work: the work in progress, by person.
        names: by chat and user: what the answers in a group call a person; empty for an anonymous admin.
        background_tasks: keeps tasks alive that nobody awaits.
        localized: by language: what `landmarks_in` has returned.
    """

    settings: Settings
    bot: BotClient
    store: Store
    db: DbExecutor
    batcher: MicroBatcher
    chat_queue: ChatQueue
    outbox: Outbox
    crash_journal: CrashJournal
    downloads: Downloads
    photo_slots: FairSlots
    decoder_slots: FairSlots
    languages: Languages
    landmarks: dict[int, Landmark]
    landmark_ids: dict[str, int]
    run_id: int
    callback_locks: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    chosen_languages: OrderedDict[int, str | None] = field(default_factory=OrderedDict)
    typing_since: dict[tuple[int, int | None], float] = field(default_factory=dict)
    open_work: OpenWork = field(default_factory=OpenWork)
    names: OrderedDict[tuple[int, int], str] = field(default_factory=OrderedDict)
    background_tasks: set[asyncio.Task[None]] = field(default_factory=set)
    localized: dict[str, dict[int, Landmark]] = field(default_factory=dict)

    @property
    def max_file_bytes(self) -> int:
        return min(MAX_FILE_BYTES, self.settings.max_file_bytes)

    def know(self, keys: set[str]) -> None:
        """Look up landmarks that were taught after the bot started."""
        if keys <= self.landmark_ids.keys():
            return
        with self.store.read() as connection:
            stored = catalog.landmarks(connection)
        self.landmarks.update(stored)
        self.landmark_ids.update({row.id: number for number, row in stored.items() if row.id in keys})
        self.localized.clear()

    async def follow_examples(self) -> None:
        """Let the model, and the stored answers, follow examples of taught places that were removed."""
        tagger = self.batcher.tagger
        if await self.db.read(taught_version) != tagger.taught.version:
            from tagger.library.taught.examples import follow_examples

            self.start(asyncio.to_thread(follow_examples, self.store, tagger, min_score=self.batcher.min_score))

    def landmarks_in(self, language: Language) -> dict[int, Landmark]:
        """All landmarks of the store, with names, cities and countries in a language."""
        code = language.names
        if code not in self.localized:
            self.localized[code] = {number: localized(row, code) for number, row in self.landmarks.items()}
        return self.localized[code]

    async def language(self, user_id: int, telegram_code: str | None) -> Language:
        """The language to speak with a person.

        Args:
            telegram_code: the language of their Telegram app.
        """
        if user_id not in self.chosen_languages:
            chosen = await self.db.read(lambda connection: people.language(connection, user_id))
            self.chosen_languages[user_id] = chosen
            while len(self.chosen_languages) > MAX_REMEMBERED:
                self.chosen_languages.popitem(last=False)
        return self.languages.best(self.chosen_languages[user_id], telegram_code)

    def show_typing(self, chat_id: int, thread_id: int | None) -> None:
        """See `UpdateContext.show_typing`."""
        now = asyncio.get_running_loop().time()
        if now - self.typing_since.get((chat_id, thread_id), -TYPING_S) < TYPING_S:
            return
        self.typing_since[chat_id, thread_id] = now
        self.start(self._send_typing(chat_id, thread_id))

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Work for which nobody waits."""
        task = asyncio.create_task(work)
        self.background_tasks.add(task)
        task.add_done_callback(self.background_tasks.discard)

    def forget_person(self, user_id: int) -> None:
        """Drop what is in memory about a person."""
        self.chosen_languages.pop(user_id, None)
        for key in [key for key in self.names if key[1] == user_id]:
            del self.names[key]

    async def _send_typing(self, chat_id: int, thread_id: int | None) -> None:
        with contextlib.suppress(TelegramError):
            await self.bot.send_chat_action(chat_id, ChatAction.TYPING, message_thread_id=thread_id)

    async def answer_callback(self, query_id: str, text: str = "") -> None:
        """Answer a tap, see `UpdateContext.answer_callback`."""
        with contextlib.suppress(TelegramError):
            await self.bot.answer_callback_query(query_id, text[:MAX_TOAST] or None)

    async def member_name(self, chat_id: int, user_id: int) -> str:
        """The first name of a group's member; empty for an anonymous admin, or if Telegram does not give it.

        Names are never stored, so it is looked up.
        """
        key = (chat_id, user_id)
        if key not in self.names and user_id > 0:
            try:
                member = await self.bot.get_chat_member(chat_id, user_id)
            except TelegramError:
                return ""
            self.names[key] = "" if getattr(member, "is_anonymous", False) else member.user.first_name
            while len(self.names) > MAX_REMEMBERED:
                self.names.popitem(last=False)
        return self.names.get(key, "")
