"""What a person has sent: /places, /find, /map and /stats.

The one rule: people see only their own photos, and in a group only those that they sent there.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from xml.sax.saxutils import escape as xml

from db.telegram import people
from db.telegram.people import PersonsPhoto
from tagger.bot.context import UpdateContext
from tagger.bot.handlers import photo_queries
from tagger.bot.render.languages import N_
from tagger.bot.render.length import shorten
from tagger.bot.render.pagination import page
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button, Keyboard
from tagger.core import landmark_names
from tagger.core.types import Landmark
from tagger.library.query.search import is_query
from tagger.world_map.picture import draw_world

NOTHING_YET = N_("You have not sent me a photo of a landmark yet.")
MAX_ECHO = 100  # characters of what somebody typed

ByLandmark = dict[int, list[PersonsPhoto]]  # photos, newest first, by landmark id


async def places(context: UpdateContext) -> None:
    await context.reply(*_places(context, await _by_landmark(context), 0))


async def turn_places_page(context: UpdateContext) -> None:
    await context.edit(*_places(context, await _by_landmark(context), int(context.arguments)))
    await context.answer_callback()


async def find(context: UpdateContext) -> None:
    """List the photos of a landmark or those that a query finds, or the landmarks with a similar name."""
    text = context.arguments.strip()
    if not text:
        await context.reply(context._("Which landmark? Write it like this: /find eiffel"))
        return
    if is_query(text):
        await context.reply(*await _found_by_query(context, " ".join(text.split()), 0))
        return
    photos = await _by_landmark(context)
    landmarks = {number: context.services.landmarks[number] for number in sorted(photos)}
    match = landmark_names.find(text, landmarks)
    offered = [match] if match is not None else landmark_names.nearest(text, landmarks)
    if not offered:
        nothing = context._("You have not sent me a photo of “{name}” yet.").format(
            name=shorten(escape(text), MAX_ECHO)
        )
        await context.reply(nothing + only_here(context, "find"))
    elif len(offered) == 1:
        await context.reply(*_found(context, photos, offered[0], 0))
    else:
        rows = tuple((Button(context.landmarks[number].name, f"found:{number}:0"),) for number in offered)
        await context.reply(context._("Did you mean one of these?"), rows)


async def turn_found_page(context: UpdateContext) -> None:
    landmark_id, page_number = (int(part) for part in context.arguments.split(":"))
    if landmark_id not in context.services.landmarks:
        await context.answer_callback()
        return
    await context.edit(*_found(context, await _by_landmark(context), landmark_id, page_number))
    await context.answer_callback()


async def turn_query_page(context: UpdateContext) -> None:
    callback = context.update.callback_query
    if not (text := photo_queries.query_of(callback and callback.message)):
        await context.answer_callback(context._("I no longer remember this list. Please send /find again."))
        return
    await context.edit(*await _found_by_query(context, text, int(context.arguments)))
    await context.answer_callback()


async def send_map(context: UpdateContext) -> None:
    """Send GeoJSON, or KML after `/map kml`, and a picture of the world."""
    wants_kml = context.arguments.strip().lower() == "kml"
    await _send_map(context, "kml" if wants_kml else "geojson", with_picture=True)


async def send_other_map(context: UpdateContext) -> None:
    await context.answer_callback()
    await _send_map(context, context.arguments)


async def stats(context: UpdateContext) -> None:
    """Count the person's photos, landmarks, countries and decisions."""
    photos, by_landmark = await _photos(context), await _by_landmark(context)
    if not photos:
        await context.reply(context._(NOTHING_YET) + only_here(context, "stats"))
        return
    countries = {context.services.landmarks[number].country for number in by_landmark} - {None}
    lines = [
        context._("Photos: {n}").format(n=len(photos)),
        context._("With a landmark: {n}").format(n=sum(bool(photo.landmark_ids) for photo in photos)),
        context._("Landmarks: {n}").format(n=len(by_landmark)),
        context._("Countries: {n}").format(n=len(countries)),
        context._("Decided by you: {n}").format(n=sum(photo.is_decided for photo in photos)),
    ]
    await context.reply("\n".join(lines) + only_here(context, "stats"))


def only_here(context: UpdateContext, command: str) -> str:
    """The end of a personal answer in a group: it says that there is more, with a link to the private chat."""
    if context.is_private:
        return ""
    link = f"https://t.me/{context.services.bot.username}?start={command}"
    text = context._("This is only from this group. The rest is in our private chat.")
    return f'\n\n<a href="{link}">{text}</a>'


async def _photos(context: UpdateContext) -> list[PersonsPhoto]:
    user_id, group = context.user_id, None if context.is_private else context.chat_id
    return await context.services.db.read(lambda connection: people.photos_of(connection, user_id, chat_id=group))


async def _by_landmark(context: UpdateContext) -> ByLandmark:
    photos: ByLandmark = defaultdict(list)
    for photo in await _photos(context):
        for landmark_id in photo.landmark_ids:
            photos[landmark_id].append(photo)
    return dict(photos)


def _places(context: UpdateContext, photos: ByLandmark, page_number: int) -> tuple[str, Keyboard]:
    hint = only_here(context, "places")
    if not photos:
        return context._(NOTHING_YET) + hint, ()
    rows = [(_country(context, number), context.landmarks[number].name, photos[number]) for number in photos]
    ordered = sorted(rows, key=lambda row: row[:2])
    lines = [(country, f"{escape(name)} ({len(shown)})") for country, name, shown in ordered]
    html, keyboard = page(context._("The places in your photos:"), lines, page_number, "places")
    return html + hint, keyboard


def _found(context: UpdateContext, by_landmark: ByLandmark, number: int, page_number: int) -> tuple[str, Keyboard]:
    landmark, photos = context.landmarks[number], by_landmark.get(number, [])
    count = context.language.ngettext("{n} photo of yours", "{n} photos of yours", len(photos)).format(n=len(photos))
    names = filter(None, (f"<b>{escape(landmark.name)}</b>", escape(place(landmark))))
    heading = f"{', '.join(names)}\n{count}"
    lines = [("", _photo_line(context, photo)) for photo in photos]
    html, keyboard = page(heading, lines, page_number, f"found:{number}")
    return html + only_here(context, "find"), keyboard


async def _found_by_query(context: UpdateContext, text: str, page_number: int) -> tuple[str, Keyboard]:
    photos = await photo_queries.found(context, text, await _photos(context))
    if isinstance(photos, str):
        return photos, ()
    count = context.language.ngettext("{n} photo found", "{n} photos found", len(photos)).format(n=len(photos))
    lines = [("", f"{_photo_line(context, photo)}, {_landmark_names(context, photo)}") for photo in photos]
    html, keyboard = page(photo_queries.heading(text, count), lines, page_number, "query")
    return html + only_here(context, "find"), keyboard


def _landmark_names(context: UpdateContext, photo: PersonsPhoto) -> str:
    return escape(", ".join(context.landmarks[number].name for number in photo.landmark_ids))


def _photo_line(context: UpdateContext, photo: PersonsPhoto) -> str:
    day = context.language.day(photo.received_at)
    source = context._("decided by you") if photo.score is None else context.language.percent(photo.score)
    return f"• {day}: {source}"


def _country(context: UpdateContext, landmark_id: int) -> str:
    return context.landmarks[landmark_id].country or ""


def _countries(counts: Sequence[tuple[Landmark, int]]) -> str:
    names = sorted({landmark.country for landmark, _ in counts if landmark.country})
    return escape(", ".join(names))


async def _send_map(context: UpdateContext, file_format: str, *, with_picture: bool = False) -> None:
    photos, hint = await _by_landmark(context), only_here(context, "map")
    if not photos:
        await context.reply(context._(NOTHING_YET) + hint)
        return
    counts = [(context.landmarks[number], len(shown)) for number, shown in sorted(photos.items())]
    counts = [(landmark, shown) for landmark, shown in counts if landmark.position]
    if not counts:
        await context.reply(context._("I do not know where the places in your photos are.") + hint)
        return
    caption = context.language.ngettext("{n} landmark", "{n} landmarks", len(counts)).format(n=len(counts)) + hint
    if file_format == "kml":
        await context.send_file("places.kml", kml(counts).encode(), caption)
    else:
        other_format = ((Button("KML", "mapfile:kml"),),)
        await context.send_file("places.geojson", geojson(counts).encode(), caption, other_format)
    if with_picture:
        places = [(landmark.position, shown) for landmark, shown in counts if landmark.position]
        await context.send_picture(await asyncio.to_thread(draw_world, places), _countries(counts))


def geojson(counts: Sequence[tuple[Landmark, int]]) -> str:
    """Landmarks with coordinates as points, each with its number of photos.

    Source:
        RFC 7946: longitude before latitude.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": {"name": row.name, "city": row.city, "country": row.country, "photos": photos},
        }
        for row, photos in counts
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)


def kml(counts: Sequence[tuple[Landmark, int]]) -> str:
    """The same for Google Earth and similar programs.

    Source:
        OGC KML 2.3: longitude before latitude.
    """
    marks = "".join(
        f"<Placemark><name>{xml(row.name)}</name><description>{photos}</description>"
        f"<Point><coordinates>{row.lon},{row.lat}</coordinates></Point></Placemark>\n"
        for row, photos in counts
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    return f"{head}{marks}</Document></kml>\n"
