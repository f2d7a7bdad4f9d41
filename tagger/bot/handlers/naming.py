"""Replies that say what a photo shows: "this is Grandma's house".

Whoever the operator trusts teaches the model a place with such a reply; three photos, an album or several replies, are
enough. The name of a landmark is a decision, whoever says it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from db.engine import Connection
from db.taught.places import LEAST_PHOTOS, remove_examples
from db.telegram.answers import StoredReply
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.buttons import record
from tagger.bot.handlers.photos import answer_incoming
from tagger.bot.incoming import IncomingPhoto
from tagger.bot.render.error_texts import error_text
from tagger.bot.render.languages import N_
from tagger.bot.render.replies import Naming
from tagger.bot.services import Services
from tagger.core.errors import TeachingError
from tagger.core.landmark_names import find, names_of
from tagger.core.text import edit_distance, plain
from tagger.core.types import Failed, Landmark, NoLandmark, Result, Tagged
from tagger.library.taught.current import follow_taught

if TYPE_CHECKING:
    from tagger.library.taught.examples import Added

MAX_NAME = 60  # letters
MAX_ARTICLE = 3  # letters of a first word that a landmark's name may lack
LETTERS_PER_TYPO = 8  # of a name that is taken for a mistyped landmark
FORMS = N_("this is {name}|that is {name}|that's {name}")
NEGATIONS = N_("not|no|never")  # as the first word of a name
QUOTES = "\"'“”„«»\N{LEFT SINGLE QUOTATION MARK}—–- "
NOT_TRUSTED = N_(
    "I do not know a landmark called {name}, and only people whom my operator trusts can teach me new ones."
)
CANNOT_LEARN = N_("The model that I use cannot learn new places.")
NO_NAME = N_("I cannot use this name. Please try another one.")
LEARNT = N_("🎓 From now on I recognise {name}. Every further photo of it helps.")
KNOWN_PHOTO = N_("⚠️ I already recognise {landmark} on this photo. If that is right, tap {name} below to take it back.")
KNOWN_PHOTOS = N_(
    "⚠️ I already recognise {landmark} on {tagged} of these {photos} photos. "
    "If that is right, tap {name} below to take it back."
)


def said_name(context: UpdateContext) -> str | None:
    """The name that a text gives a photo, in any of the bot's languages; None if it gives none."""
    mention = re.escape(f"@{context.services.bot.username}")
    text = re.sub(rf"{mention}\b[,:]?", " ", context.message.text or "", flags=re.IGNORECASE).strip()
    for language in context.services.languages:
        name = find_name(text, language._(FORMS).split("|"))
        if name is not None:
            is_denial = name.split()[0].lower() in language._(NEGATIONS).split("|")
            return None if is_denial else name
    return None


def find_name(text: str, forms: Iterable[str]) -> str | None:
    """The name in a sentence; None if it is another sentence, or a question.

    Args:
        text: what somebody wrote.
        forms: sentences with {name} where the name is.
    """
    sentence = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").rstrip(".! ")
    for form in forms:
        pattern = re.escape(form).replace(re.escape("{name}"), "(.+)").replace(r"\ ", r"\s+")
        if found := re.fullmatch(pattern, sentence, re.IGNORECASE):
            name = found[1].strip(QUOTES)
            return name if 0 < len(name) <= MAX_NAME and not name.endswith("?") else None
    return None


async def name_photos(context: UpdateContext, photos: Sequence[IncomingPhoto], name: str, *, album: str | None) -> None:
    """Answer photos with what somebody says about them, which teaches the model if it may."""
    services, own = context.services, context.services.batcher.tagger.bundle.card.thresholds
    landmarks = await _known_landmarks(services)
    number = _find(name, landmarks)
    if number is not None and (landmarks[number].id in own or not context.is_trusted):
        await _answer(context, photos, number, album=album)
    elif number is None and (meant := _mistyped(name, context.landmarks, landmarks)):
        await context.reply(context._("Did you mean {names}?").format(names=escape(meant)))
    elif not context.is_trusted:
        await context.reply(context._(NOT_TRUSTED).format(name=escape(name)))
    elif services.batcher.tagger.projection is None:
        await context.reply(context._(CANNOT_LEARN))
    else:
        await _teach(context, photos, landmarks[number].name if number is not None else name, album=album)


async def _known_landmarks(services: Services) -> dict[int, Landmark]:
    """The landmarks and taught places that the model knows, by their ids in the store."""
    tagger = services.batcher.tagger
    await asyncio.to_thread(follow_taught, services.store, tagger)
    services.know({place.landmark.id for place in tagger.taught.places})
    return {number: services.landmarks[number] for number in sorted(services.landmark_ids.values())}


def _find(name: str, landmarks: Mapping[int, Landmark]) -> int | None:
    """The landmark with a name, which may begin with an article."""
    first, _, rest = re.sub(r"^([dl])'", r"\1 ", name, flags=re.IGNORECASE).partition(" ")
    number = find(name, landmarks)
    return find(rest, landmarks) if number is None and len(first) <= MAX_ARTICLE else number


def _mistyped(name: str, localized: Mapping[int, Landmark], landmarks: Mapping[int, Landmark]) -> str | None:
    """The name of the landmark that differs by a letter or two, in the person's language."""
    typed = plain(name)
    first, _, rest = name.partition(" ")
    texts = (typed, plain(rest)) if len(first) <= MAX_ARTICLE else (typed,)
    for number, landmark in landmarks.items():
        for known in map(plain, names_of(landmark)):
            most = len(known) // LETTERS_PER_TYPO
            if any(abs(len(text) - len(known)) <= most and edit_distance(text, known) <= most for text in texts):
                return localized[number].name
    return None


async def _teach(context: UpdateContext, photos: Sequence[IncomingPhoto], name: str, *, album: str | None) -> None:
    """Teach the model, and answer. Nothing stays if the person asks to be forgotten meanwhile."""
    services = context.services
    results = [await _look(services, photo) for photo in photos if not photo.other_kind]
    seen = [result for result in results if not isinstance(result.answer, Failed)]
    if not seen:
        kind = next((result.answer.kind for result in results if isinstance(result.answer, Failed)), "unsupported")
        await context.reply(error_text(kind, context.language, max_file_bytes=services.max_file_bytes))
        return
    teaching = asyncio.ensure_future(asyncio.to_thread(_add, services, name, seen))
    try:
        added = await asyncio.shield(teaching)
        key = added.landmark.id
        services.know({key})
        await _answer(context, photos, services.landmark_ids[key], album=album, note=_note(context, added))
    except TeachingError:
        await context.reply(context._(NO_NAME))
    except asyncio.CancelledError:
        await asyncio.gather(teaching, return_exceptions=True)
        if services.open_work.is_forgotten(context.sender):
            contents = [str(result.sha256) for result in seen]
            await services.db.write(lambda connection: remove_examples(connection, contents))
        raise


def _add(services: Services, name: str, seen: Sequence[Result]) -> Added:
    from tagger.library.taught.examples import add_examples
    from tagger.library.taught.teach import Seen

    answers = {
        result.sha256: result.answer
        for result in seen
        if result.sha256 and isinstance(result.answer, Tagged | NoLandmark)
    }
    vectors = {sha256: answer.embedded.vector for sha256, answer in answers.items() if answer.embedded}
    tags = {sha256: a.suggestions[0].landmark for sha256, a in answers.items() if isinstance(a, Tagged)}
    batcher, found = services.batcher, Seen(vectors, tags, [])
    return add_examples(services.store, batcher.tagger, name, found, min_score=batcher.min_score)


async def _look(services: Services, photo: IncomingPhoto) -> Result:
    """Download a photo again, since its file was deleted, and let the large network look at it."""
    async with services.photo_slots.slot(photo.chat_id):
        data = await services.downloads.fetch(photo.file_id, photo.size_bytes)
        if isinstance(data, Failed):
            return Result("", None, data)
        path = services.downloads.new_path()
        try:
            async with services.crash_journal.watch(photo.sender.update_id), services.decoder_slots.slot(photo.chat_id):
                return await services.batcher.look_fully(str(path), services.downloads.on_disk(path, data))
        finally:
            await services.downloads.discard(path)


async def _answer(
    context: UpdateContext, photos: Sequence[IncomingPhoto], landmark_id: int, *, album: str | None, note: str = ""
) -> None:
    def decide(connection: Connection, answer_id: int) -> StoredReply | None:
        return record(connection, context, answer_id, lambda _photo: ("shows", landmark_id))

    await answer_incoming(context, photos, album=album, naming=Naming(decide, note))


def _note(context: UpdateContext, added: Added) -> str:
    """How many photos more a place needs, if any; and that the photos show a landmark, if the model thinks so."""
    name, lacking = escape(added.landmark.name), LEAST_PHOTOS - added.photos
    learnt = _lacking(context, name, lacking) if lacking > 0 else context._(LEARNT).format(name=name)
    if added.overlap is None:
        return learnt
    overlap, number = added.overlap, context.services.landmark_ids.get(added.overlap.landmark.id)
    other = overlap.landmark if number is None else context.landmarks[number]  # another model's has no number
    warning = context._(KNOWN_PHOTO if overlap.photos == 1 else KNOWN_PHOTOS).format(
        name=name, landmark=escape(other.name), tagged=overlap.tagged, photos=overlap.photos
    )
    return f"{learnt}\n{warning}"


def _lacking(context: UpdateContext, name: str, lacking: int) -> str:
    more = context.language.ngettext(
        "🎓 {n} more photo of {name}, and I will recognise it.",
        "🎓 {n} more photos of {name}, and I will recognise it.",
        lacking,
    )
    return more.format(n=lacking, name=name)
