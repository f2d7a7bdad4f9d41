"""Photos that teach a place although they are tagged as a landmark already: perhaps it is that landmark.

A place that is taught by them overrules the landmark on all photos like them, so whoever teaches it should know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from db.engine import Store
from db.read.gallery.tiles import tiles_of
from tagger.core.text import printable
from tagger.core.types import Landmark


@dataclass(frozen=True, slots=True)
class Overlap:
    """A landmark that most of the photos which teach a place are tagged as.

    Args:
        landmark: not the place itself.
        tagged: how many photos are tagged as it.
        photos: how many there are.
    """

    landmark: Landmark
    tagged: int
    photos: int

    def __str__(self) -> str:
        photos = "This photo is" if self.photos == 1 else f"{self.tagged} of these {self.photos} photos are"
        return f"{photos} already tagged {printable(self.landmark.name)}."


def overlap_of(store: Store, place: str, contents: Collection[str], tags: Mapping[str, Landmark]) -> Overlap | None:
    """The landmark that more than half of some photos are tagged as, if there is one. Call it before they teach.

    Args:
        store: of the library; for photos in it, its tags count, and so people's decisions.
        place: the key of the one that they teach.
        contents: the SHA-256 digests of the photos.
        tags: how the model tags photos that need not be in the library, by sha256.
    """
    with store.read() as connection:
        stored = {tile.sha256: tile.tags[0].landmark if tile.tags else None for tile in tiles_of(connection, contents)}
    shown = [landmark for sha256 in contents if (landmark := stored.get(sha256, tags.get(sha256)))]
    found = Counter(landmark.id for landmark in shown if landmark.id != place).most_common(1)
    if not found or 2 * found[0][1] <= len(contents):
        return None
    ((key, tagged),) = found
    return Overlap(next(landmark for landmark in shown if landmark.id == key), tagged, len(contents))
