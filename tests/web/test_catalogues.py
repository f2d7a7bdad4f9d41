"""Every text of the gallery exists in every language, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("babel", reason="the extra 'web' is not installed")

from tagger.serving.catalogues import CODES
from tests.catalogues import catalogue, placeholders

ROOM = Path(__file__).parents[2] / "tagger" / "web"
MARKED = re.compile(r"""\b(?:_|N_)\(\s*"([^"]+)"\s*\)""")
IN_SCRIPTS = re.compile(r"""\btext\("([^"]+)\"""")


def said() -> set[str]:
    """The texts that the code and the templates mark."""
    files = [*ROOM.rglob("*.py"), *ROOM.rglob("*.html")]
    return {text for file in files for text in MARKED.findall(file.read_text())}


@pytest.mark.parametrize("code", CODES[1:])
def test_a_language_has_every_text_and_no_other(code: str) -> None:
    assert {message.id for message in catalogue(ROOM, code) if message.id} == said()


@pytest.mark.parametrize("code", CODES[1:])
def test_every_text_is_translated_with_its_placeholders(code: str) -> None:
    for message in catalogue(ROOM, code):
        if message.id:
            assert isinstance(message.id, str)
            assert isinstance(message.string, str)
            assert message.string
            assert placeholders(message.string) == placeholders(message.id)


def test_what_scripts_say_is_sent_to_them() -> None:
    scripts = {text for file in (ROOM / "static" / "js").glob("*.js") for text in IN_SCRIPTS.findall(file.read_text())}
    sent = (ROOM / "pages" / "rendering.py").read_text()
    assert [text for text in scripts if f'N_("{text}")' not in sent] == []
