"""A run as the settings order it; who starts it adds what is its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from db.engine import Store
from tagger.core.progress import Progress
from tagger.core.run_options import Rules
from tagger.library.runner import Run
from tagger.library.scan import Globs
from tagger.model.bundle import open_bundle

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.image.decoder_pool import Decoders
    from tagger.model.predictor import Tagger


def new_run(
    settings: Settings,
    store: Store,
    roots: Sequence[str],
    *,
    open_tagger: Callable[[], Tagger],
    progress: Progress,
    rules: Rules,
    job: str,
    with_unchanged: bool = False,
    until: datetime | None = None,
    stop: threading.Event | None = None,
) -> Run:
    """See `tagger.library.runner.Run`.

    Raises:
        BundleError: the model folder of the settings is none.
    """
    bundle = open_bundle(settings.bundle, verify=False)  # where there is nothing new, the weights are not even read

    def open_decoders(photos: int) -> Decoders:
        from tagger.image.decoder_pool import Decoders  # loads numpy, which a run without new photos does not need

        return Decoders(bundle.card.input, settings.limits(), photos=photos, timeout_s=settings.photo_timeout_s)

    return Run(
        store,
        bundle,
        roots,
        Globs(settings.include, settings.exclude),
        settings.top_k,
        open_tagger,
        progress,
        with_unchanged=with_unchanged,
        open_decoders=open_decoders,
        rules=rules,
        job=job,
        settings_hash=settings.fingerprint(),
        until=until,
        stop=stop or threading.Event(),
    )
