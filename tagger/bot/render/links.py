"""Where to read more about a landmark: links to a map, Wikipedia and Wikidata, and hashtags to copy."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote, urlencode

from tagger.bot.render.languages import Language
from tagger.core import hashtags as core_hashtags
from tagger.core.types import Landmark, Position

ZOOM = 15  # of the map: some streets around the landmark


def links(landmark: Landmark, language: Language) -> str:
    """Links as HTML; empty for a landmark of which neither the coordinates nor the Wikidata number is known."""
    found = []
    if landmark.position is not None:
        found.append((map_url(landmark.position), language._("Map")))
    if landmark.wikidata is not None:
        article = f"https://www.wikidata.org/wiki/Special:GoToLinkedPage/{language.names}wiki/{landmark.wikidata}"
        found += [(article, "Wikipedia"), (f"https://www.wikidata.org/wiki/{landmark.wikidata}", "Wikidata")]
    elif landmark.position is not None:
        search = urlencode({"search": landmark.name, "go": "Go"}, quote_via=quote)
        found.append((f"https://{language.names}.wikipedia.org/wiki/Special:Search?{search}", "Wikipedia"))
    return " · ".join(link(url, text) for url, text in found)


def map_url(position: Position) -> str:
    """OpenStreetMap with a mark at a position."""
    lat, lon = position.lat, position.lon
    return f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map={ZOOM}/{lat}/{lon}"


def link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def hashtags(landmarks: Iterable[Landmark]) -> str:
    """Landmarks and their cities, e.g. "#EiffelTower #Paris"."""
    return " ".join(dict.fromkeys(tag for landmark in landmarks for tag in core_hashtags.hashtags(landmark)))
