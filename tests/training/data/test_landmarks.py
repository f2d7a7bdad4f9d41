"""Names in other languages come from the folder beside the landmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagger.core.errors import ConfigError
from training.data.landmarks import load_landmarks

LANDMARKS = """
[taj_mahal]
name = "Taj Mahal"
city = "Agra, Uttar Pradesh"

[colosseum]
name = "Colosseum"
city = "Rome"
names = { fr = "Le Colisée" }
"""
GERMAN = """
[landmarks]
colosseum = "Kolosseum"
unknown_here = "Unbekannt"

[places]
Rome = "Rom"
"""
HINDI = """
[landmarks]
taj_mahal = "ताज महल"

[places]
Agra = "आगरा"
Rome = "रोम"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "de.toml").write_text(GERMAN, encoding="utf-8")
    (tmp_path / "names" / "hi.toml").write_text(HINDI, encoding="utf-8")
    (tmp_path / "landmarks.toml").write_text(LANDMARKS, encoding="utf-8")
    return tmp_path / "landmarks.toml"


def test_a_landmark_has_its_names_in_the_languages_that_know_it(file: Path) -> None:
    taj_mahal, colosseum = load_landmarks(file)
    assert taj_mahal.names == {"hi": "ताज महल"}
    assert colosseum.names == {"de": "Kolosseum", "fr": "Le Colisée"}


def test_a_city_never_mixes_two_scripts(file: Path) -> None:
    taj_mahal, colosseum = load_landmarks(file)
    assert colosseum.cities == {"de": "Rom", "hi": "रोम"}
    assert taj_mahal.cities == {"hi": "आगरा"}  # Hindi lacks the state


@pytest.mark.parametrize("text", ["[landmarks", "[landmarks]\ncolosseum = 3", "[landmarks]\ncolosseum = ''"])
def test_names_that_make_no_sense_are_refused_with_the_file(file: Path, text: str) -> None:
    (file.parent / "names" / "de.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"names/de\.toml"):
        load_landmarks(file)
