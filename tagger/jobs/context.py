"""The context and the result of a job."""

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
    """What jobs use; created once per process."""

    settings: Settings
    store: Store
    open_tagger: Callable[[], Tagger]  # called only by jobs that need the model and have photos for it
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)  # set it to end the job in progress, and the process
    problems: dict[str, str] = field(default_factory=dict)  # why the bot or the watch ended by itself; for `/health`
    triggered_at: datetime | None = None  # by the schedule, maybe long before a thread was free; None by a person


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended without an error."""

    message: str  # for people
    status: JobStatus = "done"  # "stopped" if its time was up or on request; "failed" if it found a problem
    failed_photos: int = 0  # how many photos could not be read
