"""Who gets an answer, and which messages in a group are addressed to the bot.

In a private chat every message gets an answer; in a group the bot is silent unless it is addressed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from telegram import MessageEntity

from db.telegram import people
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import N_

NOT_ALLOWED = N_("This bot is private. Ask its operator to add your number: {number}")
LIMIT_REACHED = N_("That was the last of {n} photos for today. I am looking forward to tomorrow!")


def is_allowed(context: UpdateContext) -> bool:
    settings = context.services.settings
    ids = {context.user.id, context.chat.id}
    return not settings.bot_allow or bool(ids & {*settings.bot_allow, settings.bot_admin_chat})


def is_admin(context: UpdateContext) -> bool:
    return context.chat.id == context.services.settings.bot_admin_chat


def is_addressed(context: UpdateContext) -> bool:
    """Whether a message is for the bot: it is private, replies to the bot, mentions it, or contains a command."""
    if context.is_private:
        return True
    message, bot = context.message, context.services.bot
    replied = message.reply_to_message
    if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
        return True
    entities = [*message.parse_entities().items(), *message.parse_caption_entities().items()]
    return any(_addresses(entity, text.lower(), f"@{bot.username}".lower()) for entity, text in entities)


async def count_photo(context: UpdateContext) -> bool:
    """Count a photo; whether it is within the daily limit."""
    limit, user_id = context.services.settings.bot_daily_limit, context.user.id
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
