"""One self-contained HTML page without scripts: a map of the world, and the photos of each landmark.

The one rule: the template escapes all values.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import BinaryIO

from jinja2 import Environment, PackageLoader

from tagger.core.text import counted, printable
from tagger.export.map_picture import Dot, draw
from tagger.export.rows import ExportRow
from tagger.export.text import file_name, file_uri, title
from tagger.image.thumbnail import data_uri

MOST_PHOTOS = 200  # of a landmark, with thumbnails: a page of thousands takes minutes, and browsers cannot show it
THUMBNAIL_PX = 240


@dataclass(slots=True)
class Section:
    """A landmark, or what is said of photos without one.

    Args:
        name: its name.
        place: its city and country.
        total: the rows.
        surest: those with thumbnails, behind what they are sorted by: as a heap, the least sure first.
        is_landmark: those of photos without one come last.
    """

    name: str
    place: str
    is_landmark: bool
    total: int = 0
    surest: list[tuple[bool, float, int, ExportRow]] = field(default_factory=list)

    def add(self, row: ExportRow, number: int) -> None:
        self.total += 1
        entry = (row.source == "person", row.score or 0.0, -number, row)
        (heapq.heappush if len(self.surest) < MOST_PHOTOS else heapq.heappushpop)(self.surest, entry)

    @property
    def photos(self) -> list[ExportRow]:
        """The surest, by date."""
        rows = (entry[-1] for entry in self.surest)
        return sorted(rows, key=lambda row: (row.taken_at or datetime.min, row.path))


def write(rows: Iterable[ExportRow], file: BinaryIO) -> None:
    """Write the page. Its size depends on the number of landmarks, not on that of photos.

    Args:
        rows: any number; the surest `MOST_PHOTOS` of each landmark are in memory.
        file: is written from where it is.
    """
    sections, places, numbers = dict[str, Section](), Counter[tuple[float, float, str]](), count()
    for row in rows:
        key = row.landmark or row.status
        if key not in sections:
            place = ", ".join(filter(None, (row.city, row.country)))
            sections[key] = Section(title(row), place, row.landmark is not None)
        sections[key].add(row, next(numbers))
        if (position := row.position) is not None:
            places[round(position.lon), round(position.lat), key] += 1  # degrees, so that there are not too many
    by_size = sorted(sections.items(), key=lambda item: (not item[1].is_landmark, -item[1].total, item[1].name))
    dots = [Dot(lon, lat, key, sections[key].name, photos) for (lon, lat, key), photos in places.most_common()]
    for piece in _environment().get_template("page.html.j2").generate(sections=dict(by_size), map=draw(dots)):
        file.write(piece.encode())


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tagger.export", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "counted": counted,
        "file_name": file_name,
        "file_uri": file_uri,
        "printable": printable,
        "thumbnail": lambda path: data_uri(path, THUMBNAIL_PX),
    }
    return environment
