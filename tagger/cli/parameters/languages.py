"""The options --lang and --hashtags: names of landmarks, cities and countries in a language, and hashtags to copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tagger.core.types import Landmark

LANG = click.option(
    "--lang", metavar="CODE", help="Names of landmarks, cities and countries in this language, such as de, pt or zh."
)
HASHTAGS = click.option("--hashtags", "with_hashtags", is_flag=True, help="Also hashtags of the landmark and city.")


def language_named(lang: str, landmarks: Iterable[Landmark]) -> str:
    """The code of the language that --lang names.

    Raises:
        click.BadParameter: no landmark has a name in it; lists the languages that there are.
    """
    from tagger.core.errors import UnknownLanguage
    from tagger.model.languages import language_of

    try:
        return language_of(lang, landmarks)
    except UnknownLanguage as error:
        raise click.BadParameter(str(error), param_hint="--lang") from error


def in_language(landmarks: Collection[Landmark], lang: str | None) -> list[Landmark]:
    """The landmarks in a language, or as they are; the errors are those of `language_named`."""
    from tagger.model.languages import ENGLISH, localized

    language = language_named(lang or ENGLISH, landmarks)
    return [localized(landmark, language) for landmark in landmarks]
