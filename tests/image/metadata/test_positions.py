"""A position counts only if it says where on the globe it is."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image, TiffImagePlugin

from tagger.image.decode import decode
from tagger.image.metadata.positions import LATITUDE, LONGITUDE, parse_coordinate
from tests.drawn import jpeg

RIO = {1: "S", 2: (22.0, 57.0, 7.2), 3: "W", 4: (43.0, 12.0, 38.4)}
UNKNOWN = TiffImagePlugin.IFDRational(0, 0)


def place(**changes: Any) -> Any:
    """Where a photo is that was taken in Rio, after changes of GPS tags by number; None removes a tag."""
    gps = RIO | {int(name[1:]): value for name, value in changes.items()}
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({tag: value for tag, value in gps.items() if value is not None})
    info = decode(jpeg(exif=exif), min_side_px=16, max_pixels=10_000).info
    return info.lat, info.lon


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"_1": "s", "_3": "w"},
        {"_1": "South", "_3": "west"},
        {"_1": "SOUTH\0", "_3": " W"},
        {"_9": "A"},
        {"_2": (22.952,), "_4": (43.0, 12.64)},
    ],
)
def test_a_direction_may_be_a_letter_or_a_word_in_either_case(changes: dict[str, Any]) -> None:
    assert place(**changes) == (pytest.approx(-22.952), pytest.approx(-43.210667))


@pytest.mark.parametrize(
    "changes",
    [
        {"_1": None},
        {"_3": None},
        {"_1": "", "_3": " "},
        {"_1": "W", "_3": "S"},
        {"_3": "Ost"},
        {"_2": (22.0, 60.0, 0.0)},
        {"_4": (43.0, 12.0, 99.0)},
        {"_2": (91.0, 0.0, 0.0)},
        {"_4": (180.0, 0.0, 1.0)},
        {"_2": (22.0, UNKNOWN, 0.0)},
        {"_2": None},
        {"_9": "V"},
        {"_2": (0.0, 0.0, 20.0), "_4": (0.0, 0.0, 20.0)},
    ],
)
def test_an_ambiguous_impossible_or_void_position_is_none(changes: dict[str, Any]) -> None:
    assert place(**changes) == (None, None)


def test_zero_degrees_of_one_coordinate_are_a_place() -> None:
    assert place(_2=(0.0, 0.0, 0.0)) == (0, pytest.approx(-43.210667))


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("22,57.12S", -22.952), ("22,57,7.2S", -22.952), ("22,57,7.2s", -22.952), ("22.952S", -22.952),
        ("-22.952", -22.952), ("+22.952", 22.952), ("22.952", 22.952), ("-22.952S", -22.952),
        ("S 22° 57' 7.2\"", -22.952), ("22 deg 57' 7.20\" South", -22.952),
        ("-22.952N", None), ("22,57.12", None), ("22,60,0S", None), ("22.952E", None), ("91N", None),
        ("S", None), ("", None), ("nan", None), ("22,9521S", None),
    ],
)  # fmt: skip
def test_a_coordinate_in_text_is_read_in_its_usual_forms(text: str, degrees: float | None) -> None:
    assert parse_coordinate(text, None, LATITUDE) == (degrees if degrees is None else pytest.approx(degrees))


def test_a_coordinate_in_text_may_have_its_direction_beside_it() -> None:
    assert parse_coordinate("43,12.64", "W", LONGITUDE) == pytest.approx(-43.210667)
