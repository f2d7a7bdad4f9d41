"""A photo whose metadata alone were edited keeps its tags and decisions, and is not inferred again."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from db.engine import Store
from db.read import listings
from db.read.filters import PhotoFilter, TagFilter
from db.read.rows import TagHit
from db.write.decisions import record_decision
from db.write.undo import undo_run
from tagger.image.decoder_pool import DecoderPool
from tagger.model.bundle import Bundle
from tests.drawn import COLOURS, ColourEngine, card, encoded
from tests.library.test_runner import LIMITS, counts, new_run

DAY = "2011:12:13 14:15:16"
EDITS = {
    "exiftool": ["exiftool", "-q", "-overwrite_original", "-XMP:Subject=Eiffel", f"-DateTimeOriginal={DAY}"],
    "exiv2": ["exiv2", "-M", "set Xmp.dc.subject Eiffel", "-M", f"set Exif.Photo.DateTimeOriginal {DAY}"],
}
EDITED_AT = datetime(2011, 12, 13, 14, 15, 16)
FORMATS = {"a.jpg": "JPEG", "b.png": "PNG", "c.webp": "WEBP", "d.heic": "HEIF", "e.avif": "AVIF"}


def edit(program: str, *photos: Path, command: list[str] | None = None) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    for photo in photos:
        subprocess.run([*(command or EDITS[program]), str(photo)], check=True, capture_output=True)


def hits(store: Store, **filters: Any) -> list[TagHit]:
    with store.read() as connection:
        return list(listings.all_hits(listings.tags, connection, TagFilter(**filters)))


def run_without_inference(store: Store, bundle: Bundle, library: Path) -> dict[str, int]:
    engine = ColourEngine()
    run = new_run(store, bundle, library, engine)
    run.open_decoders = lambda photos: DecoderPool(card().input, LIMITS, timeout_s=60, photos=photos)
    found = counts(run)
    assert engine.photos_seen == 0
    return found


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A photo in each format, all in the red of which the model is sure."""
    pytest.importorskip("pillow_heif", reason="the extra 'heif' is not installed").register_heif_opener()
    folder = tmp_path / "library"
    folder.mkdir()
    for number, (name, file_format) in enumerate(FORMATS.items()):
        image = Image.new("RGB", (40 + number, 40), COLOURS["red_rock"])
        (folder / name).write_bytes(encoded(image, file_format))
    return folder


@pytest.mark.process
@pytest.mark.parametrize("program", EDITS)
def test_it_keeps_its_tags_and_gets_the_new_date(store: Store, bundle: Bundle, library: Path, program: str) -> None:
    photos = [library / name for name in FORMATS if program == "exiftool" or not name.endswith(("heic", "avif"))]
    counts(new_run(store, bundle, library, ColourEngine()))
    edit(program, *photos)
    number = len(photos)
    unchanged = {"unchanged": 5 - number} if number < 5 else {}
    assert run_without_inference(store, bundle, library) == {"tagged": number, "inherited": number} | unchanged
    assert [hit.path for hit in hits(store)] == [str(library / name) for name in FORMATS]
    assert [hit.path for hit in hits(store, taken_until=datetime(2012, 1, 1))] == [str(photo) for photo in photos]
    assert run_without_inference(store, bundle, library) == {"unchanged": 5}


@pytest.mark.process
def test_it_keeps_decisions_and_an_undone_answer_stays_undone(store: Store, bundle: Bundle, library: Path) -> None:
    counts(first := new_run(store, bundle, library, ColourEngine()))
    (jpeg, png, *_) = hits(store)
    with store.write() as connection:
        record_decision(connection, jpeg.sha256, verdict="shows", landmark="blue_lake", who="ann", source="test")
        record_decision(connection, png.sha256, verdict="none", landmark=None, who="ann", source="test")
        undo_run(connection, first.state.run_id)
    edit("exiftool", *(library / name for name in FORMATS))
    run_without_inference(store, bundle, library)
    assert [(hit.path, hit.landmark) for hit in hits(store)] == [(str(library / "a.jpg"), "blue_lake")]
    with store.read() as connection:
        nones = list(listings.all_hits(listings.nones, connection, PhotoFilter()))
    assert [hit.path for hit in nones] == [str(library / "b.png")]


@pytest.mark.process
def test_changed_pixels_are_another_photo(store: Store, bundle: Bundle, library: Path) -> None:
    """In files with the same names, sizes in pixels and metadata."""
    counts(new_run(store, bundle, library, ColourEngine()))
    for number, (name, file_format) in enumerate(FORMATS.items()):
        image = Image.new("RGB", (40 + number, 40), COLOURS["red_rock"])
        image.paste(COLOURS["blue_lake"], (0, 0, 16, 16))
        (library / name).write_bytes(encoded(image, file_format))
    engine = ColourEngine()
    counts(new_run(store, bundle, library, engine))
    assert engine.photos_seen == len(FORMATS)


@pytest.mark.process
def test_a_turned_photo_is_another_one(store: Store, bundle: Bundle, library: Path) -> None:
    counts(new_run(store, bundle, library, ColourEngine()))
    edit("exiftool", library / "a.jpg", command=["exiftool", "-q", "-overwrite_original", "-n", "-Orientation=6"])
    engine = ColourEngine()
    assert counts(new_run(store, bundle, library, engine)) == {"tagged": 1, "unchanged": 4}
    assert engine.photos_seen == 1


@pytest.mark.process
@pytest.mark.parametrize("metres", [100, 900_000])
def test_a_position_that_was_written_later_counts(store: Store, bundle: Bundle, library: Path, metres: int) -> None:
    """As if it had been there from the beginning."""
    position = [f"-EXIF:GPSLatitude={10 + metres / 111_000}", "-EXIF:GPSLatitudeRef=N"]
    position += ["-EXIF:GPSLongitude=20", "-EXIF:GPSLongitudeRef=E"]
    command = ["exiftool", "-q", "-overwrite_original", "-n", *position]
    counts(new_run(store, bundle, library, ColourEngine()))
    edit("exiftool", *(library / name for name in FORMATS), command=command)
    run_without_inference(store, bundle, library)
    later = [(hit.path, hit.score, hit.visual_score, hit.reason) for hit in hits(store)]
    with store.write() as connection:
        for table in ("suggestion", "assessment", "variant", "file", "photo"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    counts(new_run(store, bundle, library, ColourEngine()))
    assert later == [(hit.path, hit.score, hit.visual_score, hit.reason) for hit in hits(store)]
    assert all(reason is not None for *_, reason in later)
