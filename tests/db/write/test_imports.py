"""Decisions that arrive late overrule nothing."""

from __future__ import annotations

from datetime import UTC, datetime

from db.engine import Store
from db.read.decisions import all_decisions
from db.rows import DecisionRow, Verdict
from db.write.imports import import_decisions
from tests.db.samples import assessed, digest, tag_run


def _decision(verdict: Verdict, landmark: str | None, day: int) -> DecisionRow:
    time = datetime(2024, 1, day, tzinfo=UTC)
    return DecisionRow(digest("a.jpg"), None, verdict, landmark, "ann", "elsewhere", time, None, True, 0, True)


def _active_after(store: Store, *rows: DecisionRow) -> set[tuple[Verdict, str | None]]:
    tag_run(store, [assessed("/p/a.jpg", "eiffel_tower")])
    for row in rows:
        with store.write() as connection:
            import_decisions(connection, [row])
    with store.read() as connection:
        return {(row.verdict, row.landmark) for row in all_decisions(connection) if row.revoked_at is None}


def test_the_later_decision_stays_active_in_whichever_order_they_arrive(store: Store) -> None:
    early, late = _decision("shows", "machu_picchu", 1), _decision("none", None, 2)
    assert _active_after(store, late, early) == _active_after(store, early, late) == {("none", None)}


def test_a_decision_that_arrives_after_a_later_one_revokes_nothing(store: Store) -> None:
    rejected, none = _decision("not", "machu_picchu", 1), _decision("none", None, 3)
    shows = _decision("shows", "machu_picchu", 2)
    assert _active_after(store, rejected, none, shows) == {("not", "machu_picchu"), ("none", None)}
