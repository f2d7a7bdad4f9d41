"""What a person has sent: /places, /find, /map and /stats.

The one rule: a person sees their own photos only, also in a group.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from html import escape
from xml.sax.saxutils import escape as xml

from db.rows import LandmarkRow
from db.telegram import people
from db.telegram.people import PersonsPhoto
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.landmark_search import exact, nearest
from tagger.bot.render.languages import N_
from tagger.bot.render.pagination import page
from tagger.bot.render.reply_text import place
from tagger.bot.transport.message import Button, Keyboard

NOTHING_YET = N_("You have not sent me a photo of a landmark yet.")

Shots = dict[int, list[PersonsPhoto]]  # photos by landmark, newest first


async def places(visit: UpdateContext) -> None:
    await visit.say(*_places(visit, await _shots(visit), 0))


async def places_tapped(visit: UpdateContext) -> None:
    await visit.edit(*_places(visit, await _shots(visit), int(visit.arguments)))
    await visit.toast()


async def find(visit: UpdateContext) -> None:
    """The photos of one landmark, or which landmarks may be meant."""
    wanted = visit.arguments.strip()
    if not wanted:
        await visit.say(visit._("Which landmark? Write it like this: /find eiffel"))
        return
    shots = await _shots(visit)
    known = {number: visit.services.landmarks[number] for number in shots}
    number = exact(wanted, known)
    offered = [number] if number is not None else nearest(wanted, known)
    if not offered:
        text = visit._("You have not sent me a photo of “{name}” yet.").format(name=escape(wanted))
        await visit.say(text)
        return
    if len(offered) == 1:
        await visit.say(*_found(visit, shots, offered[0], 0))
        return
    rows = tuple((Button(known[each].name, f"found:{each}:0"),) for each in offered)
    await visit.say(visit._("Did you mean one of these?"), rows)


async def found_tapped(visit: UpdateContext) -> None:
    number, at = (int(part) for part in visit.arguments.split(":"))
    await visit.edit(*_found(visit, await _shots(visit), number, at))
    await visit.toast()


async def show_map(visit: UpdateContext) -> None:
    """As GeoJSON, or as KML with `/map kml`."""
    wants_kml = visit.arguments.strip().lower() == "kml"
    await _send_map(visit, "kml" if wants_kml else "geojson")


async def map_tapped(visit: UpdateContext) -> None:
    await visit.toast()
    await _send_map(visit, visit.arguments)


async def stats(visit: UpdateContext) -> None:
    """Photos, landmarks, countries, and how often the machine was right where somebody said so."""
    photos, shots = await _photos(visit), await _shots(visit)
    if not photos:
        await visit.say(visit._(NOTHING_YET))
        return
    countries = {visit.services.landmarks[number].country for number in shots}
    decided = sum(photo.is_decided for photo in photos)
    known = sum(bool(photo.landmark_ids) for photo in photos)
    lines = [
        visit._("Photos: {n}").format(n=len(photos)),
        visit._("With a landmark: {n}").format(n=known),
        visit._("Landmarks: {n}").format(n=len(shots)),
        visit._("Countries: {n}").format(n=len(countries)),
        visit._("Decided by you: {n}").format(n=decided),
    ]
    await visit.say("\n".join(lines))


async def _photos(visit: UpdateContext) -> list[PersonsPhoto]:
    user_id = visit.user.id
    return await visit.services.desk.read(lambda connection: people.photos_of(connection, user_id))


async def _shots(visit: UpdateContext) -> Shots:
    shots: Shots = defaultdict(list)
    for photo in await _photos(visit):
        for number in photo.landmark_ids:
            shots[number].append(photo)
    return dict(shots)


def _places(visit: UpdateContext, shots: Shots, at: int) -> tuple[str, Keyboard]:
    if not shots:
        return visit._(NOTHING_YET), ()
    rows = [(_country(visit, number), visit.services.landmarks[number].name, shots[number]) for number in shots]
    ordered = sorted(rows, key=lambda row: row[:2])
    lines = [(country, f"{escape(name)} ({len(photos)})") for country, name, photos in ordered]
    return page(visit._("The places on your photos:"), lines, at, "places")


def _found(visit: UpdateContext, shots: Shots, number: int, at: int) -> tuple[str, Keyboard]:
    landmark, photos = visit.services.landmarks[number], shots.get(number, [])
    told = visit.language.ngettext("{n} photo of yours", "{n} photos of yours", len(photos)).format(n=len(photos))
    heading = f"<b>{escape(landmark.name)}</b>, {place(landmark, visit.language)}\n{told}"
    lines = [("", _shot(visit, photo)) for photo in photos]
    return page(heading, lines, at, f"found:{number}")


def _shot(visit: UpdateContext, photo: PersonsPhoto) -> str:
    day = visit.language.day(photo.received_at)
    by = visit._("said by you") if photo.score is None else visit.language.percent(photo.score)
    return f"• {day}: {by}"


def _country(visit: UpdateContext, number: int) -> str:
    return visit.language.country(visit.services.landmarks[number].country)


async def _send_map(visit: UpdateContext, form: str) -> None:
    shots = await _shots(visit)
    if not shots:
        await visit.say(visit._(NOTHING_YET))
        return
    counted = [(visit.services.landmarks[number], len(photos)) for number, photos in sorted(shots.items())]
    caption = visit.language.ngettext("{n} landmark", "{n} landmarks", len(counted)).format(n=len(counted))
    if form == "kml":
        await visit.send_file("places.kml", kml(counted).encode(), caption)
        return
    other = ((Button("KML", "mapfile:kml"),),)
    await visit.send_file("places.geojson", geojson(counted).encode(), caption, other)


def geojson(counted: Sequence[tuple[LandmarkRow, int]]) -> str:
    """Landmarks with the number of photos as points.

    Source:
        RFC 7946: longitude before latitude.
    """
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row.lon, row.lat]},
            "properties": {"name": row.name, "city": row.city, "country": row.country, "photos": photos},
        }
        for row, photos in counted
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)


def kml(counted: Sequence[tuple[LandmarkRow, int]]) -> str:
    """The same for Google Earth and its kin.

    Source:
        OGC KML 2.3: longitude before latitude.
    """
    marks = "".join(
        f"<Placemark><name>{xml(row.name)}</name><description>{photos}</description>"
        f"<Point><coordinates>{row.lon},{row.lat}</coordinates></Point></Placemark>\n"
        for row, photos in counted
    )
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    return f"{head}{marks}</Document></kml>\n"
