"""Albums: photos that belong together but arrive one by one, in any order.

An album is answered once, when no photo of it has arrived for a moment; a later photo edits that answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from db.telegram import answers
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.photos import incoming_photo, process_photo
from tagger.bot.render.replies import add_to_album, answer_photos
from tagger.bot.render.reply_content import ProcessedPhoto

MAX_REMEMBERED = 100  # refused albums


@dataclass(slots=True)
class _Album:
    deadline: float
    is_addressed: bool = False
    members: list[UpdateContext] = field(default_factory=list)
    tasks: dict[int, asyncio.Task[ProcessedPhoto]] = field(default_factory=dict)  # by message
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """The albums that are being collected."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_s = wait_ms / 1000
        self._open: dict[tuple[int, str], _Album] = {}
        self._refused: deque[tuple[int, str]] = deque(maxlen=MAX_REMEMBERED)

    async def join(self, context: UpdateContext, *, is_addressed: bool) -> None:
        """Add a photo to its album, and wait until the album is answered.

        Args:
            is_addressed: the message is for the bot. In a group at most one message of an album is, so the photos are
                not downloaded before it arrives.
        """
        key = (context.chat.id, str(context.message.media_group_id))
        now = asyncio.get_running_loop().time()
        is_first = key not in self._open
        album = self._open.setdefault(key, _Album(now))
        album.deadline = now + self._wait_s
        album.members.append(context)
        album.is_addressed |= is_addressed
        _start_processing(album)
        if not is_first:
            await album.answered.wait()
            return
        try:
            await self._collect(key, album)
            if album.is_addressed:
                await _answer(album, key[1])
        finally:
            album.answered.set()

    def is_first_refusal(self, context: UpdateContext) -> bool:
        """Whether to tell the person that a photo is refused: only once per album."""
        if context.message.media_group_id is None:
            return True
        key = (context.chat.id, context.message.media_group_id)
        is_first = key not in self._refused
        self._refused.append(key)
        return is_first

    async def _collect(self, key: tuple[int, str], album: _Album) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (left := album.deadline - loop.time()) > 0:
                await asyncio.sleep(left)
        finally:
            del self._open[key]


def _start_processing(album: _Album) -> None:
    """Process the photos so far, if the album is addressed to the bot."""
    if album.is_addressed:
        for context in album.members:
            message_id = context.message.message_id
            if message_id not in album.tasks:
                photo = incoming_photo(context.message)
                album.tasks[message_id] = asyncio.create_task(process_photo(context.services, photo))


async def _answer(album: _Album, group: str) -> None:
    """Answer all photos, in the order of their messages, with one message to the first update."""
    first = album.members[0]
    photos = [await album.tasks[message_id] for message_id in sorted(album.tasks)]
    services, chat_id = first.services, first.chat.id
    await services.chat_queue.wait_turn(first.update.update_id)  # photos that came earlier are answered by then
    earlier = await services.db.read(lambda c: answers.album_answer(c, chat_id=chat_id, album=group))
    if earlier is None:
        others = [context.update.update_id for context in album.members[1:]]
        await answer_photos(first, photos, album=group, also_answers=others)
        return
    await add_to_album(first, earlier, photos)
