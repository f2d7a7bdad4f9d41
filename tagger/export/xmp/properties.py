"""The XMP properties that are written, by their namespaces.

Source:
    XMP specification, part 2; IPTC Photo Metadata Standard; Lightroom and digiKam for theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tagger.image.metadata.xmp import OWN

NAMESPACES = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpCore": "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
    "mediapro": "http://ns.iview-multimedia.com/mediapro/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "landmark": OWN,
}
Container = Literal["Bag", "Seq"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property by its usual prefix and its name; a list if it has a container."""

    prefix: str
    name: str
    container: Container | None = None

    @property
    def tag(self) -> str:
        """The name as lxml writes it."""
        return qualified(self.prefix, self.name)

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}"


def qualified(prefix: str, name: str) -> str:
    """A name with its namespace, as lxml writes it."""
    return f"{{{NAMESPACES[prefix]}}}{name}"


SUBJECT = Property("dc", "subject", "Bag")
HIERARCHICAL = Property("lr", "hierarchicalSubject", "Bag")
TAGS_LIST = Property("digiKam", "TagsList", "Seq")
LISTS = (SUBJECT, HIERARCHICAL, TAGS_LIST)
LAST_KEYWORDS = Property("MicrosoftPhoto", "LastKeywordXMP", "Bag")  # like the next one, only read
CATALOG_SETS = Property("mediapro", "CatalogSets", "Bag")
SEPARATORS = {TAGS_LIST: "/", LAST_KEYWORDS: "/", HIERARCHICAL: "|", CATALOG_SETS: "|"}
KEYWORD_LISTS = (SUBJECT, *SEPARATORS)

LOCATION = Property("Iptc4xmpCore", "Location")
CITY = Property("photoshop", "City")
COUNTRY = Property("photoshop", "Country")
COUNTRY_CODE = Property("Iptc4xmpCore", "CountryCode")
PLACE = (LOCATION, CITY, COUNTRY, COUNTRY_CODE)

LATITUDE = Property("exif", "GPSLatitude")
LONGITUDE = Property("exif", "GPSLongitude")
SIDECAR_FOR = Property("photoshop", "SidecarForExtension")  # Adobe's: whose of RAW and JPEG a sidecar is

ADDED = Property("landmark", "Added", "Bag")  # "dc:subject=Eiffel Tower": what a program may take away again
COPIED = Property("landmark", "Copied", "Bag")  # the same of lists that were copied from the photo
MADE = Property("landmark", "Made", "Bag")  # the lists that were not there
GUESSED = Property("landmark", "GuessedPosition")

BY_NAME = {str(item): item for item in (*LISTS, *PLACE, LATITUDE, LONGITUDE)}
