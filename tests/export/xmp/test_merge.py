"""What is added to a sidecar hides nothing that was there, and can be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from tagger.core.errors import SidecarError
from tagger.core.types import Position
from tagger.export.xmp import merge
from tagger.export.xmp.content import Content
from tagger.export.xmp.merge import MARKS, OwnMetadata
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import (
    CITY,
    COUNTRY,
    GUESSED,
    HIERARCHICAL,
    LATITUDE,
    LISTS,
    LOCATION,
    SUBJECT,
    TAGS_LIST,
)
from tagger.image.metadata.embedded import EmbeddedMetadata
from tests.export.xmp.written import bag, sidecar

PLACE = {LOCATION: "Eiffel Tower", CITY: "Paris", COUNTRY: "France"}
EIFFEL = Content(("eiffel_tower",), (("Landmark", "France", "Paris", "Eiffel Tower"),), PLACE)
AT_EIFFEL = Content(EIFFEL.landmarks, EIFFEL.keywords, {}, Position(48.858, 2.294))
LEAF, PIPES, SLASHES = "Eiffel Tower", "Landmark|France|Paris|Eiffel Tower", "Landmark/France/Paris/Eiffel Tower"


def merged(body: str = "", content: Content = EIFFEL, **own: Any) -> Packet:
    packet = Packet(sidecar(body).encode())
    merge.add(packet, content, OwnMetadata(**own), has_position=False)
    return Packet(packet.encode())


def lists(packet: Packet) -> list[list[str]]:
    return [packet.items(item) for item in LISTS]


def test_an_empty_sidecar_gets_the_three_lists_and_the_place() -> None:
    packet = merged()
    assert lists(packet) == [[LEAF], [PIPES], [SLASHES]]
    assert {item: packet.text(item) for item in PLACE} == PLACE


def test_a_new_list_begins_with_the_keywords_of_the_others() -> None:
    packet = merged(bag("lr:hierarchicalSubject", "Nature|Beach", "Ann") + bag("dc:subject", "Beach", "Ann", "blue"))
    assert lists(packet) == [
        ["Beach", "Ann", "blue", LEAF],
        ["Nature|Beach", "Ann", PIPES],
        ["Nature/Beach", "Ann", "blue", SLASHES],
    ]


def test_lists_that_only_some_programs_read_are_not_hidden() -> None:
    packet = merged(bag("MicrosoftPhoto:LastKeywordXMP", "Sea/Boat") + bag("lr:hierarchicalSubject", "Ann"))
    assert packet.items(TAGS_LIST) == ["Sea/Boat", "Ann", SLASHES]
    assert packet.items(HIERARCHICAL) == ["Ann", PIPES]


def test_new_lists_begin_with_the_photos_own_keywords() -> None:
    lists_of_photo = {SUBJECT: ["Beach"], TAGS_LIST: ["Nature/Beach"]}
    assert lists(merged(lists=lists_of_photo, keywords=("sand", "Beach"))) == [
        ["Beach", "sand", LEAF],
        ["Nature|Beach", "sand", PIPES],
        ["Nature/Beach", "sand", SLASHES],
    ]


def test_a_list_of_the_sidecar_counts_more_than_the_photos() -> None:
    assert merged(bag("dc:subject", "kept"), lists={SUBJECT: ["removed"]}).items(SUBJECT) == ["kept", LEAF]


def test_a_keyword_that_is_there_is_not_ours() -> None:
    packet = merged(bag("dc:subject", LEAF, "sea"))
    assert packet.items(SUBJECT) == [LEAF, "sea"]
    merge.take_back(packet)
    assert packet.items(SUBJECT) == [LEAF, "sea"]


@pytest.mark.parametrize(
    ("body", "own", "place"),
    [
        ("<photoshop:City>paris</photoshop:City>", {}, {LOCATION: "Eiffel Tower", CITY: "paris", COUNTRY: "France"}),
        ("<photoshop:City>London</photoshop:City>", {}, {LOCATION: None, CITY: "London", COUNTRY: None}),
        ("", {"place": {CITY: "London"}}, {LOCATION: None, CITY: None, COUNTRY: None}),
        ("", {"place": {CITY: "Paris", LOCATION: "7e"}}, {LOCATION: None, CITY: None, COUNTRY: "France"}),
    ],
)
def test_a_place_is_completed_and_never_contradicted(body: str, own: dict[str, Any], place: object) -> None:
    packet = merged(body, **own)
    assert {item: packet.text(item) for item in PLACE} == place


def test_a_guessed_position_is_marked() -> None:
    packet = merged(content=AT_EIFFEL)
    assert (packet.text(LATITUDE), packet.text(GUESSED)) == ("48,51.4800N", "True")
    assert packet.items(TAGS_LIST)[-1] == "Landmark/Guessed position"


@pytest.mark.parametrize(
    ("body", "own"),
    [
        ("<exif:GPSLatitude>1,0N</exif:GPSLatitude>", {}),
        ("<exif:GPSLongitude>nonsense</exif:GPSLongitude>", {}),
        ("", {"has_position": True}),
    ],
)
def test_no_position_is_guessed_where_there_is_one(body: str, own: dict[str, Any]) -> None:
    packet = merged(body, AT_EIFFEL, **own)
    assert not packet.has(GUESSED)
    assert packet.items(SUBJECT) == [LEAF]


@pytest.mark.parametrize("body", ["", bag("dc:subject", "sea"), bag("digiKam:TagsList", "a/b", container="Seq")])
def test_what_was_added_is_taken_back(body: str) -> None:
    packet = merged(body, AT_EIFFEL, lists={SUBJECT: ["own"]})
    assert merge.take_back(packet)
    before = Packet(sidecar(body).encode())
    assert lists(packet) == lists(before)
    assert packet.is_empty == before.is_empty
    assert not merge.take_back(packet)


def test_what_others_added_since_stays_with_what_they_built_on() -> None:
    packet = merged(lists={SUBJECT: ["own"]})
    packet.extend(SUBJECT, ["theirs"])
    merge.take_back(packet)
    assert lists(packet) == [["own", "theirs"], [], []]


def test_a_coordinate_that_others_wrote_otherwise_is_taken_back_and_another_one_stays() -> None:
    for text, is_left in (("48,51.48N", False), ("48.858N", False), ("48,52.1N", True)):
        packet = merged(content=AT_EIFFEL)
        packet.remove(LATITUDE)
        packet.set(LATITUDE, text)
        merge.take_back(packet)
        assert (packet.has(LATITUDE), packet.has(GUESSED)) == (is_left, False)


def test_without_the_marks_the_database_says_what_was_added() -> None:
    packet = Packet(sidecar(bag("dc:subject", "sea")).encode())
    added = merge.add(packet, EIFFEL, OwnMetadata(), has_position=False)
    for mark in MARKS:
        packet.remove(mark)
    assert merge.take_back(packet, added)
    assert lists(packet)[0] == ["sea"]


def test_embedded_xmp_that_cannot_be_read_is_not_hidden() -> None:
    with pytest.raises(SidecarError, match="a sidecar would hide it"):
        merge.own_metadata(EmbeddedMetadata(b"<x:xmpmeta"))


def test_what_we_embedded_ourselves_is_no_keyword_of_the_photo() -> None:
    packet = merged(bag("dc:subject", "sea"))
    own = merge.own_metadata(EmbeddedMetadata(packet.encode(), ("a\x00b",), {"City": "Paris"}))
    assert (own.lists[SUBJECT], own.keywords, own.place) == (["sea"], ("ab",), {CITY: "Paris"})
    assert own.lists[HIERARCHICAL] == []
