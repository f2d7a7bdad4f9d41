"""How a run ended, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from db.rows import RunCounts, RunStatus
from tagger.core.types import EngineInfo
from tagger.library.missing import SuspiciousDeletion


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run went.

    Args:
        seconds: wall clock, the scan included.
        missing: roots that were not there.
        doubts: roots of which so much is gone that none of it was marked.
        suspects: files that were tried alone, since a run had died with them in work.
        given_up: files that are in quarantine since runs died with them.
    """

    run_id: int
    status: RunStatus
    counts: RunCounts
    seconds: float
    engine: EngineInfo
    missing: tuple[str, ...] = ()
    doubts: tuple[SuspiciousDeletion, ...] = ()
    suspects: tuple[str, ...] = ()
    given_up: tuple[str, ...] = ()

    @property
    def looked_at(self) -> int:
        """Photos that were new or changed, and answered."""
        counts = self.counts
        return counts.tagged + counts.none + counts.failed - len(self.given_up)
