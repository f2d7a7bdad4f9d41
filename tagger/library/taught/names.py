"""The names of taught places, and the keys that the store has for them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from tagger.core.errors import TeachingError
from tagger.core.landmark_names import find
from tagger.core.text import plain

if TYPE_CHECKING:
    from tagger.model.bundle import Bundle

MOST_LETTERS = 40  # of a key, which has to fit into the data of a button in the bot
DIGEST = 8  # letters of one in a key
LONGEST_NAME = 200


def new_key(bundle: Bundle, name: str) -> str:
    """The key of a place that may be taught.

    Raises:
        TeachingError: the name is a landmark's in some language, or cannot be one.
    """
    if len(name) > LONGEST_NAME or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise TeachingError(f"A place's name has at most {LONGEST_NAME} letters, and is one line of text.")
    key = key_of(name)
    known = {landmark.id: landmark for landmark in (entry.landmark() for entry in bundle.card.classes)}
    if key in known or find(name, known) is not None:
        raise TeachingError(f"The model knows {name} by itself. Choose another name.")
    return key


def key_of(name: str) -> str:
    """The key of a place with a name. Names that lose letters in it have a digest too, so that they stay different.

    Raises:
        TeachingError: the name has no letter or digit.
    """
    folded = unicodedata.normalize("NFKD", name.lower().replace("'", "").replace("’", ""))
    digest = hashlib.sha256(plain(name).encode("utf-8", "replace")).hexdigest()
    words = re.findall("[a-z0-9]+", folded.encode("ascii", "ignore").decode())
    if plain(name) and len("".join(words)) >= len(plain(name)) / 2:
        key = "_".join(words)
        if len(key) <= MOST_LETTERS and len("".join(words)) >= len(plain(name)):
            return key
        return f"{key[: MOST_LETTERS - DIGEST - 1].rstrip('_')}_{digest[:DIGEST]}"
    if not plain(name):
        raise TeachingError("A place needs a name with letters.")
    return f"place_{digest[:12]}"  # a script without Latin letters
