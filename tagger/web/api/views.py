"""From the store's values to the API's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from db.read.gallery.tiles import Tile, TilePage, TileTag
from tagger.web.api.schemas import PhotosOut, TagOut, TileOut
from tagger.web.language import Language


def tile_out(tile: Tile, language: Language) -> TileOut:
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
        label=label(tile, language),
    )


def page_out(page: TilePage, language: Language) -> PhotosOut:
    """A page of photos."""
    next_after = None if page.next_after is None else str(page.next_after)
    return PhotosOut(photos=tiles_out(page.tiles, language), next=next_after)


def tiles_out(tiles: Iterable[Tile], language: Language) -> list[TileOut]:
    """Photos in a list."""
    return [tile_out(tile, language) for tile in tiles]


def label(tile: Tile, language: Language) -> str:
    """A photo in words, for those who do not see it: "Eiffel Tower, 3 July 2024, 62 %, unreviewed"."""
    _ = language._
    parts = [", ".join(tag.name for tag in tile.tags) or _("No known landmark"), language.day(tile.taken_at)]
    if tile.best and tile.best.score is not None:
        sure = f"{tile.best.score:.0%}".replace("%", " %")
        parts.append(sure if tile.tags else _("perhaps {name}").format(name=tile.best.name))
    return ", ".join([*parts, _("reviewed") if tile.is_reviewed else _("unreviewed")])


def month_label(month: str, language: Language) -> str:
    """A month such as 2024-07 in words: "July 2024"."""
    return language.month(datetime.strptime(month, "%Y-%m"))


def _tag_out(tag: TileTag) -> TagOut:
    return TagOut(landmark=tag.key, name=tag.name, country=tag.country, score=tag.score)
