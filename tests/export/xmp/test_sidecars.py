"""Tags are written beside photos, follow what the photos show, and go without a trace."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from db.engine import Store
from db.read.filters import TagFilter
from db.read.query_language.grammar import parse
from db.rows import PhotoTag, SidecarRequest
from db.write.sidecars import add_requests
from tagger.core.errors import RunInProgress
from tagger.core.types import Landmark
from tagger.export.xmp import sidecars
from tagger.export.xmp.changes import Change, Problem
from tagger.export.xmp.content import content_of
from tagger.export.xmp.packet import Packet
from tagger.export.xmp.properties import GUESSED, LATITUDE, SUBJECT
from tagger.export.xmp.sidecars import WriteOptions
from tests.db.samples import decide, digest
from tests.export.xmp.written import EIFFEL, bag, beside, lists, photo, sidecar, statuses, tag_photos, undo, write

FOREIGN = sidecar(bag("dc:subject", "sea") + "<darktable:history_params>gz09</darktable:history_params>").encode()


def test_a_new_sidecar_holds_the_landmark_and_goes_without_a_trace(store: Store, paris: Path) -> None:
    before, names = paris.read_bytes(), os.listdir(paris.parent)
    assert statuses(write(store)) == ["written"]
    assert lists(beside(paris)) == EIFFEL
    assert statuses(write(store)) == ["unchanged"]
    assert statuses(undo(store)) == ["removed"]
    assert (paris.read_bytes(), os.listdir(paris.parent)) == (before, names)


def test_a_sidecar_that_is_there_comes_back_byte_for_byte(store: Store, paris: Path) -> None:
    odd = FOREIGN.replace(b"><", b" >\r\n<", 3)
    beside(paris).write_bytes(odd)
    write(store)
    assert lists(beside(paris))["dc:subject"] == ["sea", "Eiffel Tower"]
    decide(store, digest("paris.jpg"), "shows", "machu_picchu")
    assert statuses(write(store)) == ["written"]
    assert lists(beside(paris))["dc:subject"] == ["sea", "Machu Picchu"]
    undo(store)
    assert beside(paris).read_bytes() == odd


def test_what_others_write_in_between_stays(store: Store, paris: Path) -> None:
    write(store)
    packet = Packet(beside(paris).read_bytes())
    packet.extend(SUBJECT, ["Ann"])
    beside(paris).write_bytes(packet.encode())
    decide(store, digest("paris.jpg"), "shows", "machu_picchu")
    write(store)
    assert lists(beside(paris))["dc:subject"] == ["Ann", "Machu Picchu"]
    assert statuses(undo(store)) == ["written"]
    assert lists(beside(paris)) == {"dc:subject": ["Ann"], "lr:hierarchicalSubject": [], "digiKam:TagsList": []}


def test_a_landmark_that_no_longer_holds_is_taken_away(store: Store, paris: Path) -> None:
    beside(paris).write_bytes(FOREIGN)
    write(store)
    decide(store, digest("paris.jpg"), "none", None)
    assert statuses(write(store)) == ["written"]
    assert beside(paris).read_bytes() == FOREIGN
    assert write(store) == []


def test_writes_of_several_queries_add_up(store: Store, tmp_path: Path) -> None:
    path = photo(tmp_path / "both.jpg")
    tag_photos(store, [path])
    for landmark in ("sacre_coeur", "eiffel_tower"):
        decide(store, digest("both.jpg"), "shows", landmark)
    write(store, filters=TagFilter(landmarks=["eiffel_tower"]))
    assert lists(beside(path))["dc:subject"] == ["Eiffel Tower"]
    write(store, filters=TagFilter(landmarks=["sacre_coeur"]))
    assert lists(beside(path))["dc:subject"] == ["Eiffel Tower", "Sacré-Cœur"]


def test_a_query_for_rejected_tags_writes_none(store: Store, paris: Path) -> None:
    decide(store, digest("paris.jpg"), "not", "eiffel_tower")
    assert write(store, filters=TagFilter(query=parse("state:rejected"))) == []
    assert not beside(paris).exists()


def test_only_confirmed_landmarks(store: Store, paris: Path, tmp_path: Path) -> None:
    other = photo(tmp_path / "library" / "other.jpg")
    tag_photos(store, [other])
    decide(store, digest("other.jpg"), "shows", "eiffel_tower")
    assert [outcome.photo for outcome in write(store, confirmed_only=True)] == [str(other)]
    assert not beside(paris).exists()


def test_the_preview_shows_what_the_write_will_do_and_changes_nothing(store: Store, paris: Path) -> None:
    beside(paris).write_bytes(FOREIGN)
    (change,) = sidecars.preview(store, TagFilter(), WriteOptions())
    assert beside(paris).read_bytes() == FOREIGN
    write(store)
    assert isinstance(change, Change)
    assert (change.now, change.new) == (FOREIGN, beside(paris).read_bytes())
    assert list(sidecars.preview(store, TagFilter(), WriteOptions())) == []


@pytest.mark.parametrize("damage", [b"", FOREIGN[:-20], b"<!DOCTYPE x>" + FOREIGN])
def test_a_damaged_sidecar_is_named_and_left_alone(store: Store, paris: Path, damage: bytes) -> None:
    beside(paris).write_bytes(damage)
    (outcome,) = write(store)
    assert (outcome.status, outcome.sidecar) == ("failed", str(beside(paris)))
    assert beside(paris).read_bytes() == damage
    (problem,) = sidecars.preview(store, TagFilter(), WriteOptions())
    assert isinstance(problem, Problem)


@pytest.mark.sqlite
def test_a_folder_that_is_not_writable_is_reported_and_tried_again(
    store: Store, public_folder: Path, without_privileges: Callable[[], AbstractContextManager[None]]
) -> None:
    path = photo(public_folder / "library" / "a.jpg")
    path.parent.chmod(0o555)
    os.chmod(Path(store.file).parent, 0o777)
    tag_photos(store, [path])
    with without_privileges_for(store, without_privileges):
        (outcome,) = write(store)
        assert (outcome.status, "Permission denied" in (outcome.message or "")) == ("failed", True)
    path.parent.chmod(0o755)
    assert statuses(write(store, filters=TagFilter(landmarks=["machu_picchu"]))) == ["written"]


def without_privileges_for(
    store: Store, step_down: Callable[[], AbstractContextManager[None]]
) -> AbstractContextManager[None]:
    """A context in which the store is writable, but folders of others are not."""
    folder = Path(store.file).parent
    for path in (folder, *folder.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o077)
    for file in folder.glob("tags.sqlite*"):
        file.chmod(0o666)
    return step_down()


def test_a_guessed_position_only_where_a_landmark_is_sure_and_never_by_itself(store: Store, tmp_path: Path) -> None:
    sure, unsure, confirmed = (photo(tmp_path / f"{name}.jpg") for name in ("sure", "unsure", "confirmed"))
    tag_photos(store, [sure], score=0.96)
    tag_photos(store, [unsure, confirmed])
    decide(store, digest("confirmed.jpg"), "shows", "eiffel_tower")
    write(store)
    assert not Packet(beside(sure).read_bytes()).has(LATITUDE)
    write(store, with_gps=True)
    write(store)  # what was asked for once stays
    packets = [Packet(beside(path).read_bytes()) for path in (sure, unsure, confirmed)]
    assert [packet.has(LATITUDE) for packet in packets] == [packet.has(GUESSED) for packet in packets]
    assert [packet.has(GUESSED) for packet in packets] == [True, False, True]


def test_no_position_is_guessed_for_a_photo_with_one(store: Store, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (47.0, 0.0, 0.0), 3: "E", 4: (8.0, 0.0, 0.0)}
    with_exif, with_sidecar = photo(tmp_path / "exif.jpg", exif=exif), photo(tmp_path / "sidecar.jpg")
    (tmp_path / "sidecar.xmp").write_text(sidecar("<exif:GPSLatitude>47,0N</exif:GPSLatitude>"))
    beside(with_sidecar).write_text(sidecar())
    tag_photos(store, [with_exif, with_sidecar], score=0.99)
    write(store, with_gps=True)
    assert not any(Packet(beside(path).read_bytes()).has(GUESSED) for path in (with_exif, with_sidecar))


def test_both_sidecars_begin_with_what_the_one_that_is_there_says(store: Store, paris: Path) -> None:
    replaced = paris.with_suffix(".xmp")
    replaced.write_bytes(FOREIGN)
    assert statuses(write(store, naming="both")) == ["written", "written"]
    for path in (beside(paris), replaced):
        assert lists(path)["dc:subject"] == ["sea", "Eiffel Tower"]
    assert sorted(statuses(undo(store))) == ["removed", "written"]
    assert (beside(paris).exists(), replaced.read_bytes()) == (False, FOREIGN)


def test_the_embedded_keywords_of_a_png_survive(store: Store, tmp_path: Path) -> None:
    packet = PngImagePlugin.PngInfo()
    packet.add_itxt("XML:com.adobe.xmp", sidecar(bag("dc:subject", "sea") + bag("digiKam:TagsList", "Nature/sea")))
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png", pnginfo=packet)
    tag_photos(store, [tmp_path / "a.png"])
    write(store)
    assert lists(tmp_path / "a.png.xmp")["digiKam:TagsList"] == ["Nature/sea", *EIFFEL["digiKam:TagsList"]]


def test_a_link_stays_a_link_and_a_new_file_gets_the_photos_mode(store: Store, paris: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.xmp"
    target.write_bytes(FOREIGN)
    target.chmod(0o604)
    beside(paris).symlink_to(target)
    other = photo(paris.with_name("other.jpg"))
    other.chmod(0o640)
    tag_photos(store, [other])
    write(store)
    assert (beside(paris).is_symlink(), lists(target)["dc:subject"]) == (True, ["sea", "Eiffel Tower"])
    assert [stat.S_IMODE(path.stat().st_mode) for path in (target, beside(other))] == [0o604, 0o640]


def test_a_name_of_any_bytes(store: Store, tmp_path: Path) -> None:
    path = photo(tmp_path / os.fsdecode(b"caf\xe9 \n.jpg"))
    tag_photos(store, [path])
    assert statuses(write(store)) == ["written"]
    assert lists(beside(path)) == EIFFEL


def test_one_process_writes_at_a_time(store: Store, paris: Path) -> None:
    tag_photos(store, [photo(paris.with_name("b.jpg"))])
    first = sidecars.write(store, TagFilter(), WriteOptions())
    next(first)
    with pytest.raises(RunInProgress, match="XMP"):
        write(store)
    first.close()
    assert statuses(write(store)) == ["unchanged", "unchanged"]


def test_names_with_separators_and_control_characters() -> None:
    landmark = Landmark("a", "A/B|C\x00\x1b", "D")
    content = content_of([PhotoTag("a", True, None)], {"a": landmark}, with_gps=False)
    assert content.keywords == (("Landmark", "D", "A-B-C"),)


def test_the_preview_shows_what_an_earlier_write_left_to_do(store: Store, paris: Path) -> None:
    beside(paris).mkdir()
    write(store, with_gps=True)
    with store.write() as connection:
        add_requests(connection, [SidecarRequest(str(paris), ("eiffel_tower",), "appended", True)])
    beside(paris).rmdir()
    decide(store, digest("paris.jpg"), "shows", "eiffel_tower")
    (change,) = sidecars.preview(store, TagFilter(landmarks=["machu_picchu"]), WriteOptions())
    assert isinstance(change, Change)
    assert Packet(change.new or b"").has(GUESSED)


def test_undo_of_a_query(store: Store, paris: Path) -> None:
    other = photo(paris.with_name("other.jpg"))
    tag_photos(store, [other], "machu_picchu")
    write(store)
    undo(store, landmarks=["machu_picchu"])
    assert (beside(paris).exists(), beside(other).exists()) == (True, False)
    assert statuses(undo(store, under=str(paris.parent))) == ["removed"]
