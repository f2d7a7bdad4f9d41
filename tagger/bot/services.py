"""What every part of the bot may use, created once at the start."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field

from db.engine import Store
from db.telegram import people
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import BotClient
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.outbox import Outbox
from tagger.config.settings import Settings
from tagger.core.types import Landmark

MAX_REMEMBERED = 10_000  # people whose language is cached


@dataclass(frozen=True, slots=True)
class Services:
    """The bot's parts and its state in memory.

    Args:
        landmarks: all landmarks of the store, by their ids there.
        landmark_ids: the ids of the landmarks that the model knows, by key.
        run_id: the bot's own run.
        callback_locks: by chat: buttons are handled one at a time.
        chosen_languages: by user: the language they chose, or None.
        typing_since: by chat: when "typing" was last shown (seconds of the event loop's clock).
        background_tasks: keeps tasks alive that nobody awaits.
    """

    settings: Settings
    bot: BotClient
    store: Store
    db: DbExecutor
    batcher: MicroBatcher
    chat_queue: ChatQueue
    outbox: Outbox
    downloads: Downloads
    languages: Languages
    landmarks: dict[int, Landmark]
    landmark_ids: dict[str, int]
    run_id: int
    callback_locks: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    chosen_languages: OrderedDict[int, str | None] = field(default_factory=OrderedDict)
    typing_since: dict[int, float] = field(default_factory=dict)
    background_tasks: set[asyncio.Task[None]] = field(default_factory=set)

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
