"""The language of a visitor: that of their browser, if the gallery speaks it, else English."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Annotated

from babel import Locale, negotiate_locale
from babel.dates import format_date
from fastapi import Depends, Request

from tagger.serving.catalogues import CODES, open_catalogue

MOST_ACCEPTED = 12  # languages of a browser that are considered


def N_(text: str) -> str:  # noqa: N802, gettext's own name for "to be translated later"
    """Mark a text that is translated where it is used."""
    return text


class Language:
    """A language: its texts, and how it writes days and months."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._locale = Locale.parse("en_GB" if code == "en" else code)
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


@cache
def language(code: str) -> Language:
    """A language, made once."""
    return Language(code)


def language_of(request: Request) -> Language:
    """The language of a browser: the first that it accepts and the gallery speaks."""
    accepted = request.headers.get("accept-language", "").split(",")[:MOST_ACCEPTED]
    codes = [one.partition(";")[0].strip().partition("-")[0].lower() for one in accepted]
    return language(negotiate_locale(codes, CODES) or "en")


Speaks = Annotated[Language, Depends(language_of)]
