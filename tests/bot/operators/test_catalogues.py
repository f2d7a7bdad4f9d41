"""Every text of the bot exists in every language, with the same placeholders."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytest.importorskip("babel", reason="the extra 'bot' is not installed")

from tagger.bot.render.error_texts import error_text
from tagger.bot.render.languages import Language
from tagger.bot.render.query_errors import SENTENCES
from tagger.serving.catalogues import CODES
from tests.catalogues import catalogue, placeholders

ROOM = Path(__file__).parents[3] / "tagger" / "bot"
SENTENCES_IN = [
    *ROOM.parents[1].joinpath("db", "read", "query_language").glob("*.py"),
    ROOM.parents[1] / "db" / "errors.py",
    ROOM.parent / "core" / "sentence.py",
]
Key = str | tuple[str, str]


def said() -> set[Key]:
    """The texts that the code marks: `_("…")`, `N_("…")` and `ngettext("…", "…", n)`."""
    found: set[Key] = set()
    for file in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            words = tuple(str(word.value) for word in node.args if isinstance(word, ast.Constant))
            if name in ("_", "N_") and words:
                found.add(words[0])
            elif name == "ngettext" and len(words) == 2:
                found.add((words[0], words[1]))
    return found


@pytest.mark.parametrize("code", CODES[1:])
def test_a_language_has_every_text_and_no_other(code: str) -> None:
    assert {message.id for message in catalogue(ROOM, code) if message.id} == said()


@pytest.mark.parametrize("code", CODES[1:])
def test_every_text_is_translated_with_its_placeholders(code: str) -> None:
    of_language = catalogue(ROOM, code)
    for message in of_language:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = placeholders(message.id if isinstance(message.id, str) else str(message.id[1]))
        assert not message.fuzzy
        assert len(forms) == (of_language.num_plurals if isinstance(message.id, tuple) else 1), message.id
        for form in forms:
            assert form, f"{code}: {message.id!r} is not translated"
            assert placeholders(str(form)) == wanted, f"{code}: {form!r}"


def test_all_sentences_about_queries_are_translated() -> None:
    not_in_the_bot = {
        "Several models are called {name}.", "No model is called {name}.", "There is no run {number}.",
        "All files below {folder} are gone.", "The database has no files below {folder}.",
        "The photo {sha256} is not in the store.", "Write a number, a comparison or a range: 5, >=5, 3..5",
        "A query has at most {characters} characters.", "Here is half a character.",
    }  # fmt: skip
    raised = set()
    for file in SENTENCES_IN:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Sentence":
                (template,) = (word.value for word in node.args if isinstance(word, ast.Constant))
                raised.add(template)
    assert raised - not_in_the_bot == set(SENTENCES)


def test_a_photo_is_not_called_damaged_where_the_model_is_to_blame() -> None:
    assert "damaged" in error_text("corrupt", Language("en"))
    assert error_text("engine_failed", Language("en")).startswith("Something went wrong here")
