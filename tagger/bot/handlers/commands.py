"""The commands that only say something: start, help, privacy, language, labels.

The one rule: an answer fits on one screen; what is longer has buttons to page.
"""

from __future__ import annotations

from html import escape

from db.telegram import people
from tagger.bot.context import UpdateContext
from tagger.bot.render.languages import CODES, N_
from tagger.bot.render.pagination import page
from tagger.bot.transport.message import Button, Keyboard

# What Telegram shows as the menu, in this order.
MENU = {
    "help": N_("What I can do"),
    "places": N_("The places on your photos"),
    "find": N_("Your photos of a landmark: /find eiffel"),
    "map": N_("Your places as a map file"),
    "stats": N_("Your photos in numbers"),
    "labels": N_("The landmarks that I know"),
    "language": N_("Choose a language"),
    "privacy": N_("What I keep and what I do not"),
    "export": N_("All your data as a file"),
    "forget": N_("Delete all your data"),
}
ABOUT = N_("Send me a photo, and I tell you which landmark it shows, and where that is.")
HELLO = N_("Hello! I recognise landmarks.")
USE = N_(
    "Send me a photo, an album, or an image as a file. I answer with the likeliest landmarks, or say honestly that I "
    "know none. With the buttons below an answer you tell me what is right, and I keep that in mind."
)
COORDINATES = N_("A file keeps its coordinates, and they help me. A photo sent the usual way has none.")
GROUPS = N_("In a group I only answer photos that mention me, reply to me, or carry a command.")
PRIVACY = (
    N_("Your photos are deleted as soon as I have looked at them."),
    N_(
        "I keep a fingerprint of each photo, what I recognised on it, what you decided, and the number of your "
        "Telegram account. I do not keep your name, your texts or the coordinates of your files, and what your files "
        "say of where you were is shown to nobody else."
    ),
    N_("Everything is looked at on the machine that I run on; nothing is passed on."),
    N_("With /export you get all of it, and with /forget you delete it."),
)
PRIVACY_KEPT = N_("The operator of this bot keeps the photos that you send. With /forget you delete them, too.")


async def start(visit: UpdateContext) -> None:
    await visit.say(f"<b>{visit._(HELLO)}</b>\n\n{_help(visit)}")


async def show_help(visit: UpdateContext) -> None:
    await visit.say(_help(visit))


async def privacy(visit: UpdateContext) -> None:
    first, *others = PRIVACY
    if visit.services.settings.bot_keep_photos:
        first = PRIVACY_KEPT
    await visit.say("\n\n".join(visit._(text) for text in (first, *others)))


async def language(visit: UpdateContext) -> None:
    """Choose at once with `/language de`, else by a button."""
    code = visit.arguments.strip().lower()
    if code in CODES:
        chosen = await _choose(visit, code)
        await chosen.say(chosen._("From now on I speak {language}.").format(language=chosen.language.name))
        return
    buttons = tuple((Button(each.name, f"language:{each.code}"),) for each in visit.services.languages)
    await visit.say(visit._("Which language shall I speak?"), buttons)


async def language_tapped(visit: UpdateContext) -> None:
    if visit.arguments not in CODES:
        await visit.toast()
        return
    chosen = await _choose(visit, visit.arguments)
    await chosen.edit(chosen._("From now on I speak {language}.").format(language=chosen.language.name))
    await chosen.toast()


async def labels(visit: UpdateContext) -> None:
    await visit.say(*_labels(visit, 0))


async def labels_tapped(visit: UpdateContext) -> None:
    await visit.edit(*_labels(visit, int(visit.arguments)))
    await visit.toast()


def _help(visit: UpdateContext) -> str:
    commands = "\n".join(f"/{name} – {visit._(about)}" for name, about in MENU.items())
    return "\n\n".join([visit._(USE), visit._(COORDINATES), visit._(GROUPS), commands])


async def _choose(visit: UpdateContext, code: str) -> UpdateContext:
    user_id = visit.user.id
    await visit.services.desk.write(lambda connection: people.choose_language(connection, user_id, code))
    visit.services.chosen.pop(user_id, None)
    return await UpdateContext.of(visit.services, visit.update, visit.arguments)


def _labels(visit: UpdateContext, number: int) -> tuple[str, Keyboard]:
    known = [visit.services.landmarks[each] for each in visit.services.numbers.values()]
    lines = sorted((visit.language.country(row.country), escape(row.name)) for row in known)
    count = visit.language.ngettext("I know {n} landmark:", "I know {n} landmarks:", len(known))
    return page(count.format(n=len(known)), lines, number, "labels", per_page=40)
