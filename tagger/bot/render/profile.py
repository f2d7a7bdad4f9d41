"""What Telegram shows of the bot before anybody writes to it: its commands and descriptions, in each language.

The one rule: this is decoration. A server that does not know a method, or refuses it, stops nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator

from telegram import Bot, BotCommand
from telegram.error import TelegramError

from tagger.bot.handlers.commands import ABOUT, HELLO, MENU, PRIVACY
from tagger.bot.render.languages import Language, Languages
from tagger.bot.transport.retry import with_retries

log = logging.getLogger(__name__)

TRIES = 6
LONGEST, LONGEST_SHORT = 512, 120  # characters, Bot API


async def introduce(bot: Bot, languages: Languages) -> None:
    """Set commands and descriptions; English is also what everybody else gets."""
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
    long = "\n\n".join(language._(text) for text in (HELLO, ABOUT, PRIVACY[0]))
    yield lambda: bot.set_my_commands(commands, language_code=code)
    yield lambda: bot.set_my_description(long[:LONGEST], language_code=code)
    yield lambda: bot.set_my_short_description(language._(ABOUT)[:LONGEST_SHORT], language_code=code)
