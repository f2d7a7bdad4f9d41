"""Which messages are for the bot, and what they ask for: photos, texts, replies to photos, and edited messages.

In a private chat every message is for the bot; in a group those that mention it, reply to it, or contain a command.
"""

from __future__ import annotations

from telegram import Message, MessageEntity

from db.telegram import answers
from tagger.bot.context import UpdateContext
from tagger.bot.handlers import landmark_search, naming
from tagger.bot.handlers.albums import Albums
from tagger.bot.handlers.photos import answer_incoming, answer_photo, count_photos
from tagger.bot.incoming import has_photo, incoming_photo, other_kind
from tagger.bot.render.error_texts import OF_MESSAGE, OTHER, TEXT
from tagger.bot.render.languages import N_

SUGGEST = N_("Reply to a photo with /suggest, and I will tell you which landmark it shows.")
LIMIT_REACHED = N_("That was the last of {n} photos for today. I am looking forward to tomorrow!")


async def photo_message(context: UpdateContext, albums: Albums) -> None:
    """A photo, a file that may be one, or another part of an album."""
    addressed = _is_addressed(context)
    is_album = context.message.media_group_id is not None
    if not addressed and not is_album:
        return
    if addressed and has_photo(context.message):
        if not await _is_within_limit(context, albums):
            return
        if not context.is_quiet:
            context.show_typing()
    if is_album:
        await albums.join(context, is_addressed=addressed)
        return
    await answer_photo(context)


async def text_message(context: UpdateContext, albums: Albums) -> None:
    """A name that was asked for, or a name for the photo that the text replies to, or a question about it."""
    is_naming = context.is_private and naming.said_name(context) is not None
    if context.replied_photo and (_mentions_bot(context) or is_naming):
        await _answer_about_replied(context, albums)
    elif await landmark_search.answer_question(context):
        return
    elif context.is_private:
        await (_answer_about_replied(context, albums) if context.replied_photo else context.reply(context._(TEXT)))


async def suggest(context: UpdateContext, albums: Albums) -> None:
    """/suggest in reply to a photo."""
    replied = context.message.reply_to_message
    if context.replied_photo:
        await _answer_about_replied(context, albums)
    else:
        await context.reply(context._(OF_MESSAGE.get(other_kind(replied) if replied else "", SUGGEST)))


async def edited_message(context: UpdateContext, albums: Albums) -> None:
    """A message that calls the bot only since it was edited. What was answered before is not answered again."""
    message, update_id = context.message, context.update.update_id
    await context.services.chat_queue.wait_turn(update_id)
    unique = incoming_photo(context.sender, message).file_unique_id
    numbers = {"chat_id": context.chat_id, "user_id": context.user_id, "message_id": message.message_id}
    if await context.services.db.read(lambda c: answers.is_answered(c, update_id, **numbers, unique=unique)):
        return
    if has_photo(message):
        await photo_message(context, albums)
    elif context.replied_photo and (_mentions_bot(context) or _is_suggest(context)):
        await _answer_about_replied(context, albums)


async def _answer_about_replied(context: UpdateContext, albums: Albums) -> None:
    replied = context.replied_photo
    assert replied is not None
    photos = albums.asked_about(context, replied)
    if await _is_within_limit(context, albums, len(photos)):
        context.show_typing()
        name = naming.said_name(context)
        if name is None:
            await answer_incoming(context, photos, album=replied.media_group_id)
        else:
            await naming.name_photos(context, photos, name, album=replied.media_group_id)


def _is_addressed(context: UpdateContext) -> bool:
    """Whether a message is for the bot: it is private, replies to the bot, mentions it, or contains a command."""
    if context.is_private:
        return True
    message, bot = context.message, context.services.bot
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    commands = _entities(message, MessageEntity.BOT_COMMAND)
    return _mentions_bot(context) or any("@" not in text or text.endswith(_name(context)) for text in commands)


def _mentions_bot(context: UpdateContext) -> bool:
    return _name(context) in _entities(context.message, MessageEntity.MENTION)


def _is_suggest(context: UpdateContext) -> bool:
    return bool({"/suggest", f"/suggest{_name(context)}"} & {*_entities(context.message, MessageEntity.BOT_COMMAND)})


def _name(context: UpdateContext) -> str:
    return f"@{context.services.bot.username}".lower()


def _entities(message: Message, kind: str) -> list[str]:
    """The parts of a text or caption that are of a kind, in lower case."""
    found = {**message.parse_entities([kind]), **message.parse_caption_entities([kind])}
    return [text.lower() for text in found.values()]


async def _is_within_limit(context: UpdateContext, albums: Albums, photos: int = 1) -> bool:
    """Count photos; if the first is one too many today, say so, once per album."""
    earlier = await count_photos(context, photos) - photos
    if not (limit := context.services.settings.bot_daily_limit) or earlier < limit:
        return True
    if albums.is_first_refusal(context):
        await context.reply(context._(LIMIT_REACHED).format(n=limit))
    return False


async def other_message(context: UpdateContext) -> None:
    """Neither a photo nor a text; ignored in a group."""
    if context.is_private:
        await context.reply(context._(OF_MESSAGE.get(other_kind(context.message), OTHER)))
