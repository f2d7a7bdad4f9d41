"""A run as the settings order it; who starts it adds what is its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from db.engine import Store
from tagger.core.progress import Progress
from tagger.core.run_options import RunOptions
from tagger.library.runner import LibraryRun
from tagger.model.bundle import open_bundle

if TYPE_CHECKING:
    from tagger.config.settings import Settings
    from tagger.image.decoder_pool import DecoderPool
    from tagger.model.predictor import Tagger


def new_run(
    settings: Settings,
    store: Store,
    roots: Sequence[str],
    *,
    open_tagger: Callable[[], Tagger],
    progress: Progress,
    options: RunOptions,
    job: str,
    with_unchanged: bool = False,
    until: datetime | None = None,
    stop: threading.Event | None = None,
) -> LibraryRun:
    """See `tagger.library.runner.LibraryRun`.

    Raises:
        BundleError: the model folder of the settings is none.
    """
    bundle = open_bundle(settings.bundle, verify=False)  # where there is nothing new, the weights are not even read

    def open_decoders(photos: int) -> DecoderPool:
        from tagger.image.decoder_pool import DecoderPool  # loads numpy, which a run without new photos does not need

        return DecoderPool(bundle.card.input, settings.limits(), photos=photos, timeout_s=settings.photo_timeout_s)

    return LibraryRun(
        store,
        bundle,
        roots,
        open_tagger,
        options,
        progress=progress,
        open_decoders=open_decoders,
        job=job,
        settings_hash=settings.fingerprint(),
        with_unchanged=with_unchanged,
        until=until,
        stop=stop or threading.Event(),
    )
