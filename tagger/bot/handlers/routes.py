"""Which handler answers what: the one table of everything that a person can send or tap.

The one rule: every update has exactly one handler; what none of the others takes, the last one does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from tagger.bot.context import Handler, UpdateContext
from tagger.bot.handlers import admin, buttons, commands, my_photos, naming, privacy
from tagger.bot.handlers.access import ENOUGH, NOT_FOR_YOU, has_photos_left, is_allowed, is_meant
from tagger.bot.handlers.albums import Albums
from tagger.bot.handlers.photos import incoming, look_at
from tagger.bot.render.error_texts import BROKEN, OF_MESSAGE, OTHER
from tagger.bot.render.replies import answer
from tagger.bot.services import Services

log = logging.getLogger(__name__)

COMMANDS: dict[str, Handler] = {
    "start": commands.start,
    "help": commands.show_help,
    "privacy": commands.privacy,
    "language": commands.language,
    "labels": commands.labels,
    "places": my_photos.places,
    "find": my_photos.find,
    "map": my_photos.show_map,
    "stats": my_photos.stats,
    "export": privacy.export,
    "forget": privacy.forget,
    "health": admin.health,
    "runs": admin.runs,
}

# By the word before the first colon of a button's data; the rest are its arguments.
BUTTONS: dict[str, Handler] = {
    "right": buttons.right,
    "is": buttons.is_this,
    "none": buttons.none_of_these,
    "else": buttons.something_else,
    "map": buttons.show_map,
    "places": my_photos.places_tapped,
    "found": my_photos.found_tapped,
    "mapfile": my_photos.map_tapped,
    "labels": commands.labels_tapped,
    "language": commands.language_tapped,
    "forget": privacy.forget_tapped,
    "keep": privacy.keep_tapped,
}

Callback = Callable[[Update, Any], Coroutine[Any, Any, None]]


def add_handlers(application: Application[Any, Any, Any, Any, Any, Any], services: Services) -> None:
    """Wire the bot; the first handler that takes an update is its only one."""
    albums = Albums(services.settings.bot_album_ms)

    async def photo(visit: UpdateContext) -> None:
        await _photo(visit, albums)

    def on(function: Handler) -> Callback:
        return _callback(services, function)

    for name, function in COMMANDS.items():
        application.add_handler(CommandHandler(name, on(function), filters=filters.UpdateType.MESSAGE))
    application.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL & ~filters.ANIMATION, on(photo)))
    application.add_handler(MessageHandler(filters.TEXT, on(naming.typed)))
    application.add_handler(CallbackQueryHandler(on(_tap)))
    application.add_handler(MessageHandler(filters.ALL, on(_something)))
    application.add_handler(TypeHandler(Update, _ignore))
    application.add_error_handler(_on_error(services))


def _callback(services: Services, function: Handler) -> Callback:
    async def callback(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        if update.effective_user is None or update.effective_chat is None:
            return  # a channel's post: nobody to answer
        visit = await UpdateContext.of(services, update, " ".join(context.args or ()))
        if is_allowed(visit):
            await function(visit)
        elif update.callback_query is None and visit.is_private:
            await visit.say(visit._(NOT_FOR_YOU).format(number=visit.user.id))

    return callback


async def _photo(visit: UpdateContext, albums: Albums) -> None:
    """A photo, or a file that may be one."""
    is_wanted = is_meant(visit)
    if not is_wanted and visit.message.media_group_id is None:
        return
    if is_wanted and not await has_photos_left(visit):
        if albums.refuse(visit):
            await visit.say(visit._(ENOUGH).format(n=visit.services.settings.bot_daily_limit))
        return
    if is_wanted:
        visit.show_typing()
    if visit.message.media_group_id is not None:
        await albums.join(visit, is_wanted=is_wanted)
        return
    await answer(visit, [await look_at(visit.services, incoming(visit.message))])


async def _tap(visit: UpdateContext) -> None:
    """A button, by the first word of its data."""
    query = visit.update.callback_query
    assert query is not None
    name, _, arguments = (query.data or "").partition(":")
    if (function := BUTTONS.get(name)) is None or query.message is None:
        await visit.toast()
        return
    await function(UpdateContext(visit.services, visit.update, visit.language, arguments))


async def _something(visit: UpdateContext) -> None:
    """What is neither a photo nor a text; in a group it is ignored."""
    if visit.is_private:
        kinds = (kind for kind in OF_MESSAGE if getattr(visit.message, kind))
        await visit.say(visit._(OF_MESSAGE.get(next(kinds, ""), OTHER)))


async def _ignore(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """An update of a kind that was not asked for."""


def _on_error(services: Services) -> Callable[[object, Any], Coroutine[Any, Any, None]]:
    async def on_error(update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        number = update.update_id if isinstance(update, Update) else None
        log.error("Update %s could not be answered", number, exc_info=context.error)
        if isinstance(update, Update) and number not in services.outbox.finished and update.message is not None:
            visit = await UpdateContext.of(services, update)
            await visit.say(visit._(BROKEN))

    return on_error
