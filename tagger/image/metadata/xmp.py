"""Read the XMP packet in a photo.

The one rule: a packet is a stranger's XML. It may declare no document type, so it has no entities; and no tree is
built of it, only the few properties are kept that are needed.
"""

from __future__ import annotations

from contextlib import suppress
from xml.parsers import expat

from PIL import Image

from tagger.core.types import Position, TakenDate
from tagger.image.metadata.dates import best_date, dated, parse_date
from tagger.image.metadata.exif import is_void
from tagger.image.metadata.positions import LATITUDE, LONGITUDE, Axis, parse_coordinate, position

MAX_BYTES = 4 << 20
PADDING = b"\0 \r\n\t"
MAX_CHARACTERS = 100  # of a value; more is neither a date nor a coordinate
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns# "
DESCRIPTION = [RDF + "RDF", RDF + "Description"]
EXIF = "http://ns.adobe.com/exif/1.0/ "
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/ "
BASIC = "http://ns.adobe.com/xap/1.0/ "
DATES = (EXIF + "DateTimeOriginal", PHOTOSHOP + "DateCreated", EXIF + "DateTimeDigitized", BASIC + "CreateDate")
COORDINATES = tuple(EXIF + name for name in ("GPSLatitude", "GPSLongitude", "GPSLatitudeRef", "GPSLongitudeRef"))
STATUS = EXIF + "GPSStatus"
OWN = "http://ns.landmark-tagger.invalid/1.0/"  # a name, not an address; nobody can own this domain
GUESSED = OWN + " GuessedPosition"
PROPERTIES = frozenset((*DATES, *COORDINATES, STATUS, GUESSED))

Properties = dict[str, str]


def read_xmp(image: Image.Image) -> Properties:
    """The properties of an opened image's XMP that say when and where it was taken."""
    packet = xmp_packet(image)
    return _Packet().parse(packet) if packet is not None and len(packet) <= MAX_BYTES else {}


def xmp_packet(image: Image.Image) -> bytes | None:
    """The bytes of an opened image's XMP, without the padding around them."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    return packet.strip(PADDING) or None if isinstance(packet, bytes) else None


def xmp_date(properties: Properties) -> TakenDate | None:
    """When the photo was taken, else digitized."""
    return best_date(dated(parse_date(properties.get(name)), "xmp") for name in DATES)


def xmp_position(properties: Properties) -> Position | None:
    """Where the camera was. A position that was guessed from the landmark is not evidence for it."""
    if is_void(properties.get(STATUS)) or GUESSED in properties:
        return None
    return position(
        _coordinate(properties, "GPSLatitude", LATITUDE), _coordinate(properties, "GPSLongitude", LONGITUDE)
    )


def _coordinate(properties: Properties, name: str, axis: Axis) -> float | None:
    return parse_coordinate(properties.get(EXIF + name, ""), properties.get(f"{EXIF}{name}Ref"), axis)


class _Packet:
    """Collects properties: the attributes and elements of the descriptions right below the root of the RDF."""

    def __init__(self) -> None:
        self._found: Properties = {}
        self._open: list[str] = []  # the names of the elements that the parser is in
        self._depth = 0  # of the element that is collected; 0 if none is
        self._value = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def parse(self, packet: bytes) -> Properties:
        """Parse a packet, as far as it is sound."""
        with suppress(Exception):  # also of codecs for a strange encoding
            self._parser.Parse(packet, True)
        return self._found

    @staticmethod
    def _refuse(*_: object) -> None:
        raise ValueError("XMP has no document type")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if self._open[-2:] == DESCRIPTION:
            for attribute in PROPERTIES & attributes.keys():
                self._found.setdefault(attribute, attributes[attribute])
        elif self._open[-3:-1] == DESCRIPTION and name in PROPERTIES:
            self._depth, self._value = len(self._open), ""

    def _text(self, text: str) -> None:
        if self._depth and len(self._value) < MAX_CHARACTERS:
            self._value += text

    def _end(self, name: str) -> None:
        if len(self._open) == self._depth:
            self._found.setdefault(name, self._value)
            self._depth = 0
        self._open.pop()
