"""The languages that the surfaces speak, and their gettext catalogues, which are compiled in memory at the start."""

from __future__ import annotations

import gettext
import io
from importlib import resources

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

CODES = ("en", "de", "es", "fr", "ru")


def open_catalogue(package: str, code: str) -> gettext.NullTranslations:
    """The catalogue of a package in a language; the English text in the code is the key of its translations.

    Args:
        package: has a folder `locales`.
        code: one of `CODES`.
    """
    if code == "en":
        return gettext.NullTranslations()
    file = resources.files(package) / "locales" / f"{code}.po"
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
