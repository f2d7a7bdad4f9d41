"""The bot's profile in Telegram: its commands and descriptions, in each language.

The bot works without it, so a server that does not support or refuses a part of it stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from tagger.bot.handlers.commands import ABOUT, MENU, PRIVACY
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.retry import with_retries

log = logging.getLogger(__name__)

TRIES = 6
MAX_DESCRIPTION, MAX_SHORT_DESCRIPTION = 512, 120  # characters, Bot API


async def set_profile(bot: Bot, languages: Languages) -> None:
    """Set commands and descriptions; English also serves all languages that the bot does not speak."""
    for language in languages:
        for code in [None, "en"] if language.code == "en" else [language.code]:
            for call in _calls(bot, language, code):
                try:
                    await with_retries(call, tries=TRIES)
                except TelegramError as error:
                    log.warning("The bot's profile in %s could not be set: %s", language.name, error)
                    break


def _calls(bot: Bot, language: Language, code: str | None) -> Iterator[Callable[[], Awaitable[bool]]]:
    commands = [BotCommand(name, language._(about)) for name, about in MENU.items()]
    description = "\n\n".join(language._(text) for text in (ABOUT, PRIVACY[0]))
    yield lambda: bot.set_my_commands(commands, language_code=code)
    yield lambda: bot.set_my_description(description[:MAX_DESCRIPTION], language_code=code)
    yield lambda: bot.set_my_short_description(language._(ABOUT)[:MAX_SHORT_DESCRIPTION], language_code=code)
