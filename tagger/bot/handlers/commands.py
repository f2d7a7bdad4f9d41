"""The commands that only show a text: /start, /help, /privacy, /language and /labels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import escape

from db.telegram import people
from db.telegram.answers import StoredReply
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import N_
from tagger.bot.render.pagination import page
from tagger.bot.render.reply_text import ReplyContent, ShownLandmark, render_answer
from tagger.bot.transport.message import Button, Keyboard
from tagger.config.cron import next_time
from tagger.config.settings import Settings
from tagger.serving.catalogues import CODES

# Telegram's menu, in this order.
MENU = {
    "help": N_("What I can do"),
    "places": N_("The places in your photos"),
    "find": N_("Your photos of a landmark: /find eiffel"),
    "map": N_("Your places on a map"),
    "stats": N_("Your photos in numbers"),
    "labels": N_("The landmarks that I know"),
    "language": N_("Choose a language"),
    "privacy": N_("What I keep and what I do not"),
    "export": N_("All your data as a file"),
    "forget": N_("Delete all your data"),
}
ABOUT = N_("Send me a photo, and I will tell you which landmark it shows and where it is.")
MORE = N_("/help says what else I can do.")
EXAMPLE_SCORE = 0.93
USE = N_(
    "Send me a photo, an album or an image file. I name the landmarks, or say that I know none. The buttons below an "
    "answer correct it."
)
COORDINATES = N_("Coordinates help me. Only files have them: Telegram removes them from photos.")
NEARBY = N_("Send me your location, and I list the landmarks around you.")
GROUPS = N_("In a group I answer photos that mention me or reply to me, and /suggest in reply to a photo.")
TEACHING = N_("Reply “this is Grandma's house” to photos of a place of your own: after three, I recognise it.")
INLINE = N_("In any chat, type @{bot} and a name to send a landmark there.")
PRIVACY = (
    N_("Your photos are deleted as soon as I have looked at them."),
    N_(
        "For each photo I keep its size, format and hashes, when it was taken (from EXIF), what I recognised and its "
        "distance from the file's coordinates, what you decide, and the numbers of the message, the chat and your "
        "account."
    ),
    N_(
        "I also keep your language and, if there is a limit, how many photos you sent today. The text of a message, or "
        "the location in it, is kept until I have answered it, and its number for two days."
    ),
    N_(
        "I do not keep names, file names or coordinates. Nobody else is shown where your files say you were. In a "
        "group, others see your name next to what you decide."
    ),
    N_("Everything is processed on the machine that I run on; nothing is passed on to anybody."),
    N_("/export gives you all of it, and /forget deletes it."),
)
PRIVACY_TAUGHT = N_(
    "If you teach me a place, I keep its name and, for each of its photos, numbers that describe how it looks."
)
PRIVACY_KEPT = N_("The operator of this bot keeps the photos that you send. /forget deletes them, too.")
LABELS_PER_PAGE = 40
DAY = timedelta(days=1)


async def start(context: UpdateContext) -> None:
    example = ((Button(context._("Try an example"), "example"),),)
    await context.reply(f"{context._(ABOUT)} {context._(MORE)}", example)


async def show_example(context: UpdateContext) -> None:
    """Show how a photo is answered, with the first landmark of which the most is known."""
    await context.answer_callback()
    landmarks = context.landmarks
    numbers = context.services.landmark_ids.values()
    number = min(numbers, key=lambda n: (landmarks[n].position is None, landmarks[n].wikidata is None))
    content = ReplyContent((ShownLandmark(number, EXAMPLE_SCORE, 1, True),), (), 1, 0)
    stored = StoredReply(0, context.chat_id, context.user_id, None, False, content.as_json(), ())
    html, _ = render_answer(stored, context.language, landmarks, is_private=context.is_private)
    heading = context._("This is how I answer a photo of {name}:").format(name=escape(landmarks[number].name))
    await context.reply(f"{heading}\n\n{html}")


async def show_help(context: UpdateContext) -> None:
    await context.reply(_help(context))


async def privacy(context: UpdateContext) -> None:
    first, *others = PRIVACY
    if context.services.settings.bot_keep_photos:
        first = PRIVACY_KEPT
    if context.is_trusted:
        others.insert(-2, PRIVACY_TAUGHT)
    texts = [context._(text) for text in (first, *others)]
    if days := _backup_days(context.services.settings):
        texts.insert(-1, _backups(context, days))
    await context.reply("\n\n".join(texts))


def _backups(context: UpdateContext, days: int) -> str:
    text = context.language.ngettext(
        "Backups of my database are kept for up to {n} day; after that, what you delete is gone from them, too.",
        "Backups of my database are kept for up to {n} days; after that, what you delete is gone from them, too.",
        days,
    )
    return text.format(n=days)


def _backup_days(settings: Settings) -> int:
    """How long the scheduled backups of the database are kept; 0 if there are none."""
    first = next_time(settings.jobs.backup, settings.zone(), now=datetime.now(UTC))
    second = first and next_time(settings.jobs.backup, settings.zone(), now=first)
    return max(1, round(settings.jobs.backup_keep * (second - first) / DAY)) if first and second else 0


async def language(context: UpdateContext) -> None:
    """Choose directly with `/language de`, else with a button."""
    code = context.arguments.strip().lower()
    if code in CODES:
        chosen = await _store_language(context, code)
        await chosen.reply(_language_chosen(chosen))
        return
    buttons = tuple((Button(option.name, f"language:{option.code}"),) for option in context.services.languages)
    await context.reply(context._("Which language shall I speak?"), buttons)


async def choose_language(context: UpdateContext) -> None:
    if context.arguments not in CODES:
        await context.answer_callback()
        return
    chosen = await _store_language(context, context.arguments)
    await chosen.edit(_language_chosen(chosen))
    await chosen.answer_callback()


async def labels(context: UpdateContext) -> None:
    await context.reply(*_labels(context, 0))


async def turn_labels_page(context: UpdateContext) -> None:
    await context.edit(*_labels(context, int(context.arguments)))
    await context.answer_callback()


def _help(context: UpdateContext) -> str:
    commands = "\n".join(f"/{name} – {context._(about)}" for name, about in MENU.items())
    texts = [context._(text) for text in (USE, COORDINATES, NEARBY, GROUPS)]
    if context.is_trusted:
        texts.append(context._(TEACHING))
    if (bot := context.services.bot.bot).supports_inline_queries:
        texts.append(context._(INLINE).format(bot=bot.username))
    return "\n\n".join([*texts, commands])


async def _store_language(context: UpdateContext, code: str) -> UpdateContext:
    """Store a person's choice.

    Returns:
        The same update in the new language.
    """
    user_id = context.user_id
    await context.services.db.write(lambda connection: people.set_language(connection, user_id, code))
    context.services.chosen_languages.pop(user_id, None)
    return await UpdateContext.create(context.services, context.update, context.arguments)


def _language_chosen(context: UpdateContext) -> str:
    return context._("From now on I will speak English.")  # a translation names its own language


def _labels(context: UpdateContext, page_number: int) -> tuple[str, Keyboard]:
    rows = [context.landmarks[number] for number in context.services.landmark_ids.values()]
    lines = sorted((row.country or "", escape(row.name)) for row in rows)
    count = context.language.ngettext("I know {n} landmark:", "I know {n} landmarks:", len(rows))
    return page(count.format(n=len(rows)), lines, page_number, "labels", per_page=LABELS_PER_PAGE)
