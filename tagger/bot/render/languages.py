"""The bot's texts in five languages: gettext catalogues, with numbers, dates and countries by Babel.

The English text in the code is the key of its translations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from tagger.serving.catalogues import CODES, open_catalogue

HERE_KM = 0.05  # less is written as "right here", not as "0 km"


def N_(text: str) -> str:  # noqa: N802, gettext's own name for "to be translated later"
    """Mark a text that is translated where it is used."""
    return text


class Language:
    """One language: its texts, and how it writes numbers and dates.

    Args:
        code: one of `CODES`.
        names: the code of the language in which landmarks are named, if that is another one.
    """

    def __init__(self, code: str, names: str | None = None) -> None:
        self.code = code
        self.names = names or code
        self._locale = Locale.parse(code)
        self._catalogue = open_catalogue("tagger.bot", code)

    def _(self, text: str) -> str:
        return self._catalogue.gettext(text)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return self._catalogue.ngettext(one, many, count)

    @property
    def name(self) -> str:
        """The language's own name, e.g. Deutsch."""
        return str(self._locale.get_display_name(self._locale)).capitalize()

    @cached_property
    def _percents(self) -> list[str]:
        """0% to 99%, since Babel takes long for each."""
        return [format_percent(whole / 100, locale=self._locale) for whole in range(100)]

    def percent(self, score: float) -> str:
        """A score as HTML, between "<1%" and 99%, since nothing is impossible or certain."""
        if score < 0.005:
            return f"&lt;{self._percents[1]}"
        return self._percents[min(round(Decimal(str(score)) * 100), 99)]

    def number(self, value: float) -> str:
        return format_decimal(round(value, 1) if value < 10 else round(value), locale=self._locale)

    def distance(self, km: float) -> str:
        """A distance, e.g. "1.2 km"."""
        return self._("right here") if km < HERE_KM else self._("{km} km").format(km=self.number(km))

    def all_of(self, names: Sequence[str]) -> str:
        """A list, e.g. "JPEG, PNG and GIF"."""
        return format_list(names, locale=self._locale)

    def any_of(self, names: Sequence[str]) -> str:
        """Alternatives, e.g. "JPEG, PNG or GIF"."""
        return format_list(names, style="or", locale=self._locale)

    def day(self, moment: datetime) -> str:
        return format_date(moment, "medium", locale=self._locale)


class Languages:
    """All languages, loaded once.

    Args:
        names: the codes of the languages in which landmarks have names. Who speaks one that the bot does not speak
            reads English with these names.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._of_code = {code: Language(code) for code in CODES}
        self._named = {code: Language("en", code) for code in names if code not in CODES}

    def __iter__(self) -> Iterator[Language]:
        return iter(self._of_code.values())

    def best(self, chosen: str | None, telegram_code: str | None) -> Language:
        """The language that a person chose, else that of their Telegram app, else English.

        Args:
            chosen: one of `CODES`.
            telegram_code: an IETF tag like ``pt-br``.
        """
        if chosen is not None and chosen in self._of_code:
            return self._of_code[chosen]
        own = (telegram_code or "").split("-")[0].lower()
        return self._of_code.get(own) or self._named.get(own) or self._of_code["en"]
