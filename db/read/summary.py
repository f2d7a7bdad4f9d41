"""Count the photos of a listing by year, country or landmark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from db.read.rows import NoneHit, TagHit

By = Literal["year", "country", "landmark"]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """How many photos there are of a year, a country or a landmark."""

    key: str | None  # the year, the country's name or the landmark's id; None for landmarks without a country
    name: str | None  # of the landmark
    photos: int  # contents: copies count once


def summarize(hits: Iterable[TagHit | NoneHit], by: By) -> list[SummaryRow]:
    """Count the photos of a listing.

    Args:
        hits: of `tags`, or of `nones`, which have only years.
        by: what to count by.

    Returns:
        Years in order; countries and landmarks with the most photos first.
    """
    counts: Counter[str | None] = Counter()
    names: dict[str | None, str] = {}
    seen: set[tuple[str | None, bytes]] = set()
    for hit in hits:
        key = f"{hit.taken_at:%Y}" if by == "year" else getattr(hit, by)
        if by == "landmark" and isinstance(hit, TagHit):
            names[key] = hit.name
        photo = (key, bytes.fromhex(hit.sha256))
        counts[key] += photo not in seen
        seen.add(photo)
    keys = sorted(counts, key=lambda key: key or "")
    if by != "year":
        keys.sort(key=counts.__getitem__, reverse=True)
    return [SummaryRow(key, names.get(key), counts[key]) for key in keys]
