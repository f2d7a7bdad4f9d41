"""Put a content into a packet, and remove it again.

The one rule: what was there stays. Values are added, never replaced, and the packet lists the added ones itself, so
that exactly those can be removed again, even without the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tagger.core.errors import SidecarError
from tagger.core.text import plain
from tagger.export.xmp import content as contents
from tagger.export.xmp.content import GUESSED_KEYWORD, Content, Path
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import (
    ADDED,
    BY_NAME,
    COPIED,
    GUESSED,
    HIERARCHICAL,
    KEYWORD_LISTS,
    LATITUDE,
    LISTS,
    LOCATION,
    LONGITUDE,
    MADE,
    PLACE,
    SEPARATORS,
    SUBJECT,
    TAGS_LIST,
    Property,
)
from tagger.image.metadata import positions
from tagger.image.metadata.embedded import EmbeddedMetadata

MARKS = (ADDED, COPIED, MADE, GUESSED)
SAME_DEGREES = 1e-4  # 11 m; other programs round coordinates


@dataclass(frozen=True, slots=True)
class OwnMetadata:
    """What a photo says about itself, by the properties of XMP."""

    lists: dict[Property, list[str]] = field(default_factory=dict)
    keywords: tuple[str, ...] = ()  # outside of its XMP
    place: dict[Property, str] = field(default_factory=dict)
    has_position: bool = False


def own_metadata(embedded: EmbeddedMetadata) -> OwnMetadata:
    """Read a photo's own metadata.

    Raises:
        SidecarError: its XMP is damaged, so it is unknown what a sidecar would hide.
    """
    place = {item: embedded.place[item.name] for item in PLACE if item.name in embedded.place}
    keywords = tuple(word for keyword in embedded.keywords if (word := contents.clean(keyword)))
    if embedded.packet is None:
        return OwnMetadata({}, keywords, place, embedded.has_position)
    try:
        packet = Packet(embedded.packet)
        take_back(packet)
        lists = {item: packet.items(item) for item in KEYWORD_LISTS}
        place |= {item: text for item in PLACE if (text := packet.text(item))}
    except SidecarError as error:
        raise SidecarError(f"the photo's own XMP cannot be read, and a sidecar would hide it: {error}") from error
    return OwnMetadata(lists, keywords, place, embedded.has_position or packet.has(LATITUDE))


def add(packet: Packet, content: Content, own: OwnMetadata, *, has_position: bool) -> tuple[str, ...]:
    """Add a content to a packet that has nothing of ours.

    Args:
        packet: is changed.
        content: not empty.
        own: of the photo.
        has_position: whether another sidecar of the photo has one.

    Returns:
        The values that were added, as `take_back` takes them.
    """
    added, copied = list[str](), list[str]()
    keywords = list(content.keywords)
    if content.position and not (has_position or own.has_position or packet.has(LATITUDE) or packet.has(LONGITUDE)):
        keywords.append(GUESSED_KEYWORD)
        packet.set(GUESSED, "True")
        for item, value in contents.gps_values(content.position).items():
            packet.set(item, value)
            added.append(f"{item}={value}")
    seeds = _seeds(packet, own)
    packet.extend(MADE, [str(item) for item in LISTS if not packet.has(item)])
    for item in LISTS:
        present = packet.items(item) or seeds[item]
        new = [value for value in (contents.as_value(item, path) for path in keywords) if value not in present]
        copied += [f"{item}={value}" for value in seeds[item]]
        added += [f"{item}={value}" for value in new]
        packet.extend(item, [*seeds[item], *new])
    for item, value in _missing_place(packet, content, own):
        packet.set(item, value)
        added.append(f"{item}={value}")
    packet.extend(ADDED, added)
    packet.extend(COPIED, copied)
    return tuple(added)


def take_back(packet: Packet, added: Sequence[str] = ()) -> bool:
    """Remove from a packet what `add` added, as far as it is still there.

    Args:
        packet: is changed.
        added: counts if the packet itself does not say.

    Returns:
        Whether anything was removed.
    """
    before = packet.encode()
    has_marks = any(map(packet.has, MARKS))
    ours = _by_property(packet.items(ADDED) if has_marks else added)
    copied = _by_property(packet.items(COPIED))
    made = set(packet.items(MADE) if has_marks else map(str, ours))
    for item, values in ours.items():
        if item.container:
            packet.remove_values(item, values)
        elif _is_same(item, packet.text(item), values[0]):
            packet.remove(item)
    for item in LISTS:  # what was copied stays where others have added to it
        if set(packet.items(item)) <= set(copied[item]):
            packet.remove_values(item, copied[item])
            if str(item) in made:
                packet.remove(item)
    for mark in MARKS:
        packet.remove(mark)
    return packet.encode() != before


def _seeds(packet: Packet, own: OwnMetadata) -> dict[Property, list[str]]:
    """The values that each list that a packet lacks should start with.

    Programs read the first list that is there, and take it for all keywords: a list that is new must not hide those
    that are in another list, or in the photo.
    """
    lists = {item: packet.items(item) or own.lists.get(item, []) for item in KEYWORD_LISTS}
    words = [word for word in dict.fromkeys([*lists[SUBJECT], *own.keywords]) if word]
    paths = {item: [path for value in lists[item] if (path := contents.as_path(item, value))] for item in SEPARATORS}
    trees = paths[TAGS_LIST] or list(dict.fromkeys(path for found in paths.values() for path in found))
    parts = {part for path in trees for part in path}
    loose: list[Path] = [(word,) for word in words if word not in parts]
    found = {
        SUBJECT: words or [path[-1] for path in trees],
        HIERARCHICAL: [contents.as_value(HIERARCHICAL, path) for path in [*(paths[HIERARCHICAL] or trees), *loose]],
        TAGS_LIST: [contents.as_value(TAGS_LIST, path) for path in [*trees, *loose]],
    }
    return {item: [] if packet.items(item) else list(dict.fromkeys(found[item])) for item in LISTS}


def _missing_place(packet: Packet, content: Content, own: OwnMetadata) -> Iterable[tuple[Property, str]]:
    """The parts of the place that neither the packet nor the photo has, if what they have does not contradict it."""
    present = {item: packet.text(item) or own.place.get(item) for item in PLACE}
    for item, value in content.place.items():
        if item != LOCATION and present[item] and plain(present[item] or "") != plain(value):
            return []
    return [(item, value) for item, value in content.place.items() if not present[item] and not packet.has(item)]


def _by_property(values: Iterable[str]) -> defaultdict[Property, list[str]]:
    found: defaultdict[Property, list[str]] = defaultdict(list)
    for entry in values:
        name, _, value = entry.partition("=")
        if name in BY_NAME:
            found[BY_NAME[name]].append(value)
    return found


def _is_same(item: Property, text: str | None, ours: str) -> bool:
    if text is None or item not in (LATITUDE, LONGITUDE):
        return text == ours
    axis = positions.LATITUDE if item == LATITUDE else positions.LONGITUDE
    degrees = [positions.parse_coordinate(value, None, axis) for value in (text, ours)]
    return None not in degrees and abs((degrees[0] or 0) - (degrees[1] or 0)) < SAME_DEGREES
