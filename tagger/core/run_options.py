"""How a run meets what goes wrong: values that come from the settings and from one start's options."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Args:
    retry_after_h: hours until a file that failed is tried again; doubled after each attempt.
    max_attempts: after so many a file is in quarantine.
    max_gone_share: where a larger share of a folder's known files is gone, none is taken for gone.
    vote_gap_min: minutes between an unsure photo and the sure ones beside it; 0 lets no photo vote.
    retry_failed: also try files that are not due yet, or in quarantine.
    again: also look at photos whose suggestions were taken back.
    accept_gone: files are taken for gone however many they are.
    known_only: no photo that the store has never had an answer for: what is new has its own time.
    skip_missing: a folder that is not there does not keep the others waiting.
    """

    retry_after_h: float = 6.0
    max_attempts: int = 3
    max_gone_share: float = 0.2
    vote_gap_min: float = 0.0
    retry_failed: bool = False
    again: bool = False
    accept_gone: bool = False
    known_only: bool = False
    skip_missing: bool = False
