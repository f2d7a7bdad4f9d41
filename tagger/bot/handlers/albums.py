"""Collects albums, whose photos arrive one by one and in any order, and answers each with one message.

An album is answered once no photo of it has arrived for a moment; a later photo edits that answer. In a group an album
is for the bot as soon as one of its messages, or a reply to one, is. So the photos of the last albums are remembered,
in memory only: their file ids, no pictures.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from telegram import Message

from db.telegram import answers
from db.telegram.answers import UnknownContent
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.photos import count_photos, process_photo
from tagger.bot.handlers.privacy import forget_results
from tagger.bot.incoming import IncomingPhoto, incoming_photo
from tagger.bot.render.processed import ProcessedPhoto
from tagger.bot.render.replies import add_to_album, answer_photos
from tagger.bot.services import Services

MAX_REMEMBERED = 1000  # albums
MAX_REFUSED = 100  # albums

Key = tuple[int, str]  # the chat, and Telegram's id of the album


@dataclass(slots=True)
class _Seen:
    """The photos of an album that have arrived, by message.

    Attributes:
        taken: the messages whose photos are in an answer, or will be.
    """

    photos: dict[int, IncomingPhoto] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Album:
    """An album that is being collected."""

    seen: _Seen
    deadline: float = 0.0
    is_addressed: bool = False
    counted: set[int] = field(default_factory=set)  # messages that count for the daily limit already
    members: list[UpdateContext] = field(default_factory=list)
    tasks: dict[int, asyncio.Task[ProcessedPhoto]] = field(default_factory=dict)  # by message
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def first(self) -> UpdateContext:
        """The member whose turn comes first."""
        return min(self.members, key=lambda context: context.update.update_id)

    def start(self, services: Services) -> None:
        """Process the photos that are in no answer yet."""
        for message_id, photo in self.seen.photos.items():
            if message_id not in self.seen.taken and not services.open_work.is_forgotten(photo.sender):
                self.seen.taken.add(message_id)
                self.tasks[message_id] = asyncio.create_task(_process(services, photo))


class Albums:
    """The albums that are being collected, and those that were."""

    def __init__(self, wait_ms: int) -> None:
        self._wait_s = wait_ms / 1000
        self._open: dict[Key, _Album] = {}
        self._seen: OrderedDict[Key, _Seen] = OrderedDict()
        self._refused: deque[Key] = deque(maxlen=MAX_REFUSED)

    async def join(self, context: UpdateContext, *, is_addressed: bool) -> None:
        """Add a message to its album, and wait until the album is answered.

        Args:
            is_addressed: the message is for the bot. In a group at most one message of an album is, so the photos are
                not downloaded before it arrives.
        """
        key = _key(context.message)
        seen = self._remember(key)
        seen.photos[context.message_id] = incoming_photo(context.sender, context.message)
        is_first = key not in self._open
        album = self._open.setdefault(key, _Album(seen))
        album.deadline = asyncio.get_running_loop().time() + self._wait_s
        album.members.append(context)
        album.is_addressed |= is_addressed
        if is_addressed:
            album.counted.add(context.message_id)
        if album.is_addressed:
            album.start(context.services)
        if not is_first:
            await album.answered.wait()
            return
        try:
            await self._collect(key, album)
            await _answer(album, key)
        except asyncio.CancelledError:
            if context.services.open_work.is_forgotten(context.sender):  # so that the album's tasks are cancelled, too
                tagged = await asyncio.gather(*album.tasks.values(), return_exceptions=True)
                await forget_results(context.services, context.sender, tagged)
            raise
        finally:
            album.answered.set()

    def asked_about(self, context: UpdateContext, replied: Message) -> list[IncomingPhoto]:
        """The photo of a message that was replied to; of an album, all its photos that are remembered."""
        photo = incoming_photo(context.sender, replied)
        if replied.media_group_id is None:
            return [photo]
        seen = self._remember(_key(replied))
        seen.photos[photo.message_id] = photo
        seen.taken.update(seen.photos)
        in_order = (seen.photos[message_id] for message_id in sorted(seen.photos))
        forgotten = context.services.open_work.is_forgotten
        return [replace(photo, sender=context.sender) for photo in in_order if not forgotten(photo.sender)]

    def is_first_refusal(self, context: UpdateContext) -> bool:
        """Whether to tell the person that a photo is refused: only once per album."""
        if context.message.media_group_id is None:
            return True
        key = _key(context.message)
        is_first = key not in self._refused
        self._refused.append(key)
        return is_first

    def _remember(self, key: Key) -> _Seen:
        seen = self._seen.setdefault(key, _Seen())
        self._seen.move_to_end(key)
        while len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return seen

    async def _collect(self, key: Key, album: _Album) -> None:
        loop = asyncio.get_running_loop()
        try:
            while (left := album.deadline - loop.time()) > 0:
                await asyncio.sleep(left)
        finally:
            del self._open[key]


def _key(message: Message) -> Key:
    return message.chat.id, str(message.media_group_id)


async def _process(services: Services, photo: IncomingPhoto) -> ProcessedPhoto:
    with services.open_work.of(photo.sender):
        return await process_photo(services, photo)


async def _answer(album: _Album, key: Key) -> None:
    """Answer the album's first update with one message about all photos, in their order, or edit its answer."""
    context, services = album.first, album.first.services
    if not album.is_addressed:
        await services.chat_queue.wait_turn(context.update.update_id)  # an earlier photo has been answered by then
        if await _earlier_answer(services, key) is None:
            return
        album.start(services)
    photos = [await album.tasks[message_id] for message_id in sorted(album.tasks)]
    if not photos:
        return
    uncounted = album.tasks.keys() - album.counted  # in a group, only some messages of an album are for the bot
    await count_photos(context, sum(not album.seen.photos[message_id].other_kind for message_id in uncounted))
    await services.chat_queue.wait_turn(context.update.update_id)
    try:
        await _send(album, key, photos)
    except UnknownContent:  # somebody else had sent one of them, and was forgotten before it was stored for this person
        await _send(album, key, [await process_photo(services, photo) for photo in _photos(album)])


async def _send(album: _Album, key: Key, photos: Sequence[ProcessedPhoto]) -> None:
    context = album.first
    if (earlier := await _earlier_answer(context.services, key)) is not None:
        await add_to_album(context, earlier, photos)
    elif context.is_private or any(not photo.other_kind for photo in _photos(album)):
        others = [member.update.update_id for member in album.members if member is not context]
        await answer_photos(context, photos, album=key[1], also_answers=others)


def _photos(album: _Album) -> Sequence[IncomingPhoto]:
    return [album.seen.photos[message_id] for message_id in sorted(album.tasks)]


async def _earlier_answer(services: Services, key: Key) -> int | None:
    chat_id, album = key
    return await services.db.read(lambda c: answers.album_answer(c, chat_id=chat_id, album=album))
