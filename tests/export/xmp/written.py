"""A library with sidecars, and what other programs would read in them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from db.read.filters import TagFilter
from tagger.export.xmp import sidecars
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import LISTS
from tagger.export.xmp.sidecars import Outcome, WriteOptions
from tests.db.samples import assessed, tag_run
from tests.drawn import jpeg

EIFFEL = {
    "dc:subject": ["Eiffel Tower"],
    "lr:hierarchicalSubject": ["Landmark|France|Paris|Eiffel Tower"],
    "digiKam:TagsList": ["Landmark/France/Paris/Eiffel Tower"],
}
PROGRAMS = ("exiv2", "exiftool")
ADVICE = "needs exiv2 and exiftool: apt-get install exiv2 libimage-exiftool-perl"
needs_programs = pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason=ADVICE)


def sidecar(body: str = "", *, head: str = "", about: str = "") -> str:
    """An XMP document with some properties."""
    spaces = {
        "dc": "http://purl.org/dc/elements/1.1/",
        "lr": "http://ns.adobe.com/lightroom/1.0/",
        "digiKam": "http://www.digikam.org/ns/1.0/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "darktable": "http://darktable.sf.net/",
        "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
        "odd": "http://example.org/odd#",
    }
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in spaces.items())
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="{about}" {declared}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )


def bag(name: str, *values: str, container: str = "Bag") -> str:
    items = "".join(f"<rdf:li>{value}</rdf:li>" for value in values)
    return f"<{name}><rdf:{container}>{items}</rdf:{container}></{name}>"


def photo(path: Path, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg(**options))
    return path


def tag_photos(store: Store, photos: Iterable[Path], best: str | None = "eiffel_tower", score: float = 0.9) -> None:
    """Store a landmark for each photo, as a run does."""
    tag_run(store, [assessed(str(path), best, score=score) for path in photos])


def write(store: Store, *, filters: TagFilter | None = None, **options: Any) -> list[Outcome]:
    return list(sidecars.write(store, filters or TagFilter(), WriteOptions(**options)))


def undo(store: Store, **filters: Any) -> list[Outcome]:
    return list(sidecars.undo(store, TagFilter(**filters)))


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.xmp")


def lists(path: Path) -> dict[str, list[str]]:
    packet = Packet(path.read_bytes())
    return {str(item): packet.items(item) for item in LISTS}


def statuses(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome.status for outcome in outcomes]
