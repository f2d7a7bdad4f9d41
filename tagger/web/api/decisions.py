"""What people decide, and how they take it back."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException

from db.read.gallery.tiles import Tile, tiles_of
from db.read.photos import find_photo
from db.write.decisions import record_decision, undo_decision
from db.write.review import unskip_photo
from tagger.web.api.photos import Digest
from tagger.web.api.schemas import DecisionIn, DecisionsIn, DecisionsOut, UndoIn, problems
from tagger.web.api.views import tiles_out
from tagger.web.language import Language, Speaks
from tagger.web.services import By, Parts, Services

SOURCE = "web"

router = APIRouter(tags=["decisions"], responses=problems(401, 403, 404, 422, 503))


@router.post("/photos/{sha256}/decisions", status_code=201)
def decide(services: Parts, visitor: By, language: Speaks, sha256: Digest, decision: DecisionIn) -> DecisionsOut:
    """Say what a photo shows. It replaces what the same person said against it before."""
    return _out(*store_decisions(services, visitor.who, [sha256], decision), language)


@router.post("/decisions", status_code=201)
def decide_all(services: Parts, visitor: By, language: Speaks, decision: DecisionsIn) -> DecisionsOut:
    """Say the same about several photos: about all of them, or if one is unknown about none."""
    return _out(*store_decisions(services, visitor.who, decision.photos, decision), language)


@router.post("/decisions/undo")
def undo(services: Parts, visitor: By, language: Speaks, decisions: UndoIn) -> DecisionsOut:
    """Take decisions back. What the same person had said before them counts again."""
    with services.store.write() as connection:
        undone = {id_: undo_decision(connection, id_, who=visitor.who) for id_ in decisions.ids}
        contents = {sha256 for sha256 in undone.values() if sha256}
        if not contents:
            raise HTTPException(404, "You have made no such decision, or have taken it back.")
        photos = tiles_of(connection, contents)
    services.unknown.forget()
    return _out([id_ for id_, sha256 in undone.items() if sha256], photos, language)


def store_decisions(
    services: Services, who: str, contents: Sequence[str], decision: DecisionIn
) -> tuple[list[int], Sequence[Tile]]:
    """Store a decision about each of some photos.

    Returns:
        The numbers of the decisions, and the photos as they are now.

    Raises:
        UnknownPhoto: one of them is unknown.
        UnknownLandmark: no landmark has this name.
    """
    with services.store.write() as connection:
        for sha256 in contents:
            unskip_photo(connection, find_photo(connection, sha256), who=who)
        ids = [
            record_decision(
                connection, sha256, verdict=decision.verdict, landmark=decision.landmark, who=who, source=SOURCE
            )
            for sha256 in contents
        ]
        photos = tiles_of(connection, contents)
    services.unknown.forget()
    return ids, photos


def _out(ids: list[int], photos: Sequence[Tile], language: Language) -> DecisionsOut:
    return DecisionsOut(ids=ids, photos=tiles_out(photos, language))
