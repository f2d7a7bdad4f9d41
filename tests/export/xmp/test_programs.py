"""500 sidecars, half of them made by other programs, as exiv2 and exiftool read them before and after."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from tests.export.xmp import foreign
from tests.export.xmp.foreign import edit_with_exiftool, edit_with_exiv2, read_with_exiftool, read_with_exiv2
from tests.export.xmp.test_packet import REFUSED
from tests.export.xmp.written import needs_programs, photo, sidecar, tag_photos, undo, write

pytestmark = [pytest.mark.slow, needs_programs]

PHOTOS, FOREIGN = 500, 250
# What the programs themselves damage: exiftool Latin-1, exiv2 UTF-16 and a prefix that usually names something else.
UNEDITABLE = re.compile(rb"ISO-8859-1|^\xff\xfe|^\xfe\xff|dc/other#")
OURS = {
    "XMP-dc:Subject": "Eiffel Tower",
    "XMP-lr:HierarchicalSubject": "Landmark|France|Paris|Eiffel Tower",
    "XMP-digiKam:TagsList": "Landmark/France/Paris/Eiffel Tower",
}


@pytest.fixture
def library(tmp_path: Path, store: Store) -> Path:
    """500 photos; 250 have a sidecar of another program, some of which are damaged."""
    folder = tmp_path / "library"
    pictures = [photo(folder / f"{number:03}.jpg", size=(8, 8)) for number in range(PHOTOS)]
    sidecars = [folder / f"{picture.name}.xmp" for picture in pictures[:FOREIGN]]
    foreign.make_foreign(sidecars[len(REFUSED) :])
    for path, damage in zip(sidecars, REFUSED.values(), strict=False):
        path.write_bytes(damage)
    tag_photos(store, pictures, score=0.99)
    return folder


def sound(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.xmp"))[len(REFUSED) :]


def in_exiftool(properties: dict[str, Any]) -> bool:
    return all(value in as_list(properties.get(key)) for key, value in OURS.items())


def in_exiv2(properties: dict[str, Any]) -> bool:
    values = {key.split()[1]: value for key, value in properties.items()}
    names = ("Xmp.dc.subject", "Xmp.lr.hierarchicalSubject", "Xmp.digiKam.TagsList")
    return all(value in values.get(name, "") for name, value in zip(names, OURS.values(), strict=True))


def is_kept(before: Any, after: Any) -> bool:
    """Whether a value is as before, or a list that has grown at its end."""
    return before == after or as_list(after)[: len(as_list(before))] == as_list(before)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_foreign_property_is_lost_and_both_programs_read_the_keywords(store: Store, library: Path) -> None:
    files = sound(library)
    assert len(files) == FOREIGN - len(REFUSED)
    damaged = {path: path.read_bytes() for path in sorted(library.glob("*.xmp"))[: len(REFUSED)]}
    original = {path: path.read_bytes() for path in files}
    before = read_with_exiftool(files), {path.name: read_with_exiv2(path) for path in files}
    outcomes = write(store, with_gps=True)
    assert {outcome.sidecar for outcome in outcomes if outcome.status == "failed"} == set(map(str, damaged))
    assert {path: path.read_bytes() for path in damaged} == damaged
    everything = sound(library)
    assert len(everything) == PHOTOS - len(REFUSED)
    after = read_with_exiftool(everything), {path.name: read_with_exiv2(path) for path in everything}
    lost = [
        (name, key, value)
        for was, now in zip(before, after, strict=True)
        for name, properties in was.items()
        for key, value in properties.items()
        if key not in now[name] or not (is_kept(value, now[name][key]) or str(now[name][key]).startswith(f"{value}, "))
    ]
    assert lost == []
    for was, now, has_landmark in zip(before, after, (in_exiftool, in_exiv2), strict=True):
        unread = {name for name, properties in was.items() if not properties}  # UTF-16 is unknown to exiv2
        assert [name for name, found in now.items() if name not in unread and not has_landmark(found)] == []
        assert len(unread) < FOREIGN / 10
    undo(store)
    assert {path: path.read_bytes() for path in sound(library)} == original


@pytest.mark.parametrize("program", ["exiftool", "exiv2"])
def test_what_a_program_wrote_in_between_survives_undo(store: Store, library: Path, program: str) -> None:
    """The same edit of the sidecar without ours must read the same."""
    reference = library.with_name("reference")
    shutil.copytree(library, reference)
    write(store, with_gps=True)
    others = {path for path in sound(library) if UNEDITABLE.search(path.read_bytes())}
    edited = [path for path in sound(library) if path not in others][:: 4 if program == "exiftool" else 9]
    for path in edited:
        if not (reference / path.name).exists():
            (reference / path.name).write_text(sidecar())
    for paths in (edited, [reference / path.name for path in edited]):
        if program == "exiftool":
            edit_with_exiftool((path, ["-XMP-dc:Title=theirs", "-XMP-xmp:Label=Red"]) for path in paths)
        else:
            for path in paths:
                edit_with_exiv2(path, ["set Xmp.dc.title lang=x-default theirs", "set Xmp.xmp.Label XmpText Red"])
    undo(store)
    references = [reference / path.name for path in edited]
    assert read_with_exiftool(edited) == read_with_exiftool(references)
    assert [read_with_exiv2(path) for path in edited] == [read_with_exiv2(path) for path in references]
