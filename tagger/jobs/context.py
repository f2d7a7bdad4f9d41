"""What a job gets and what it returns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from db.rows import JobStatus
from tagger.core.progress import Progress, Silent

if TYPE_CHECKING:
    from db.engine import Store
    from tagger.config.settings import Settings
    from tagger.model.predictor import Tagger


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job may use, made once by whoever starts jobs.

    Args:
        open_tagger: called only by jobs that need the model, and only if there are photos for it.
        stop: set it to end the process; a job at work then ends soon, and what it has done stays done.
        problems: why the bot or the watch ended by itself, by its name; for `/health`.
        triggered_at: when the schedule triggered the job, perhaps long before its thread was free; None for a job
            that a person started.
    """

    settings: Settings
    store: Store
    open_tagger: Callable[[], Tagger]
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)
    problems: dict[str, str] = field(default_factory=dict)
    triggered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended, if no error ended it.

    Args:
        message: for people.
        status: "stopped" if its time was up or somebody asked; "failed" if it ran to its end and the news is bad.
        failed_photos: how many photos could not be read.
    """

    message: str
    status: JobStatus = "done"
    failed_photos: int = 0
