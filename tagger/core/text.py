"""Text helpers: comparison of names, "did you mean", paths, durations and sizes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from tagger.core.sentence import ask_which

T = TypeVar("T")

CLOSE_ENOUGH = 0.6  # of 1: similarity of a typo and the intended name
MOST_PATHS = 3
HALF_CHARACTER = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # and no byte as os.fsdecode spells it

_LETTERS = str.maketrans(  # letters that Unicode does not decompose; apostrophes are dropped
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "\N{LATIN SMALL LETTER DOTLESS I}": "i", "æ": "ae", "œ": "oe", "þ": "th"}
    | {"'": "", "’": "", "\N{MODIFIER LETTER APOSTROPHE}": ""}
    # letters that are written for one another in Arabic and Hindi, and the stroke that stretches Arabic words
    | {"ة": "\N{ARABIC LETTER HEH}", "ى": "ي", "ی": "ي", "ک": "ك", "\N{ARABIC TATWEEL}": "", "ँ": "ं"}
)
FIRST_MARKED, LAST_MARKED = "\u0900", "\u17ff"  # scripts of India and its neighbours, which write vowels as marks


def plain(text: str) -> str:
    """A name for comparison: without case, accents, spaces and punctuation."""
    return "".join(filter(_is_letter, _folded(text)))


def nearest(text: str, names: Mapping[T, Iterable[str]], *, limit: int = 3) -> list[T]:
    """What a mistyped or partial name may mean, best first.

    Args:
        text: the typed name.
        names: the names of each candidate.
        limit: the most results.
    """
    typed = plain(text)
    likeness = {thing: max((_likeness(typed, plain(name)) for name in own), default=0) for thing, own in names.items()}
    close = (thing for thing in names if likeness[thing] >= CLOSE_ENOUGH)
    return sorted(close, key=likeness.__getitem__, reverse=True)[:limit]


def edit_distance(one: str, other: str) -> int:
    """How many letters must be inserted, deleted, replaced or swapped with their neighbour to turn a text into another.

    Source:
        Optimal string alignment; Damerau 1964, doi:10.1145/363958.363994.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        before, above, row = row, before, [i]
        for j, other_letter in enumerate(other, start=1):
            least = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other_letter))
            if i > 1 < j and letter == other[j - 2] and one[i - 2] == other_letter:
                least = min(least, above[j - 2] + 1)
            row.append(least)
    return row[-1]


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """The question after a sentence about an unknown name, with a leading space; empty if no name is similar."""
    return "".join(f" {sentence}" for sentence in ask_which(similar(text, names)))


def similar(text: str, names: Iterable[str]) -> list[str]:
    """The name that a text may mean; none if no name is similar."""
    return nearest(text, {name: (name,) for name in names}, limit=1)


def printable(path: str) -> str:
    """A path or name as one line of text; undecodable bytes show as ``\\xff``, control characters as ``\\x1b``."""
    if path.isprintable():  # most are, and an export has a million of them
        return path
    path = HALF_CHARACTER.sub(lambda half: ascii(half[0])[1:-1], path)
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def printable_lines(text: str) -> str:
    """A text of several lines, each as `printable` shows it."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def display_width(text: str) -> int:
    """The number of columns that a text takes in a terminal."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(map(bool, map(unicodedata.combining, text)))


def without_secrets(url: str) -> str:
    """A URL without what may be secret: its user and password, and its query."""
    query = r"[?#].*" if "://" in url else r"\?.*=.*"  # a path may have a question mark
    return re.sub(query, "?…", re.sub(r"://.*@", "://…@", url, flags=re.DOTALL), count=1, flags=re.DOTALL)


def first_of(paths: Sequence[str]) -> str:
    """A few paths, or the first and the number of others."""
    if len(paths) <= MOST_PATHS:
        return ", ".join(map(printable, paths))
    return f"{printable(paths[0])} and {len(paths) - 1:,} more"


def counted(count: int, noun: str) -> str:
    """``1 file``, ``1,200 files``; for nouns whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def format_duration(seconds: float) -> str:
    """``0.25 s``, ``9.5 s``, ``12 s``, ``2 min 05 s`` or ``3 h 07 min``."""
    if seconds < 10:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def format_bytes(count: int) -> str:
    """``1 kB`` to ``99 kB``, then ``0.1 MB`` to ``999.9 MB``, then ``1.0 GB``."""
    if count < 1e5:
        return f"{count / 1e3:.0f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))


def _is_letter(sign: str) -> bool:
    return sign.isalnum() or (FIRST_MARKED <= sign <= LAST_MARKED and unicodedata.category(sign).startswith("M"))


def _likeness(typed: str, name: str) -> float:
    if not typed or not name:
        return 0.0
    if len(typed) >= 3 and typed in name:
        return 0.9 + 0.1 * len(typed) / len(name)
    if 2 * min(len(typed), len(name)) < CLOSE_ENOUGH * (len(typed) + len(name)):  # the highest ratio of such lengths
        return 0.0
    from difflib import SequenceMatcher  # would slow down every start

    return SequenceMatcher(None, typed, name).ratio()
