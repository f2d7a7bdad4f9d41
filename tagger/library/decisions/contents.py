"""Find the photos that people decide about, by their files.

The one rule: a decision belongs to what is in the file now, not to what was once at its path.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from db.errors import UnknownPhoto
from db.read.photos import content_of, photo_ids, picture_ids
from tagger.core.errors import DecisionsError, PhotoError
from tagger.core.text import printable
from tagger.image.picture_hash import picture_hash
from tagger.image.source import read

if TYPE_CHECKING:
    from db.engine import Connection


def contents_of(connection: Connection, paths: Sequence[str], *, max_bytes: int) -> list[str]:
    """A content that the database has of each file's photo, even if its metadata were edited since.

    Raises:
        DecisionsError: a file cannot be read.
        UnknownPhoto: the database does not have a file's photo.
    """
    found = []
    for path in paths:
        try:
            data = read(path, max_bytes)
        except PhotoError as error:
            raise DecisionsError(f"{printable(path)}: {error}.") from error
        sha256, picture = hashlib.sha256(data).hexdigest(), picture_hash(data)
        if sha256 not in photo_ids(connection, [sha256]):
            known = picture_ids(connection, [picture]) if picture else {}
            if not known:
                raise UnknownPhoto(printable(path))
            sha256 = content_of(connection, next(iter(known.values())))
        found.append(sha256)
    return found
