"""A model ready for use: `load` makes a `Tagger`, for single photos and for many.

The one rule: a bad photo is a value (`Failed`), a bad set-up is an exception.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from pathlib import Path

from PIL import Image

from tagger.core.errors import PhotoError
from tagger.core.timings import StageTimings
from tagger.core.types import Answer, Failed, Limits, Result
from tagger.evidence.gps import GPS_CANDIDATES, weighed
from tagger.image import decode
from tagger.image.loader import PhotoLoader
from tagger.image.preprocess import preprocess
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.engines import Engine
from tagger.model.engines.factory import open_engine
from tagger.model.engines.inference import infer
from tagger.model.pipeline import Known, Pipeline

Photo = str | os.PathLike[str] | bytes | Image.Image


class Tagger:
    """A bundle on an engine, with the limits that guard it. `load` makes one."""

    def __init__(self, bundle: Bundle, engine: Engine, limits: Limits) -> None:
        self.bundle = bundle
        self.engine = engine
        self.limits = limits

    def suggest(self, photo: Photo, k: int = 5) -> Answer:
        """The k most likely landmarks of one photo.

        Args:
            photo: a path, a file's bytes, or a Pillow image (taken as upright as its EXIF says).

        Returns:
            `Tagged` or `NoLandmark` with the k best suggestions, or `Failed`.
        """
        try:
            image = self.upright(photo)
        except PhotoError as error:
            return Failed(error.kind, error.message)
        return infer(self.engine, [preprocess(image, self.bundle.card.input)], self.bundle.card, k)[0]

    def tag(
        self,
        paths: Iterable[str | os.PathLike[str]],
        k: int = 5,
        *,
        known: Known | None = None,
        gps: bool = False,
        stages: StageTimings | None = None,
        looker: PhotoLoader | None = None,
    ) -> Generator[Result, None, None]:
        """Answer for many files: in order, lazily, in batches.

        Args:
            known: asked with a sha256; an answer saves decoding and inference. Called from several threads.
            gps: hear where a photo was taken, see `tagger.evidence.gps`.
            stages: told where the time goes.
            looker: reads and decodes instead of this process's threads, see `tagger.image.decoder_pool`.

        Raises:
            EngineFailed: the engine broke; all results before that batch were yielded.
        """
        asked = max(k, GPS_CANDIDATES) if gps else k
        pipeline = Pipeline(
            self.engine, self.bundle.card, self.limits, asked, known or _nothing_known, stages or StageTimings(), looker
        )
        results = pipeline.run(os.fspath(path) for path in paths)
        thresholds = self.bundle.card.thresholds
        return (weighed(result, thresholds, k) for result in results) if gps else results

    def upright(self, photo: Photo) -> Image.Image:
        """The photo as the model looks at it before it is resized: upright RGB, large JPEGs at a fraction.

        Raises:
            PhotoError: it cannot be read.
        """
        side_px = self.bundle.card.input.resize_px
        if isinstance(photo, Image.Image):
            return decode.upright_rgb(photo, side_px)
        data = photo if isinstance(photo, bytes) else decode.read(os.fspath(photo), self.limits.max_file_bytes)
        return decode.decode(data, min_side_px=side_px, max_pixels=self.limits.max_pixels).image


def _nothing_known(_sha256: str) -> None:
    return None


def load(
    bundle: str | os.PathLike[str] | None = None,
    *,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    limits: Limits | None = None,
) -> Tagger:
    """Open a bundle on the best engine of this machine.

    Args:
        bundle: a model folder; None means the shipped one.
        engine: auto, openvino or torch.
        device: auto, cpu, cuda or cuda:N.
        precision: auto, float32, bfloat16 or float16.
        limits: None means the defaults.

    Raises:
        BundleError: the folder is no sound bundle.
        EngineUnavailable: what was asked for is not on this machine.
    """
    opened = open_bundle(Path(bundle) if bundle is not None else None)
    runtime = open_engine(opened, engine=engine, device=device, precision=precision)
    return Tagger(opened, runtime, limits or Limits())
