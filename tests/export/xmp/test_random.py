"""Random documents: what is added is taken back, and nothing but a clean refusal comes of damage."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from lxml import etree

from tagger.core.errors import SidecarError
from tagger.core.types import Position
from tagger.export.xmp import merge
from tagger.export.xmp.content import Content
from tagger.export.xmp.merge import OwnMetadata
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import CITY, COUNTRY, LISTS
from tests.export.xmp.foreign import BY_HAND
from tests.export.xmp.written import bag, sidecar

LISTS_AND_CONTAINERS = {
    "dc:subject": ("Bag", "Seq", "Alt"),
    "lr:hierarchicalSubject": ("Bag", "Seq"),
    "digiKam:TagsList": ("Seq", "Bag"),
    "MicrosoftPhoto:LastKeywordXMP": ("Bag",),
}
PATHS = ("Landmark|France|Paris|Eiffel Tower", "Landmark/France/Paris/Eiffel Tower")
WORDS = (
    "sea",
    "Eiffel Tower",
    "Zoë",
    "a|b",
    "a/b",
    *PATHS,
    "Guessed position",
    "dc:subject=z",
    " sp ",
    "",
    "&lt;&amp;&gt;",
)
FIELDS = ("<photoshop:City>Paris</photoshop:City>", "<photoshop:City/>", "<exif:GPSLatitude>1,2N</exif:GPSLatitude>")
EIFFEL = (("Landmark", "France", "Paris", "Eiffel Tower"),)
CONTENT = Content(("eiffel_tower",), EIFFEL, {CITY: "Paris", COUNTRY: "France"}, Position(48.858, -2.294))
CASES, DAMAGES = 300, 2000


def document(chance: random.Random) -> bytes:
    parts = [
        bag(name, *chance.choices(WORDS, k=chance.randint(0, 4)), container=chance.choice(containers))
        for name, containers in LISTS_AND_CONTAINERS.items()
        if chance.random() < 0.5
    ]
    parts += chance.sample(FIELDS, chance.randint(0, 1))
    parts += ["<!--c--><odd:deep rdf:parseType='Resource'><odd:a>1</odd:a></odd:deep><?pi x?>"] * chance.randint(0, 1)
    chance.shuffle(parts)
    between = chance.choice(("", "\n   ", " "))
    return sidecar(between + between.join(parts) + between).encode()


def canonical(data: bytes) -> bytes:
    """A document without white space between its elements."""
    root = etree.fromstring(data)
    for element in root.iter():
        if element.tail and not element.tail.strip():
            element.tail = None
        is_value = isinstance(element.tag, str) and element.tag.endswith("}li")
        if isinstance(element.tag, str) and not (element.text or "").strip() and not is_value:
            element.text = None
    return bytes(etree.tostring(root, method="c14n"))


@pytest.mark.parametrize("seed", range(3))
def test_what_is_added_to_a_random_document_is_taken_back(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(CASES):
        source = document(chance)
        lists = {item: chance.choices(WORDS[:5], k=chance.randint(0, 2)) for item in LISTS}
        own = OwnMetadata(lists, tuple(chance.sample(("sea", "own"), chance.randint(0, 2))))
        packet = Packet(source)
        merge.add(packet, CONTENT, own, has_position=False)
        added = packet.encode()
        packet = Packet(added)
        merge.take_back(packet)
        assert canonical(packet.encode()) == canonical(source)
        merge.add(packet, CONTENT, own, has_position=False)
        assert [packet.items(item) for item in LISTS] == [Packet(added).items(item) for item in LISTS]


def test_a_damaged_document_is_used_whole_or_refused() -> None:
    chance, used = random.Random(7), 0
    for _ in range(DAMAGES):
        data = bytearray(chance.choice(list(BY_HAND.values())))
        at, length = chance.randrange(len(data)), chance.randint(0, 20)
        data[at : at + length] = chance.choice((b"", b"<", b"&", b'"', b"\0", b"-->", b"a", b"\xff", data[:30]))
        with suppress(SidecarError):
            packet = Packet(bytes(data))
            merge.add(packet, CONTENT, OwnMetadata(), has_position=False)
            again = Packet(packet.encode())
            merge.take_back(again)
            Packet(again.encode())
            used += 1
    assert 0 < used < DAMAGES
