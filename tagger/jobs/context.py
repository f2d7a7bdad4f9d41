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
    """What a job may use, made once by whoever starts jobs."""

    settings: Settings
    store: Store
    open_tagger: Callable[[], Tagger]  # called only by jobs that need the model, and only if there are photos for it
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)  # set it to end the job at work, and the process
    problems: dict[str, str] = field(default_factory=dict)  # why the bot or the watch ended by itself; for `/health`
    triggered_at: datetime | None = None  # by the schedule, perhaps long before a thread was free; None by a person


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended, if no error ended it."""

    message: str  # for people
    status: JobStatus = "done"  # "stopped" if its time was up or somebody asked; "failed" if the news is bad
    failed_photos: int = 0  # how many photos could not be read
