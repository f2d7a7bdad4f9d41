"""Who gets an answer, and which handler gives it: the table of everything that a person can send or tap.

Every update has exactly one handler; the last one takes whatever the others do not. In a private chat every message
gets an answer; in a group the bot is silent unless it is addressed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from telegram import Message, Update
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from tagger.bot.context import Handler, UpdateContext
from tagger.bot.handlers import admin, buttons, commands, landmark_search, messages, my_photos, nearby, privacy
from tagger.bot.handlers.albums import Albums
from tagger.bot.render.error_texts import BROKEN
from tagger.bot.render.languages import N_
from tagger.bot.services import Services

log = logging.getLogger(__name__)

NOT_ALLOWED = N_("This bot is private. Ask its operator to add your number: {number}")
ANONYMOUS = N_("I cannot tell who you are here, so please ask me in our private chat.")
NOT_YOUR_LIST, NOT_YOUR_QUESTION = N_("This list is for somebody else."), N_("This question is for somebody else.")


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
    "cancel": landmark_search.cancel,
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
    "query": my_photos.turn_query_page,
    "mapfile": my_photos.send_other_map,
    "labels": commands.turn_labels_page,
    "example": commands.show_example,
    "language": commands.choose_language,
    "forget": privacy.forget_person,
    "keep": privacy.keep_data,
}

NUMBER = r"\d{1,15}"
ARGUMENTS = {  # of buttons, as a pattern; what does not match is forged
    **dict.fromkeys(("right", "none"), f"{NUMBER}(:{NUMBER})?"),
    **dict.fromkeys(("else", "map", "places", "query", "labels"), NUMBER),
    "is": f"{NUMBER}:{NUMBER}(:{NUMBER})?",
    "found": f"{NUMBER}:{NUMBER}",
}
OF_ANSWER = {"right", "is", "none", "else", "map"}  # anybody may tap these
LISTS = {"places", "found", "query", "mapfile", "labels"}
OF_ASKER = {
    "places",
    "found",
    "query",
    "mapfile",
    "language",
    "forget",
    "keep",
}  # in a group, only for the person who asked

AlbumHandler = Callable[[UpdateContext, Albums], Coroutine[Any, Any, None]]
Callback = Callable[[Update, Any], Coroutine[Any, Any, None]]


class _OfAlbum(filters.MessageFilter):
    def filter(self, message: Message) -> bool:
        return message.media_group_id is not None


def add_handlers(application: Application[Any, Any, Any, Any, Any, Any], services: Services) -> None:
    """Register all handlers. An update goes to the first one that matches, and to no other."""
    albums = Albums(services.settings.bot_album_ms)

    def with_albums(handler: AlbumHandler) -> Handler:
        return lambda context: handler(context, albums)

    def on(handler: Handler) -> Callback:
        return _callback(services, handler)

    for name, handler in COMMANDS.items():
        callback = on(_of_somebody(handler) if name in PERSONAL else handler)
        application.add_handler(CommandHandler(name, callback, filters=filters.UpdateType.MESSAGE))
    new, edited = filters.UpdateType.MESSAGE, filters.UpdateType.EDITED_MESSAGE
    photo, album = filters.PHOTO | filters.Document.ALL & ~filters.ANIMATION, _OfAlbum()
    application.add_handler(CommandHandler("suggest", on(with_albums(messages.suggest)), filters=new))
    application.add_handler(MessageHandler(edited, on(with_albums(messages.edited_message))))
    application.add_handler(MessageHandler(new & filters.LOCATION, on(nearby.location)))
    application.add_handler(InlineQueryHandler(_inline_callback(services)))
    application.add_handler(MessageHandler(photo | album, on(with_albums(messages.photo_message))))
    application.add_handler(MessageHandler(filters.TEXT, on(with_albums(messages.text_message))))
    application.add_handler(CallbackQueryHandler(on(_button)))
    application.add_handler(MessageHandler(filters.ALL, on(messages.other_message)))
    application.add_handler(TypeHandler(Update, _ignore))
    application.add_error_handler(_error_handler(services))


def _callback(services: Services, handler: Handler) -> Callback:
    async def callback(update: Update, ptb_context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.callback_query
        if update.effective_user is None or update.effective_chat is None:  # a channel's post, or a tap somewhere else
            if query is not None:
                await services.answer_callback(query.id)
            return
        context = await UpdateContext.create(services, update, " ".join(ptb_context.args or ()))
        if services.open_work.is_forgotten(context.sender):
            if query is not None:
                await context.answer_callback()
            return
        with services.open_work.of(context.sender):
            if _is_allowed(services, context.user_id, *services.outbox.migrations.numbers(context.chat.id)):
                await handler(context)
            else:
                await _refuse(context)

    return callback


def _inline_callback(services: Services) -> Callback:
    async def callback(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        query = update.inline_query
        assert query is not None
        if _is_allowed(services, query.from_user.id):
            language = await services.language(query.from_user.id, query.from_user.language_code)
            await nearby.inline_query(services, query, language)

    return callback


async def _refuse(context: UpdateContext) -> None:
    """Tell somebody who may not use the bot, unless they only write in a group."""
    sentence = context._(NOT_ALLOWED).format(number=context.user_id)
    if context.update.callback_query is not None:
        await context.answer_callback(sentence)
    elif context.is_private and context.update.message is not None:
        await context.reply(sentence)


def _of_somebody(handler: Handler) -> Handler:
    """A command that needs a person: somebody who writes as a group or channel is told to ask in private."""

    async def handle(context: UpdateContext) -> None:
        await (handler(context) if context.user_id > 0 else context.reply(context._(ANONYMOUS)))

    return handle


def _is_allowed(services: Services, *ids: int) -> bool:
    """Whether a person or chat may use the bot."""
    settings = services.settings
    return not settings.bot_allow or bool({*ids} & {*settings.bot_allow, settings.bot_admin_chat})


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
    elif (name not in OF_ANSWER and context.replies_to_another) or (not is_askers and (asker or name in OF_ASKER)):
        await context.answer_callback(context._(NOT_YOUR_LIST if name in LISTS else NOT_YOUR_QUESTION))
    else:
        await handler(replace(context, arguments=arguments))


async def _ignore(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """An update of a kind that was not requested."""


def _error_handler(services: Services) -> Callable[[object, Any], Coroutine[Any, Any, None]]:
    async def on_error(update: object, ptb_context: ContextTypes.DEFAULT_TYPE) -> None:
        update_id = update.update_id if isinstance(update, Update) else None
        error = ptb_context.error
        if isinstance(error, TelegramError):  # a refusal, not an error of the bot
            log.warning("Update %s could not be answered: %s", update_id, error)
        else:
            log.error("Update %s could not be answered", update_id, exc_info=error)
        if not isinstance(update, Update) or update_id in services.outbox.finished:
            return
        if update.message is not None:
            context = await UpdateContext.create(services, update)
            await context.reply(context._(BROKEN))
        elif update.callback_query is not None:
            context = await UpdateContext.create(services, update)
            await context.answer_callback(context._(BROKEN))

    return on_error
