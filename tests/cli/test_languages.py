"""`--lang` and `--hashtags`: places as people of a language write them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tagger.model.bundle import write_card
from tests.cli.conftest import Tagger, lines
from tests.drawn import card, colour_bundle
from tests.export.xmp.written import bag, sidecar

PLACES: dict[str, Any] = {
    "country": "Germany",
    "city": "Munich, Bavaria",
    "names": {"de": "Grüner Hügel", "hi": "हरी पहाड़ी"},
    "cities": {"de": "München, Bayern"},
}


@pytest.fixture
def own(own: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """With a model whose second landmark has names in German and Hindi."""
    bundle = colour_bundle(tmp_path / "named")
    red, green, blue = card().classes
    write_card(bundle.folder, replace(bundle.card, classes=(red, replace(green, **PLACES), blue)))
    return own | {"TAGGER_BUNDLE": str(bundle.folder)}


def test_labels_are_in_the_language_and_in_english_where_it_has_no_name(tagger: Tagger) -> None:
    red, green, _ = tagger("labels", "--lang", "de").stdout.splitlines()
    assert green.split(maxsplit=2)[1:] == ["green_hill", "Grüner Hügel, München, Bayern, Deutschland"]
    assert red.endswith("Red Rock, Nowhere")
    line = lines(tagger("labels", "--lang", "de-AT", "--json", "--hashtags"))[1]
    assert line["landmark"]["key"] == "green_hill"
    assert (line["landmark"]["name"], line["landmark"]["country"]) == ("Grüner Hügel", "Deutschland")
    assert line["hashtags"] == ["#GrünerHügel", "#München"]


@pytest.mark.parametrize(
    "command", [("labels",), ("suggest", "photo.jpg"), ("query",), ("export", "--as", "csv"), ("xmp", "write")]
)
def test_an_unknown_language_is_wrong_usage_that_names_those_there_are(
    tagger: Tagger, library: Path, command: tuple[str]
) -> None:
    tagger("tag", library)
    done = tagger(*command, "--lang", "xx")
    assert done.returncode == 2
    assert "There are no names in the language 'xx'. There are: de, en, hi." in done.stderr


def test_suggestions_are_in_the_language_with_hashtags_of_the_tags(tagger: Tagger, library: Path) -> None:
    photo = library / "00001.jpg"
    headline, first, *_, last = tagger("suggest", photo, "--lang", "hi", "--hashtags").stdout.splitlines()
    assert headline == f"{photo}: हरी पहाड़ी"
    assert "हरी पहाड़ी, Munich, Bavaria, जर्मनी (20.0, 40.0)" in first
    assert last == "     #हरी_पहाड़ी #Munich"
    (line,) = lines(tagger("suggest", photo, "--lang", "de", "--json", "-k", 1))
    (suggestion,) = line["suggestions"]
    assert (line["lang"], suggestion["landmark"], suggestion["name"]) == ("de", "green_hill", "Grüner Hügel")
    assert (suggestion["city"], suggestion["country"]) == ("München, Bayern", "Deutschland")


def test_stored_tags_are_found_and_listed_in_the_language(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    line, *_ = tagger("query", "GRUNER HUGEL", "--lang", "hi", "--hashtags").stdout.splitlines()
    assert "हरी पहाड़ी, जर्मनी" in line
    assert line.endswith("00001.jpg  #हरी_पहाड़ी  #Munich")
    hit, *_ = lines(tagger("query", "city:münchen", "--lang", "de", "--json"))
    assert [hit[name] for name in ("landmark", "name", "city", "country")] == [
        "green_hill", "Grüner Hügel", "München, Bayern", "Deutschland",
    ]  # fmt: skip
    header, row, *_ = tagger("query", "green_hill", "--hashtags", "--csv").stdout.splitlines()
    assert (header.split(",")[-1], row.split(",")[-1]) == ("hashtags", "#GreenHill #Munich")


def test_counts_are_in_the_language(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    assert "Deutschland" in tagger("query", "--summary", "country", "--lang", "de").stdout
    assert "Grüner Hügel" in tagger("query", "--summary", "landmark", "--lang", "de").stdout


@pytest.mark.parametrize("other", ["--none", "--failed", "--summary=year"])
def test_hashtags_are_only_for_tags(tagger: Tagger, library: Path, other: str) -> None:
    tagger("tag", library)
    done = tagger("query", other, "--hashtags")
    assert (done.returncode, "cannot be combined with --hashtags" in done.stderr) == (2, True)


def test_a_database_of_before_gets_the_names_of_the_bundle(tagger: Tagger, library: Path, model_folder: Path) -> None:
    tagger("tag", library, "--bundle", model_folder)  # a card without names
    assert "Grüner Hügel" in tagger("query", "green_hill", "--lang", "de").stdout


def test_english_is_a_language_too(tagger: Tagger, library: Path) -> None:
    photo = library / "00001.jpg"
    assert tagger("suggest", photo, "--lang", "en").stdout == tagger("suggest", photo).stdout


def test_an_export_is_in_the_language(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    row = lines(tagger("export", "--as", "ndjson", "--lang", "de", "landmark:green*"))[0]
    assert [row[name] for name in ("landmark", "name", "city", "country")] == [
        "green_hill", "Grüner Hügel", "München, Bayern", "Deutschland",
    ]  # fmt: skip


def test_sidecars_are_in_the_language_of_the_settings_or_of_the_option(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    tagger("xmp", "write", "green_hill", TAGGER_XMP_LANG="hi")
    written = library / "00001.jpg.xmp"
    assert "<rdf:li>Landmark|जर्मनी|Munich, Bavaria|हरी पहाड़ी</rdf:li>" in written.read_text()
    shown = tagger("xmp", "preview", "green_hill", "--lang", "de").stdout
    assert "<rdf:li>Landmark/Deutschland/München, Bayern/Grüner Hügel</rdf:li>" in shown
    tagger("xmp", "write", "green_hill", "--lang", "de")
    text = written.read_text()
    assert "हरी" not in text
    assert "<Iptc4xmpCore:CountryCode>DE<" in text
    tagger("xmp", "undo")
    assert not written.exists()


def test_a_keyword_names_a_landmark_in_any_language(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    (library / "00000.jpg.xmp").write_text(sidecar(bag("dc:subject", "grüner hügel")))
    assert "1 new decision" in tagger("decisions", "import", "--from-keywords", library).stderr
