"""A date in a file's name is found as cameras, phones and messengers write it, and other digits are none."""

from __future__ import annotations

from datetime import datetime

import pytest

from tagger.image.metadata.file_name import name_date


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20190304_200506.jpg", "IMG20190304200506.jpg", "20190304_200506(0).jpg", "20190304200506.jpg",
        "PXL_20190304_200506123.MP.jpg", "00000IMG_00000_BURST20190304200506123_COVER.jpg", "VID_20190304_200506.jpg",
        "Screenshot_2019-03-04-20-05-06.png", "Screenshot_20190304-200506_Maps.png", "2019-03-04 20.05.06.jpg",
        "WhatsApp Image 2019-03-04 at 20.05.06.jpeg", "WhatsApp Image 2019-03-04 at 8.05.06 PM (2).jpeg",
        "Screen Shot 2019-03-04 at 8.05.06\u202fPM.png", "Bildschirmfoto 2019-03-04 um 20.05.06.png",
        "Schermata 2019-03-04 alle ore 20.05.06.png", "signal-2019-03-04-200506_002.jpeg",
        "signal-2019-03-04-20-05-06-123.jpg", "photo_2019-03-04_20-05-06 (2).jpg", "WP_20190304_20_05_06_Pro.jpg",
        "DJI_20190304200506_0001_D.jpg", "2019-03-04T20:05:06.jpg",
    ],
)  # fmt: skip
def test_a_date_with_a_time_is_found(name: str) -> None:
    date = name_date(f"/2011-01-02/{name}")
    assert date is not None
    assert date == (datetime(2019, 3, 4, 20, 5, 6), "name")


@pytest.mark.parametrize(
    "name",
    [
        "IMG-20190304-WA0001.jpg", "2019-03-04.jpg", "2019_03_04 Pisa.jpg", "20190304.jpg", "2019-03-04-1.jpg",
        "IMG_20190304_259999.jpg", "20190304_1080x1920.jpg", "IMG_99999999_20190304.jpg", "2019-03-04b.jpg",
    ],
)  # fmt: skip
def test_a_date_alone_is_midnight(name: str) -> None:
    assert name_date(name) == (datetime(2019, 3, 4), "name")


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.jpg", "DSC20191399.jpg", "20190230.jpg", "FB_IMG_1551729906123.jpg", "1996061412345.jpg",
        "2019030412.jpg", "2019-03-04567.jpg", "20190304abc.jpg", "abc20190304.jpg", "wallpaper-1920-1080-20.jpg",
        "20190304-1a2b-4c3d-9e8f-0123456789ab.jpg", "20190304c98f00b204e9800998ecf842.jpg", "20991231_120000.jpg",
        "20000101_000000.jpg", "19700101.jpg", "04.03.2019.jpg", "201\u0669-03-04.jpg", "2019-03.jpg", ".jpg", "",
    ],
)  # fmt: skip
def test_other_digits_are_no_date(name: str) -> None:
    assert name_date(name) is None


def test_a_scan_may_be_named_by_an_old_date_if_its_parts_are_separate() -> None:
    assert name_date("1965-07-04 Grandma.jpg") == (datetime(1965, 7, 4), "name")
    assert name_date("19650704.jpg") is None
