"""The language of a visitor: what their browser asks for, as far as the gallery and the model's card have it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Annotated

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from fastapi import Depends, Request

from tagger.core.types import Landmark
from tagger.model.languages import ENGLISH, country_in, localized
from tagger.serving.catalogues import CODES, open_catalogue

MOST_ACCEPTED = 12  # languages of a browser that are considered
RIGHT_TO_LEFT = frozenset(("ar", "fa", "he", "ur"))
ISOLATED = "\u2068{}\u2069"  # Unicode's first strong isolate: the text around keeps its own direction


def N_(text: str) -> str:  # noqa: N802, gettext's own name for "to be translated later"
    """Mark a text that is translated where it is used."""
    return text


class Language:
    """A language: its texts, and how it writes days, numbers and landmarks.

    Args:
        code: one of `CODES`.
        names: the code of the language in which landmarks are named, which may be one without texts.
    """

    def __init__(self, code: str, names: str) -> None:
        self.code = code
        self.names = names
        self._locale = Locale.parse("en_GB" if code == ENGLISH else code)
        self._catalogue = open_catalogue("tagger.web", code)

    def _(self, text: str) -> str:
        return self._catalogue.gettext(text)

    def day(self, moment: date) -> str:
        """A day, such as 3 July 2024."""
        return format_date(moment, "long", locale=self._locale)

    def month(self, moment: date) -> str:
        """A month, such as July 2024."""
        text: str = format_date(moment, "LLLL y", locale=self._locale)
        return text[:1].upper() + text[1:]

    def number(self, value: float) -> str:
        """A number, such as 1,234 or 3.5."""
        return format_decimal(round(value, 1) if value < 10 else round(value), locale=self._locale)

    def landmark(self, landmark: Landmark) -> Landmark:
        """A landmark with its name and place in this language."""
        return localized(landmark, self.names)

    def country(self, country: str) -> str:
        """A country by its English name."""
        return country_in(country, self.names)

    def name(self, landmark: Landmark) -> str:
        """The name of a landmark, to be put into a sentence."""
        return self._isolated(self.landmark(landmark).name)

    def place(self, landmark: Landmark) -> str:
        """City and country of a landmark, as far as they are known."""
        own = self.landmark(landmark)
        return self._isolated(", ".join(filter(None, (own.city, own.country))))

    def _isolated(self, text: str) -> str:
        return ISOLATED.format(text) if text and self.names in RIGHT_TO_LEFT else text


@cache
def language(code: str, names: str = ENGLISH) -> Language:
    """A language, made once."""
    return Language(code, names)


def language_of(request: Request) -> Language:
    """The first language that a browser accepts and the gallery speaks, and the first in which landmarks have names."""
    accepted = accepted_languages(request.headers.get("accept-language", ""))
    named: Collection[str] = request.app.state.services.name_languages
    code = next((one for one in accepted if one in CODES), ENGLISH)
    return language(code, next((one for one in accepted if one in named), ENGLISH))


def accepted_languages(header: str) -> list[str]:
    """The languages in a header ``Accept-Language``, the preferred ones first, without their countries."""
    weighed = []
    for entry in header.split(",")[:MOST_ACCEPTED]:
        tag, _, parameter = entry.partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
            weighed.append((weight, tag.strip().partition("-")[0].lower()))
        except ValueError:
            continue
    return [code for weight, code in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


Speaks = Annotated[Language, Depends(language_of)]
