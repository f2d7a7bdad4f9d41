"""What a photo's tags become in XMP: keywords, a place, and perhaps a position."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from db.rows import PhotoTag
from tagger.core.types import Landmark, Position
from tagger.export.xmp.properties import (
    CITY,
    COUNTRY,
    COUNTRY_CODE,
    LATITUDE,
    LOCATION,
    LONGITUDE,
    SEPARATORS,
    SUBJECT,
    Property,
)
from tagger.library.query.countries import country_code
from tagger.model.languages import ENGLISH, localized

ROOT = "Landmark"
GUESSED_KEYWORD = (ROOT, "Guessed position")
GPS_MIN_SCORE = 0.95  # of a landmark that no person has confirmed; a wrong position does more harm than a wrong word

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Path = tuple[str, ...]  # of a keyword, the most general part first


@dataclass(frozen=True, slots=True)
class Content:
    """What a sidecar should say; if it is empty, nothing of ours belongs there."""

    landmarks: tuple[str, ...] = ()  # the keys
    keywords: tuple[Path, ...] = ()
    place: Mapping[Property, str] = field(default_factory=dict)
    position: Position | None = None  # for a photo that has none

    @property
    def fingerprint(self) -> str:
        """A hash of all of it."""
        place = sorted((str(item), value) for item, value in self.place.items())
        return hashlib.sha256(repr((self.keywords, place, self.position)).encode()).hexdigest()[:16]


def content_of(
    tags: Sequence[PhotoTag], landmarks: Mapping[str, Landmark], *, with_gps: bool, language: str = ENGLISH
) -> Content:
    """The content for a photo.

    Args:
        tags: what it shows; the first says where it is.
        landmarks: by their keys.
        with_gps: guess its position too, if the first tag was confirmed or is very sure.
        language: of the names.
    """
    if not tags:
        return Content()
    named = {tag.landmark: localized(landmarks[tag.landmark], language) for tag in tags}
    best, first = tags[0], named[tags[0].landmark]
    is_sure = best.is_decided or (best.score or 0.0) >= GPS_MIN_SCORE
    country = landmarks[best.landmark].country
    code = country_code(country) if country else None
    values = {LOCATION: first.name, CITY: first.city, COUNTRY: first.country, COUNTRY_CODE: code}
    return Content(
        tuple(tag.landmark for tag in tags),
        tuple(dict.fromkeys(_path(named[tag.landmark]) for tag in tags)),
        {item: text for item, value in values.items() if (text := clean(value or ""))},
        first.position if with_gps and is_sure else None,
    )


def clean(text: str) -> str:
    """A text without what XML does not allow, and without space around it."""
    return NOT_IN_XML.sub("", text).strip()


def as_value(item: Property, path: Path) -> str:
    """A keyword as a list has it: its last part, or all parts."""
    return path[-1] if item == SUBJECT else SEPARATORS[item].join(path)


def as_path(item: Property, value: str) -> Path:
    """The parts of a keyword, from a list's value."""
    return (value,) if item == SUBJECT else tuple(filter(None, value.split(SEPARATORS[item])))


def gps_values(position: Position) -> dict[Property, str]:
    """A position as XMP spells it: ``48,51.5040N``."""
    return {
        LATITUDE: _coordinate(position.lat, "NS"),
        LONGITUDE: _coordinate(position.lon, "EW"),
    }


def _coordinate(degrees: float, directions: str) -> str:
    ten_thousandths = round(abs(degrees) * 60 * 10_000)
    whole, rest = divmod(ten_thousandths, 60 * 10_000)
    return f"{whole},{rest / 10_000:.4f}{directions[degrees < 0]}"


def _path(landmark: Landmark) -> Path:
    parts = (ROOT, landmark.country, landmark.city, landmark.name)
    return tuple(clean for part in parts if (clean := _component(part or "")))


def _component(text: str) -> str:
    """A name without the characters that separate the parts of a keyword."""
    for separator in SEPARATORS.values():
        text = text.replace(separator, "-")
    return clean(text)
