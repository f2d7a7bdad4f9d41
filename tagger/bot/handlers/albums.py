"""Albums: photos that belong together and come one by one, in any order.

The one rule: an album is answered once, when nothing has come of it for a moment; what comes later changes that answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from db.telegram import answers
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.photos import incoming, look_at
from tagger.bot.render.replies import add_to_album, answer
from tagger.bot.render.reply_content import ProcessedPhoto

REMEMBERED = 100  # albums that were refused


@dataclass(slots=True)
class _Album:
    until: float
    is_wanted: bool = False
    members: list[UpdateContext] = field(default_factory=list)
    looks: dict[int, asyncio.Task[ProcessedPhoto]] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """The albums that are being collected."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_s = wait_ms / 1000
        self._open: dict[tuple[int, str], _Album] = {}
        self._refused: deque[tuple[int, str]] = deque(maxlen=REMEMBERED)

    async def join(self, visit: UpdateContext, *, is_wanted: bool) -> None:
        """One photo of an album; returns when the album is answered.

        Args:
            is_wanted: the bot is meant by this message. In a group that is one of an album's at most, so its photos
                are not even fetched before one of them is.
        """
        key = (visit.chat.id, str(visit.message.media_group_id))
        now = asyncio.get_running_loop().time()
        is_first = key not in self._open
        album = self._open.setdefault(key, _Album(now))
        album.until = now + self._wait_s
        album.members.append(visit)
        album.is_wanted |= is_wanted
        _start(album)
        if not is_first:
            await album.done.wait()
            return
        try:
            await self._collect(key, album)
            if album.is_wanted:
                await _answer(album, key[1])
        finally:
            album.done.set()

    def refuse(self, visit: UpdateContext) -> bool:
        """Whether the person is to be told that a photo is not looked at: of an album only once."""
        if visit.message.media_group_id is None:
            return True
        key = (visit.chat.id, visit.message.media_group_id)
        is_first = key not in self._refused
        self._refused.append(key)
        return is_first

    async def _collect(self, key: tuple[int, str], album: _Album) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (left := album.until - loop.time()) > 0:
                await asyncio.sleep(left)
        finally:
            del self._open[key]


def _start(album: _Album) -> None:
    """Look at the photos that came so far, if somebody wants that."""
    if album.is_wanted:
        for visit in album.members:
            number = visit.message.message_id
            if number not in album.looks:
                album.looks[number] = asyncio.create_task(look_at(visit.services, incoming(visit.message)))


async def _answer(album: _Album, group: str) -> None:
    """By the first update, for all of them; in the order of the messages."""
    first = album.members[0]
    seen = [await album.looks[number] for number in sorted(album.looks)]
    desk, chat_id = first.services.desk, first.chat.id
    await first.services.turns.wait(first.update.update_id)  # by then, whatever came of it earlier is answered
    earlier = await desk.read(lambda c: answers.album_answer(c, chat_id=chat_id, album=group))
    if earlier is None:
        others = [visit.update.update_id for visit in album.members[1:]]
        await answer(first, seen, album=group, together=others)
        return
    await add_to_album(first, earlier, seen)
