"""What a job may use: made once by whoever starts jobs, and handed to each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from db.engine import Store
from tagger.config.settings import Settings
from tagger.core.progress import Progress, Silent

if TYPE_CHECKING:
    from tagger.model.predictor import Tagger


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job may use.

    Args:
        open_tagger: called only by jobs that look at photos, and only when there are some.
        stop: set when the process is to end; a job then ends soon, and what it did stays done.
        troubles: what ended by itself beside the jobs, and why; by its name, for /health.
        handed_at: when the clock handed the job over, perhaps long before it could begin; None where a person did, now.
    """

    settings: Settings
    store: Store
    open_tagger: Callable[[], Tagger]
    progress: Progress = field(default_factory=Silent)
    stop: threading.Event = field(default_factory=threading.Event)
    troubles: dict[str, str] = field(default_factory=dict)
    handed_at: datetime | None = None
