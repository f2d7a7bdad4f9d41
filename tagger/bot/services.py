"""What every part of the bot may use, made once when it starts."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field

from db.engine import Store
from db.rows import LandmarkRow
from db.telegram import people
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import Link
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.outbox import Outbox
from tagger.config.settings import Settings

REMEMBERED = 10_000  # people whose language is not asked of the store again


@dataclass(frozen=True, slots=True)
class Services:
    """Args:
    landmarks: all that the store knows, by their numbers there.
    numbers: the numbers of the landmarks that the model knows, by key.
    run: the number of the bot's own run.
    taps: by chat: one tap is handled after another.
    chosen: the languages that people chose, None where they chose none.
    typing: by chat: when the bot was last shown typing, while it still is.
    errands: tasks that nobody waits for.
    """

    settings: Settings
    bot: Link
    store: Store
    desk: DbExecutor
    model: MicroBatcher
    turns: ChatQueue
    outbox: Outbox
    spool: Downloads
    languages: Languages
    landmarks: dict[int, LandmarkRow]
    numbers: dict[str, int]
    run: int
    taps: defaultdict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    chosen: OrderedDict[int, str | None] = field(default_factory=OrderedDict)
    typing: dict[int, float] = field(default_factory=dict)
    errands: set[asyncio.Task[None]] = field(default_factory=set)

    async def language(self, user_id: int, of_person: str | None) -> Language:
        if user_id not in self.chosen:
            found = await self.desk.read(lambda connection: people.language(connection, user_id))
            self.chosen[user_id] = found
            while len(self.chosen) > REMEMBERED:
                self.chosen.popitem(last=False)
        return self.languages.best(self.chosen[user_id], of_person)
