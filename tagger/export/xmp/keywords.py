"""The landmarks that people's own keywords name, in photos and in their sidecars.

The one rule: what the tagger itself wrote is nobody's decision. Its values are taken out before a keyword is read, and
a landmark that it has written into a photo's sidecar is passed over in that photo, since other programs copy keywords.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from db.engine import Connection, Store
from db.read import catalog
from db.read.decisions import of_paths
from db.read.folders import present_files, require_files
from db.read.sidecars import sidecars_of
from db.rows import SidecarRow
from db.write.decisions import record_decision
from tagger.core.errors import PhotoError, SidecarError
from tagger.core.run_options import Limits
from tagger.core.text import plain
from tagger.core.types import Landmark
from tagger.export.xmp import files
from tagger.export.xmp.content import as_path
from tagger.export.xmp.merge import own_metadata
from tagger.export.xmp.naming import forget_folders
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.planning import existing_sidecars, without_ours
from tagger.export.xmp.properties import KEYWORD_LISTS, Property
from tagger.image.metadata.embedded import read_embedded
from tagger.library.roots import stored_name

PAGE = 500  # photos

Source = Literal["sidecar", "xmp", "iptc"]
SOURCES: tuple[Source, ...] = ("sidecar", "xmp", "iptc")  # a landmark counts once, from the first of these


@dataclass(frozen=True, slots=True)
class Named:
    """A landmark that a photo's keyword names."""

    path: str
    landmark: str  # its key
    source: Source


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a photo's keywords, or those of one of its sidecars, cannot be read."""

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportedKeywords:
    """What became of keywords.

    Args:
        named: how many name a landmark.
        added: how many of those are new decisions.
        unread: the files whose keywords are unknown.
    """

    named: int
    added: int
    unread: list[Unread]


def import_keywords(store: Store, folder: str | None, *, who: str, limits: Limits) -> ImportedKeywords:
    """Make decisions of the keywords in the photos of a folder, or in all; see `named_landmarks` and `decide`.

    Raises:
        UnknownFolder: the store has no file in it.
    """
    with store.read() as connection:
        below = stored_name(connection, folder) if folder else "/"
        require_files(connection, below)
        paths = present_files(connection, below)
    found = list(named_landmarks(store, paths, limits))
    named = [item for item in found if isinstance(item, Named)]
    unread = [item for item in found if isinstance(item, Unread)]
    return ImportedKeywords(len(named), decide(store, named, who=who), unread)


def named_landmarks(store: Store, paths: Sequence[str], limits: Limits) -> Iterator[Named | Unread]:
    """The landmarks that the keywords of photos name, by id, name or alias; of a hierarchy only the last part counts.

    Args:
        store: is read in steps.
        paths: of the photos' files.
        limits: of files that are read.
    """
    forget_folders()
    with store.read() as connection:
        names = _names(connection)
    for start in range(0, len(paths), PAGE):
        page = paths[start : start + PAGE]
        with store.read() as connection:
            rows = sidecars_of(connection, page)
        for path in page:
            yield from _of_photo(path, rows.get(path, ()), names, limits)


def decide(store: Store, named: Sequence[Named], *, who: str) -> int:
    """Store that photos show the landmarks that their keywords name, and return the number of decisions.

    Photos on which somebody has decided otherwise are left alone, and so is a keyword that was a decision before, even
    if that was taken back.
    """
    added = 0
    with store.write() as connection:
        photos = of_paths(connection, {one.path for one in named})
        done: set[tuple[str, str]] = set()
        for one in named:
            sha256, decisions = photos.get(one.path, ("", []))
            was_asked = any(decided.source in SOURCES and decided.landmark == one.landmark for decided in decisions)
            is_decided = any(decided.is_active and decided.source not in SOURCES for decided in decisions)
            if sha256 and not was_asked and not is_decided and (sha256, one.landmark) not in done:
                done.add((sha256, one.landmark))
                record_decision(connection, sha256, verdict="shows", landmark=one.landmark, who=who, source=one.source)
                added += 1
    return added


def _names(connection: Connection) -> Mapping[str, str]:
    """The keys of landmarks by all their names: a key outranks a name, that an alias, and that one in a language."""
    names: dict[str, str] = {}
    landmarks: list[Landmark] = list(catalog.landmarks(connection).values())
    kinds = (lambda one: (one.id,), lambda one: (one.name,), lambda one: one.aliases, lambda one: one.names.values())
    for spellings in kinds:
        for landmark in landmarks:
            for name in spellings(landmark):
                names.setdefault(plain(name), landmark.id)
    return names


def _of_photo(
    path: str, rows: Sequence[SidecarRow], names: Mapping[str, str], limits: Limits
) -> Iterator[Named | Unread]:
    keywords: list[tuple[Source, str]] = []
    try:
        for sidecar in existing_sidecars(path):
            try:
                keywords += [("sidecar", word) for word in _of_sidecar(sidecar, rows)]
            except (SidecarError, OSError) as error:
                yield Unread(sidecar, str(error))
        own = own_metadata(read_embedded(path, limits))
    except (PhotoError, SidecarError, OSError) as error:
        yield Unread(path, str(error))
        return
    keywords += [("xmp", word) for word in _last_parts(own.lists)]
    keywords += [("iptc", word) for word in own.keywords]
    written = {key for row in rows for key in row.landmarks}
    found: dict[str, Source] = {}
    for source, word in keywords:
        if (key := names.get(plain(word))) and key not in written:
            found.setdefault(key, source)
    yield from (Named(path, key, source) for key, source in found.items())


def _of_sidecar(sidecar: str, rows: Sequence[SidecarRow]) -> list[str]:
    row = next((row for row in rows if row.path == sidecar), None)
    base = without_ours(files.read(sidecar), row)
    if base is None:
        return []
    packet = Packet(base)
    return _last_parts({item: packet.items(item) for item in KEYWORD_LISTS})


def _last_parts(lists: Mapping[Property, Sequence[str]]) -> list[str]:
    return [path[-1] for item, values in lists.items() for value in values if (path := as_path(item, value))]
