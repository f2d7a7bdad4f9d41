"""A country by any name: in any language, as a code, or as people call it. Needs the extra `countries`.

The names are those of the Unicode CLDR, as Babel has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec

from tagger.core.text import plain

# Names that CLDR does not have, by their plain form.
SPOKEN = {
    "america": "US",
    "britain": "GB",
    "emirates": "AE",
    "england": "GB",
    "greatbritain": "GB",
    "korea": "KR",
    "northernireland": "GB",
    "peoplesrepublicofchina": "CN",
    "republicofkorea": "KR",
    "russianfederation": "RU",
    "scotland": "GB",
    "uae": "AE",
    "unitedstatesofamerica": "US",
    "wales": "GB",
}


def same_country(text: str, names: Sequence[str]) -> list[str]:
    """The names, of those given, that mean the same country as a text.

    Without Babel only names that are equal by `tagger.core.text.plain` do.
    """
    equal = [name for name in names if plain(name) == plain(text)]
    if equal or find_spec("babel") is None:
        return equal
    codes = _codes(text)
    for territories in _languages() if codes else ():
        meant = {plain(territories[code]) for code in codes if code in territories}
        if found := [name for name in names if plain(name) in meant]:
            return found
    return []


@lru_cache
def country_code(name: str) -> str | None:
    """The code of a country by ISO 3166 in two letters; None without Babel, or if the name has none or several."""
    codes = _codes(name) if find_spec("babel") else set()
    return next(iter(codes)) if len(codes) == 1 else None


def _codes(text: str) -> set[str]:
    """The territory codes that a text names in the first language that has it; "Congo" has two."""
    from babel.core import get_global

    name = plain(text)
    short = name.removeprefix("the")
    if short in SPOKEN:
        return {SPOKEN[short]}
    if alias := get_global("territory_aliases").get(text.strip().upper()):
        return set(alias)
    for territories in _languages():
        codes = {code for code, own in territories.items() if plain(own) in (name, short) or code.lower() == name}
        if codes:
            return codes
    return set()


def _languages() -> Iterator[dict[str, str]]:
    """The names of territories by code, language by language: English and the user's own first."""
    from babel import localedata

    own = (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en").split("_")[0].split(".")[0]
    others = sorted(name for name in localedata.locale_identifiers() if "_" not in name)
    for language in dict.fromkeys(["en", *({own} & {*others}), *others]):
        territories = localedata.load(language).get("territories", {})  # cached: also what others get from Babel
        yield {code: name for code, name in territories.items() if code.isalpha()}  # numbers are continents
