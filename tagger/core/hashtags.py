"""Hashtags of landmarks, as Telegram, Instagram and Mastodon read them: letters, marks and digits, not digits alone."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from tagger.core.types import Landmark

ELISION = re.compile(r"\b([dl])['’](?=\w)", re.IGNORECASE)  # d'If, l'Arche: two words
DROPPED = re.compile("['’\N{MODIFIER LETTER APOSTROPHE}\N{KATAKANA MIDDLE DOT}\N{FULLWIDTH EQUALS SIGN}]")


def hashtags(landmark: Landmark) -> tuple[str, ...]:
    """The hashtags of a landmark and of its city, such as ``#EiffelTower`` and ``#Paris``."""
    names = (landmark.name, (landmark.city or "").split(",")[0])
    return tuple(dict.fromkeys(filter(None, map(_hashtag, names))))


@lru_cache(4096)
def _hashtag(name: str) -> str:
    plain = DROPPED.sub("", ELISION.sub(r"\1 ", unicodedata.normalize("NFC", name)))
    words = "".join(sign if _is_kept(sign) else " " for sign in plain).split()
    joint = "_" if name.upper() == name.lower() else ""  # a script without capitals, which would show the words
    tag = joint.join(word[0].upper() + word[1:] for word in words)
    return "" if not tag or tag.isdigit() else f"#{tag}"


def _is_kept(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign).startswith("M")  # Hindi writes vowels as marks
