"""The options --lang and --hashtags: names of landmarks, cities and countries in a language, and hashtags to copy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tagger.core.types import Landmark

LANG = click.option(
    "--lang", metavar="CODE", help="Names of landmarks, cities and countries in this language, such as de, pt or zh."
)
HASHTAGS = click.option("--hashtags", "with_hashtags", is_flag=True, help="Also hashtags of the landmark and city.")


def check_language(lang: str | None, landmarks: Iterable[Landmark]) -> str | None:
    """The code of the language that --lang names.

    Raises:
        click.BadParameter: no landmark has a name in it; lists the languages that there are.
    """
    from tagger.core.errors import UnknownLanguage
    from tagger.model.languages import language_of

    try:
        return None if lang is None else language_of(lang, landmarks)
    except UnknownLanguage as error:
        raise click.BadParameter(str(error), param_hint="--lang") from error


def in_language(landmarks: Collection[Landmark], lang: str | None) -> list[Landmark]:
    """The landmarks in a language; its errors are those of `check_language`."""
    from tagger.model.languages import localized

    language = check_language(lang, landmarks)
    return [localized(landmark, language) if language else landmark for landmark in landmarks]


def hit_in_language(hit: Any, landmarks: Mapping[str, Landmark]) -> Any:
    """A hit, or a row of a summary, with the names of its landmark as these have them.

    Args:
        hit: a dataclass; `landmark`, or else `key`, is a landmark's id.
        landmarks: by id, in the language; those that are missing stay as they are.
    """
    from dataclasses import fields, replace

    landmark = landmarks.get(getattr(hit, "landmark", getattr(hit, "key", None)) or "")
    names = {"name", "city", "country"} & {field.name for field in fields(hit)}
    return replace(hit, **{name: getattr(landmark, name) for name in names}) if landmark else hit
