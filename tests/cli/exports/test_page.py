"""The HTML page of an export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tagger.export import html_page
from tagger.export.map_picture import Dot, draw
from tagger.export.rows import ExportRow
from tests.cli.exports.rows import HOSTILE, ROW, written
from tests.drawn import photos

OTHER = ROW._replace(landmark="machu_picchu", name="Machu Picchu", country="Peru", city=None)


def page(rows: list[ExportRow]) -> Any:
    return etree.fromstring(written("html", rows), etree.HTMLParser(encoding="utf-8"))


def texts(root: Any, path: str) -> list[str]:
    return [" ".join("".join(element.itertext()).split()) for element in root.iterfind(path)]


def test_the_page_has_a_section_for_each_landmark_the_largest_first() -> None:
    root = page([OTHER, ROW, ROW._replace(path="/p/b.jpg"), ExportRow("/p/c.jpg", "c" * 64, "none")])
    assert texts(root, ".//h2") == [
        "Eiffel Tower Paris, France, 2 photos",
        "Machu Picchu Peru, 1 photo",
        "no known landmark 1 photo",
    ]
    assert texts(root, ".//p") == ["2 landmarks, 3 photos"]


def test_photos_are_thumbnails_and_a_file_that_is_gone_is_blank(tmp_path: Path) -> None:
    (drawn,) = photos(tmp_path, 1)
    root = page([ROW._replace(path=str(drawn)), ROW._replace(path="/p/gone.jpg")])
    (image,) = root.iterfind(".//img")
    assert str(image.get("src")).startswith("data:image/jpeg;base64,")
    assert len(list(root.iterfind(".//span[@class='blank']"))) == 1
    assert [link.get("href") for link in root.iterfind(".//figure/a")] == ["file:///p/gone.jpg", drawn.as_uri()]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    root = page([ROW, *HOSTILE])
    assert not list(root.iter("script", "link", "iframe", "object", "base"))
    sources = [str(element.get(name)) for element in root.iter() for name in ("src", "href") if element.get(name)]
    assert all(source.startswith(("data:image/jpeg", "file:///", "#")) for source in sources)
    assert not any(name.startswith("on") for element in root.iter() for name in element.keys())  # noqa: SIM118
    (policy,) = root.iterfind(".//meta[@http-equiv]")
    assert str(policy.get("content")).startswith("default-src 'none'")


def test_of_many_photos_the_surest_are_shown_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_page, "MOST_PHOTOS", 2)
    rows = [ROW._replace(path=f"/p/{score}.jpg", score=score / 10) for score in (1, 9, 5, 7)]
    person = ROW._replace(path="/p/person.jpg", source="person", score=None)
    root = page([person, *rows])
    assert texts(root, ".//h2") == ["Eiffel Tower Paris, France, the surest 2 of 5 photos"]
    assert [link.get("href") for link in root.iterfind(".//figure/a")] == ["file:///p/9.jpg", "file:///p/person.jpg"]


def test_dots_on_the_map_lead_to_their_landmarks() -> None:
    root = page([ROW, ROW, OTHER._replace(position_lat=None, position_lon=None)])
    (dot,) = root.iterfind(".//svg/a")
    assert (dot.get("href"), texts(dot, ".//title")) == ("#eiffel_tower", ["Eiffel Tower: 2 photos"])


def test_antarctica_is_on_the_map_if_there_are_photos_of_it() -> None:
    world, with_antarctica = draw([]), draw([Dot(0, -75, "pole", "Pole", 1)])
    assert with_antarctica.height > world.height
    (circle,) = with_antarctica.circles
    assert (circle.x, circle.y < with_antarctica.height) == (360, True)
