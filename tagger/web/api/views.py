"""From the store's values to the API's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from db.read.gallery.tiles import Tile, TilePage, TileTag
from tagger.web.api.schemas import PhotosOut, TagOut, TileOut


def tile_out(tile: Tile) -> TileOut:
    """A photo in a list."""
    return TileOut(
        sha256=tile.sha256,
        taken_at=tile.taken_at,
        width=tile.width,
        height=tile.height,
        tags=[_tag_out(tag) for tag in tile.tags],
        guess=_tag_out(tile.guess) if tile.guess else None,
        is_reviewed=tile.is_reviewed,
        is_unsure=tile.is_unsure,
        label=label(tile),
    )


def page_out(page: TilePage) -> PhotosOut:
    """A page of photos."""
    next_after = None if page.next_after is None else str(page.next_after)
    return PhotosOut(photos=tiles_out(page.tiles), next=next_after)


def tiles_out(tiles: Iterable[Tile]) -> list[TileOut]:
    """Photos in a list."""
    return [tile_out(tile) for tile in tiles]


def label(tile: Tile) -> str:
    """A photo in words, for those who do not see it: "Eiffel Tower, 3 July 2024, 62 %, unreviewed"."""
    taken_at = f"{tile.taken_at.day} {tile.taken_at:%B %Y}"
    names = ", ".join(tag.name for tag in tile.tags)
    score = tile.best.score if tile.best else None
    parts = [names or "No known landmark", taken_at]
    if score is not None:
        parts.append(f"{score:.0%}".replace("%", " %") if tile.tags else f"perhaps {tile.best and tile.best.name}")
    return ", ".join([*parts, "reviewed" if tile.is_reviewed else "unreviewed"])


def month_label(month: str) -> str:
    """A month such as 2024-07 in words: "July 2024"."""
    return f"{datetime.strptime(month, '%Y-%m'):%B %Y}"


def _tag_out(tag: TileTag) -> TagOut:
    return TagOut(landmark=tag.key, name=tag.name, country=tag.country, score=tag.score)
