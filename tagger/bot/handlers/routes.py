"""Who gets an answer, and which handler gives it: the table of everything that a person can send or tap.

Every update has exactly one handler; the last one takes whatever the others do not. In a private chat every message
gets an answer; in a group the bot is silent unless it is addressed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from telegram import MessageEntity, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from db.telegram import people
from tagger.bot.context import Handler, Services, UpdateContext
from tagger.bot.handlers import admin, buttons, commands, landmark_search, my_photos, privacy
from tagger.bot.handlers.photos import Albums, answer_photo
from tagger.bot.render.error_texts import BROKEN, OF_MESSAGE, OTHER
from tagger.bot.render.languages import N_

log = logging.getLogger(__name__)

NOT_ALLOWED = N_("This bot is private. Ask its operator to add your number: {number}")
ANONYMOUS = N_("I cannot tell who you are here, so please ask me in our private chat.")
NOT_YOUR_LIST, NOT_YOUR_QUESTION = N_("This list is for somebody else."), N_("This question is for somebody else.")
LIMIT_REACHED = N_("That was the last of {n} photos for today. I am looking forward to tomorrow!")


async def _start(context: UpdateContext) -> None:
    """Greet; after a link from a group, which names a command, answer that command."""
    command = context.arguments if context.is_private and context.arguments in PERSONAL else ""
    await (COMMANDS[command](replace(context, arguments="")) if command else commands.start(context))


COMMANDS: dict[str, Handler] = {
    "start": _start,
    "help": commands.show_help,
    "privacy": commands.privacy,
    "language": commands.language,
    "labels": commands.labels,
    "places": my_photos.places,
    "find": my_photos.find,
    "map": my_photos.send_map,
    "stats": my_photos.stats,
    "export": privacy.export,
    "forget": privacy.forget,
    "health": admin.health,
    "runs": admin.runs,
}

PERSONAL = {"language", "places", "find", "map", "stats", "export", "forget"}  # about the person who asks

# By the word before the first colon of a button's data; the rest are its arguments. Sent messages carry these words.
BUTTONS: dict[str, Handler] = {
    "right": buttons.confirm,
    "is": buttons.choose_landmark,
    "none": buttons.none_of_these,
    "else": buttons.ask_for_name,
    "map": buttons.show_on_map,
    "places": my_photos.turn_places_page,
    "found": my_photos.turn_found_page,
    "mapfile": my_photos.send_other_map,
    "labels": commands.turn_labels_page,
    "language": commands.choose_language,
    "forget": privacy.forget_person,
    "keep": privacy.keep_data,
}

NUMBER = r"\d{1,15}"
ARGUMENTS = {  # of buttons, as a pattern; what does not match is forged
    **dict.fromkeys(("right", "none"), f"{NUMBER}(:{NUMBER})?"),
    **dict.fromkeys(("else", "map", "places", "labels"), NUMBER),
    "is": f"{NUMBER}:{NUMBER}(:{NUMBER})?",
    "found": f"{NUMBER}:{NUMBER}",
}
LISTS = {"places", "found", "mapfile", "labels"}
OF_ASKER = {"places", "found", "mapfile", "language", "forget", "keep"}  # in a group, only for the person who asked

Callback = Callable[[Update, Any], Coroutine[Any, Any, None]]


def add_handlers(application: Application[Any, Any, Any, Any, Any, Any], services: Services) -> None:
    """Register all handlers. An update goes to the first one that matches, and to no other."""
    albums = Albums(services.settings.bot_album_ms)

    async def photo(context: UpdateContext) -> None:
        await _photo_message(context, albums)

    def on(handler: Handler) -> Callback:
        return _callback(services, handler)

    for name, handler in COMMANDS.items():
        callback = on(_of_somebody(handler) if name in PERSONAL else handler)
        application.add_handler(CommandHandler(name, callback, filters=filters.UpdateType.MESSAGE))
    application.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL & ~filters.ANIMATION, on(photo)))
    application.add_handler(MessageHandler(filters.TEXT, on(landmark_search.text_message)))
    application.add_handler(CallbackQueryHandler(on(_button)))
    application.add_handler(MessageHandler(filters.ALL, on(_other_message)))
    application.add_handler(TypeHandler(Update, _ignore))
    application.add_error_handler(_error_handler(services))


def _callback(services: Services, handler: Handler) -> Callback:
    async def callback(update: Update, ptb_context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.effective_user is None or update.effective_chat is None:
            return  # a channel's post, which has no sender
        context = await UpdateContext.create(services, update, " ".join(ptb_context.args or ()))
        if services.open_work.is_forgotten(context.sender):
            return
        with services.open_work.of(context.sender):
            if _is_allowed(context):
                await handler(context)
            elif update.callback_query is None and context.is_private:
                await context.reply(context._(NOT_ALLOWED).format(number=context.user_id))

    return callback


def _of_somebody(handler: Handler) -> Handler:
    """A command that needs a person: somebody who writes as a group or channel is told to ask in private."""

    async def handle(context: UpdateContext) -> None:
        await (handler(context) if context.user_id > 0 else context.reply(context._(ANONYMOUS)))

    return handle


def _is_allowed(context: UpdateContext) -> bool:
    settings = context.services.settings
    ids = {context.user_id, context.chat.id}
    return not settings.bot_allow or bool(ids & {*settings.bot_allow, settings.bot_admin_chat})


async def _photo_message(context: UpdateContext, albums: Albums) -> None:
    """A photo, or a file that may be one."""
    addressed = _is_addressed(context)
    is_album = context.message.media_group_id is not None
    if not addressed and not is_album:
        return
    if addressed:
        if not await _count_photo(context):
            if albums.is_first_refusal(context):
                await context.reply(context._(LIMIT_REACHED).format(n=context.services.settings.bot_daily_limit))
            return
        context.show_typing()
    if is_album:
        await albums.join(context, is_addressed=addressed)
        return
    await answer_photo(context)


def _is_addressed(context: UpdateContext) -> bool:
    """Whether a message is for the bot: it is private, replies to the bot, mentions it, or contains a command."""
    if context.is_private:
        return True
    message, bot = context.message, context.services.bot
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    entities = [*message.parse_entities().items(), *message.parse_caption_entities().items()]
    return any(_addresses(entity, text.lower(), f"@{bot.username}".lower()) for entity, text in entities)


async def _count_photo(context: UpdateContext) -> bool:
    """Count a photo, and return whether it is within the daily limit."""
    limit, user_id = context.services.settings.bot_daily_limit, context.user_id
    if not limit:
        return True
    today = datetime.now(UTC).date().isoformat()
    count = await context.services.db.write(lambda connection: people.count_photo(connection, user_id, today))
    return count <= limit


def _addresses(entity: MessageEntity, text: str, name: str) -> bool:
    if entity.type == MessageEntity.MENTION:
        return text == name
    if entity.type == MessageEntity.BOT_COMMAND:
        return "@" not in text or text.endswith(name)
    return False


async def _button(context: UpdateContext) -> None:
    query = context.update.callback_query
    assert query is not None
    name, _, arguments = (query.data or "").partition(":")
    asker, is_askers = "", context.is_private
    if name == "for":
        asker, name, arguments = (*arguments.split(":", 2), "", "")[:3]
        is_askers = asker == str(context.user_id)
    is_forged = not re.fullmatch(ARGUMENTS.get(name, ".*"), arguments)
    if (handler := BUTTONS.get(name)) is None or query.message is None or is_forged:
        await context.answer_callback()
    elif not is_askers and (asker or name in OF_ASKER):
        await context.answer_callback(context._(NOT_YOUR_LIST if name in LISTS else NOT_YOUR_QUESTION))
    else:
        await handler(replace(context, arguments=arguments))


async def _other_message(context: UpdateContext) -> None:
    """Neither a photo nor a text; ignored in a group."""
    if context.is_private:
        kinds = (kind for kind in OF_MESSAGE if getattr(context.message, kind))
        await context.reply(context._(OF_MESSAGE.get(next(kinds, ""), OTHER)))


async def _ignore(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """An update of a kind that was not requested."""


def _error_handler(services: Services) -> Callable[[object, Any], Coroutine[Any, Any, None]]:
    async def on_error(update: object, ptb_context: ContextTypes.DEFAULT_TYPE) -> None:
        update_id = update.update_id if isinstance(update, Update) else None
        log.error("Update %s could not be answered", update_id, exc_info=ptb_context.error)
        if isinstance(update, Update) and update_id not in services.outbox.finished and update.message is not None:
            context = await UpdateContext.create(services, update)
            await context.reply(context._(BROKEN))

    return on_error
