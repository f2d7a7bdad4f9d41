"""The cards of landmarks, in a library of several blocks of photos."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from db.engine import Store
from db.read.gallery.landmarks import landmark_cards
from db.schema.blocks import SIZE
from db.schema.models import File, Landmark, Photo
from db.schema.views import tag
from tests.db.samples import LANDMARKS, assessed, decide, digest, tag_run

FIRST = datetime(2015, 1, 1)
RARE = [None] * 30 + [landmark.id for landmark in LANDMARKS]

Card = tuple[str, int, datetime | None, datetime | None]


def counted(store: Store) -> list[Card]:
    """What the cards say, by reading all tags."""
    is_present = select(File.id).where(File.photo_id == tag.c.photo_id, File.gone_at.is_(None)).exists()
    times = (func.count(), func.min(Photo.taken_at), func.max(Photo.taken_at))
    shown = select(tag.c.landmark_id, *times).join(Photo, Photo.id == tag.c.photo_id)
    with store.read() as connection:
        found = {
            row[0]: row for row in connection.execute(shown.where(tag.c.is_current, is_present).group_by("landmark_id"))
        }
        rows = connection.execute(select(Landmark.id, Landmark.key)).all()
    return sorted((key, *(tuple(found[id_])[1:] if id_ in found else (0, None, None))) for id_, key in rows)


def cards(store: Store) -> list[Card]:
    with store.read() as connection:
        found = landmark_cards(connection)
    return sorted((card.landmark.id, card.photos, card.first_at, card.last_at) for card in found)


def test_a_card_has_the_first_and_the_last_photo_of_all_blocks(store: Store) -> None:
    dice = random.Random(0)
    for is_in_order in (True, False):  # a scan finds photos by path, which need not be the order of their times
        moments = [FIRST + timedelta(hours=number) for number in range(SIZE + 200)]
        if not is_in_order:
            dice.shuffle(moments)
        batch = [
            assessed(f"/p/{is_in_order}-{number}.jpg", dice.choice(RARE), taken_at=moment)
            for number, moment in enumerate(moments)
        ]
        tag_run(store, batch)
        assert cards(store) == counted(store)
    store.optimize()
    assert cards(store) == counted(store)
    for number in range(0, 900, 10):
        decide(store, digest(f"True-{number}.jpg"), "shows", dice.choice(LANDMARKS).id)
    decide(store, digest("False-3.jpg"), "none", None)
    with store.write() as connection:
        connection.execute(update(File).where(File.path < "/p/False-3").values(gone_at=FIRST.astimezone()))
    assert cards(store) == counted(store)


def test_a_card_shows_the_last_photo_whoever_named_it(store: Store) -> None:
    tag_run(store, [assessed(f"/p/{n}.jpg", taken_at=FIRST + timedelta(days=n)) for n in range(3)])
    tag_run(store, [assessed("/p/9.jpg", None, taken_at=FIRST + timedelta(days=9))])
    decide(store, digest("9.jpg"), "shows", "eiffel_tower")
    with store.read() as connection:
        covers = {card.landmark.id: card.sha256 for card in landmark_cards(connection)}
    assert covers == {"eiffel_tower": digest("9.jpg")} | {one.id: None for one in LANDMARKS if one.id != "eiffel_tower"}
