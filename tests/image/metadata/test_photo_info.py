"""Of all the places that say when and where a photo was taken, the best one counts."""

from __future__ import annotations

import json
import struct
from datetime import datetime
from pathlib import Path

import pytest
from PIL import Image

from tagger.core.run_options import Limits
from tagger.core.types import PhotoInfo
from tagger.image.decode import decode
from tagger.image.loader import InProcessLoader, always
from tests.drawn import card, jpeg
from tests.image.metadata.test_xmp import ATTRIBUTES, packet

ORIGINAL, DIGITIZED, EDITED = 0x9003, 0x9004, 0x0132


def exif(**dates: str) -> Image.Exif:
    made = Image.Exif()
    tags = {"original": ORIGINAL, "digitized": DIGITIZED}
    made.get_ifd(0x8769).update({tags[name]: value for name, value in dates.items() if name in tags})
    if "edited" in dates:
        made[EDITED] = dates["edited"]
    if "satellite" in dates:
        day, _, time = dates["satellite"].partition(" ")
        made.get_ifd(0x8825).update({29: day, 7: tuple(map(float, time.split(":")))})
    return made


def with_iptc(data: bytes, day: str, time: str = "") -> bytes:
    """A JPEG with a date in IPTC."""
    datasets = b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text.encode()
        for number, text in ((55, day), (60, time))
        if text
    )
    block = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(datasets)) + datasets + b"\0" * (len(datasets) % 2)
    segment = b"Photoshop 3.0\0" + block
    return data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def own(data: bytes) -> tuple[datetime | None, str]:
    info = decode(data, min_side_px=16, max_pixels=10_000).info
    return info.taken_at, info.taken_from


def loaded(path: Path, data: bytes) -> PhotoInfo:
    path.write_bytes(data)
    info = InProcessLoader(card().input, Limits()).load(str(path), always).info
    assert info is not None
    return info


def sidecar(path: Path, when: datetime) -> None:
    values = {"photoTakenTime": {"timestamp": when.timestamp()}, "geoData": {"latitude": 1.0, "longitude": 2.0}}
    path.with_name(f"{path.name}.json").write_text(json.dumps(values))


def test_exif_says_when_it_was_exposed_then_digitized() -> None:
    dates = {"original": "2019:03:04 20:05:06", "digitized": "2020:01:02 03:04:05", "edited": "2021:01:02 03:04:05"}
    assert own(jpeg(exif=exif(**dates))) == (datetime(2019, 3, 4, 20, 5, 6), "exif")
    dates["original"] = "0000:00:00 00:00:00"
    assert own(jpeg(exif=exif(**dates))) == (datetime(2020, 1, 2, 3, 4, 5), "exif")
    dates["digitized"] = "    :  :     :  :  "
    assert own(jpeg(exif=exif(**dates))) == (datetime(2021, 1, 2, 3, 4, 5), "edit")


def test_an_exposure_among_the_tags_of_the_picture_counts_too() -> None:
    made = Image.Exif()
    made[ORIGINAL] = "2019:03:04 20:05:06"
    assert own(jpeg(exif=made)) == (datetime(2019, 3, 4, 20, 5, 6), "exif")


def test_an_edit_comes_after_xmp_iptc_and_the_satellites() -> None:
    edited = exif(edited="2021:01:02 03:04:05")
    assert own(jpeg(exif=edited, xmp=packet(ATTRIBUTES)))[1] == "xmp"
    assert own(with_iptc(jpeg(exif=edited), "20190304")) == (datetime(2019, 3, 4), "iptc")
    assert own(jpeg(exif=exif(edited="2021:01:02", satellite="2019:03:04 20:05:06")))[1] == "gps"


def test_iptc_has_day_and_time_apart_and_comes_after_xmp() -> None:
    assert own(with_iptc(jpeg(), "20190304", "200506+0100")) == (datetime(2019, 3, 4, 20, 5, 6), "iptc")
    assert own(with_iptc(jpeg(), "20190304", "999999")) == (datetime(2019, 3, 4), "iptc")
    assert own(with_iptc(jpeg(xmp=packet(ATTRIBUTES)), "20010203"))[1] == "xmp"
    assert own(with_iptc(jpeg(), "00000000"))[0] is None


def test_a_void_receiver_has_no_time() -> None:
    made = exif(satellite="2019:03:04 20:05:06")
    made.get_ifd(0x8825)[9] = "V"
    assert own(jpeg(exif=made))[0] is None


def test_no_position_in_a_photo_counts_if_its_receiver_had_no_fix(tmp_path: Path) -> None:
    made = Image.Exif()
    made.get_ifd(0x8825)[9] = "V"
    path = tmp_path / "a.jpg"
    assert loaded(path, jpeg(exif=made, xmp=packet(ATTRIBUTES))).lat is None
    sidecar(path, datetime(2018, 1, 2))
    assert loaded(path, jpeg(exif=made, xmp=packet(ATTRIBUTES))).lat == 1.0


def test_the_json_of_takeout_comes_before_the_name_and_the_name_before_an_edit(tmp_path: Path) -> None:
    path = tmp_path / "IMG_20190304_200506.jpg"
    edited = jpeg(exif=exif(edited="2021:01:02 03:04:05"))
    assert loaded(path, edited).taken_from == "name"
    sidecar(path, datetime(2018, 1, 2, 3, 4, 5))
    info = loaded(path, edited)
    assert (info.taken_at, info.taken_from, info.lat, info.lon) == (datetime(2018, 1, 2, 3, 4, 5), "takeout", 1.0, 2.0)


def test_what_the_photo_itself_says_comes_before_the_json_of_takeout(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    sidecar(path, datetime(2018, 1, 2, 3, 4, 5))
    info = loaded(path, jpeg(xmp=packet(ATTRIBUTES)))
    assert info.taken_from == "xmp"
    assert info.lat == pytest.approx(43.723)
    info = loaded(path, jpeg(exif=exif(original="2019:03:04 20:05:06")))
    assert (info.taken_from, info.lat) == ("exif", 1.0)


def test_the_date_of_a_clock_that_was_reset_gives_way_to_any_other_but_an_edit(tmp_path: Path) -> None:
    data = jpeg(exif=exif(original="2002:12:08 12:00:00", edited="2021:01:02 03:04:05"))
    assert loaded(tmp_path / "a.jpg", data).taken_from == "reset"
    assert loaded(tmp_path / "IMG-20190304-WA0001.jpg", data).taken_at == datetime(2019, 3, 4)


def test_a_file_that_is_not_decoded_still_has_its_date(tmp_path: Path) -> None:
    path = tmp_path / "IMG_20190304_200506.jpg"
    path.write_bytes(jpeg())
    photo = InProcessLoader(card().input, Limits()).load(str(path), lambda _content: "nothing")
    assert (photo.info, photo.file_date) == (None, (datetime(2019, 3, 4, 20, 5, 6), "name"))
