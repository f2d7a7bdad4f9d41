"""Who is answered, and when a message in a group is meant for the bot.

The one rule: in a private chat everything has an answer; in a group silence is the rule.
"""

from __future__ import annotations

from datetime import UTC, datetime

from telegram import Message, MessageEntity

from db.telegram import people
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import N_

NOT_FOR_YOU = N_("This bot is private. Ask its operator to add your number: {number}")
ENOUGH = N_("That was the last of {n} photos for today. I am looking forward to tomorrow!")


def is_allowed(visit: UpdateContext) -> bool:
    settings = visit.services.settings
    known = {visit.user.id, visit.chat.id}
    return not settings.bot_allow or bool(known & {*settings.bot_allow, settings.bot_admin_chat})


def is_admin(visit: UpdateContext) -> bool:
    return visit.chat.id == visit.services.settings.bot_admin_chat


def is_meant(visit: UpdateContext) -> bool:
    """Whether a message is for the bot: in private, or it replies to the bot, mentions it, or carries a command."""
    if visit.is_private:
        return True
    message, bot = visit.message, visit.services.bot
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    return any(_calls(message, entity, text, bot.username) for entity, text in _entities(message))


async def has_photos_left(visit: UpdateContext) -> bool:
    """Count a photo; whether it is still within the day's limit."""
    limit, user_id = visit.services.settings.bot_daily_limit, visit.user.id
    if not limit:
        return True
    today = datetime.now(UTC).date().isoformat()
    count = await visit.services.desk.write(lambda connection: people.count_photo(connection, user_id, today))
    return count <= limit


def _entities(message: Message) -> list[tuple[MessageEntity, str]]:
    return [*message.parse_entities().items(), *message.parse_caption_entities().items()]


def _calls(_message: Message, entity: MessageEntity, text: str, username: str) -> bool:
    name = f"@{username}".lower()
    if entity.type == MessageEntity.MENTION:
        return text.lower() == name
    if entity.type == MessageEntity.BOT_COMMAND:
        return "@" not in text or text.lower().endswith(name)
    return False
