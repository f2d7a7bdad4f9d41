"""What people decide, and how they take it back."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, HTTPException

from db.read.gallery.tiles import tiles_of
from db.write.decisions import record_decision, undo_decision
from tagger.web.api.photos import Digest
from tagger.web.api.schemas import DecisionIn, DecisionsIn, DecisionsOut, UndoIn, problems
from tagger.web.api.views import tiles_out
from tagger.web.services import By, Parts, Services

SOURCE = "web"

router = APIRouter(tags=["decisions"], responses=problems(401, 403, 404, 422, 503))


@router.post("/photos/{sha256}/decisions", status_code=201)
def decide(services: Parts, visitor: By, sha256: Digest, decision: DecisionIn) -> DecisionsOut:
    """Say what a photo shows. It replaces what the same person said against it before."""
    return store_decisions(services, visitor.who, [sha256], decision)


@router.post("/decisions", status_code=201)
def decide_all(services: Parts, visitor: By, decision: DecisionsIn) -> DecisionsOut:
    """Say the same about several photos: about all of them, or if one is unknown about none."""
    return store_decisions(services, visitor.who, decision.photos, decision)


@router.post("/decisions/undo")
def undo(services: Parts, visitor: By, decisions: UndoIn) -> DecisionsOut:
    """Take decisions back. What the same person had said before them counts again."""
    with services.store.write() as connection:
        undone = {id_: undo_decision(connection, id_, who=visitor.who) for id_ in decisions.ids}
        contents = {sha256 for sha256 in undone.values() if sha256}
        if not contents:
            raise HTTPException(404, "You have made no such decision, or have taken it back.")
        photos = tiles_out(tiles_of(connection, contents))
    return DecisionsOut(ids=[id_ for id_, sha256 in undone.items() if sha256], photos=photos)


def store_decisions(services: Services, who: str, contents: Sequence[str], decision: DecisionIn) -> DecisionsOut:
    """Store a decision about each of some photos.

    Raises:
        UnknownPhoto: one of them is unknown.
        UnknownLandmark: no landmark has this name.
    """
    with services.store.write() as connection:
        ids = [
            record_decision(
                connection, sha256, verdict=decision.verdict, landmark=decision.landmark, who=who, source=SOURCE
            )
            for sha256 in contents
        ]
        return DecisionsOut(ids=ids, photos=tiles_out(tiles_of(connection, contents)))
