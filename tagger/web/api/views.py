"""From the store's values to the API's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from db.read.gallery.detail import DecidedRow, PhotoDetail, SuggestionRow
from db.read.gallery.tiles import Tile, TilePage, TileTag
from tagger.web.api.schemas import (
    AssessmentOut,
    PhotoOut,
    PhotosOut,
    StoredDecisionOut,
    StoredSuggestionOut,
    TagOut,
    TileOut,
)
from tagger.web.language import Language


def tile_out(tile: Tile, language: Language) -> TileOut:
    """A photo in a list."""
    return TileOut(
        sha256=tile.sha256,
        taken_at=tile.taken_at,
        width=tile.width,
        height=tile.height,
        tags=[_tag_out(tag, language) for tag in tile.tags],
        guess=_tag_out(tile.guess, language) if tile.guess else None,
        is_reviewed=tile.is_reviewed,
        is_unsure=tile.is_unsure,
        label=label(tile, language),
        facts=facts(tile, language),
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
    names = ", ".join(language.name(tag.landmark) for tag in tile.tags) or language._("No known landmark")
    return ", ".join((names, *facts(tile, language)))


def facts(tile: Tile, language: Language) -> list[str]:
    """A photo in words, without its landmarks."""
    _, parts = language._, [language.day(tile.taken_at)]
    if tile.best and tile.best.score is not None:
        perhaps = _("perhaps {name}").format(name=language.name(tile.best.landmark))
        parts.append(percent(tile.best.score) if tile.tags else perhaps)
    return [*parts, _("reviewed") if tile.is_reviewed else _("unreviewed")]


def percent(score: float) -> str:
    """A score, between <1 % and 99 %: nothing is impossible or certain."""
    return "<1 %" if score < 0.005 else f"{min(round(score * 100), 99)} %"


def photo_out(photo: PhotoDetail, language: Language) -> PhotoOut:
    """All that the store knows of a photo."""
    return PhotoOut(
        sha256=photo.sha256,
        paths=list(photo.paths),
        taken_at=photo.taken_at,
        taken_from=photo.taken_from,
        width=photo.width,
        height=photo.height,
        format=photo.format,
        size_bytes=photo.size_bytes,
        lat=photo.lat,
        lon=photo.lon,
        suggestions=[_suggestion_out(row, language) for row in photo.suggestions],
        assessments=[AssessmentOut.model_validate(row) for row in photo.assessments],
        decisions=[_decision_out(row, language) for row in photo.decisions],
        alike=list(photo.alike),
    )


def month_label(month: str, language: Language) -> str:
    """A month such as 2024-07 in words: "July 2024"."""
    return language.month(datetime.strptime(month, "%Y-%m"))


def _tag_out(tag: TileTag, language: Language) -> TagOut:
    own = language.landmark(tag.landmark)
    return TagOut(landmark=own.id, name=own.name, country=own.country, score=tag.score)


def _suggestion_out(row: SuggestionRow, language: Language) -> StoredSuggestionOut:
    own = language.landmark(row.landmark)
    return StoredSuggestionOut(
        rank=row.rank,
        key=own.id,
        name=own.name,
        country=own.country,
        lat=own.lat,
        lon=own.lon,
        score=row.score,
        visual_score=row.visual_score,
        is_tag=row.is_tag,
        reason=row.reason,
    )


def _decision_out(row: DecidedRow, language: Language) -> StoredDecisionOut:
    own = row.landmark and language.landmark(row.landmark)
    return StoredDecisionOut(
        id=row.id,
        verdict=row.verdict,
        key=own.id if own else None,
        name=own.name if own else None,
        who=row.who,
        source=row.source,
        decided_at=row.decided_at,
        revoked_at=row.revoked_at,
        counts=row.counts,
    )
