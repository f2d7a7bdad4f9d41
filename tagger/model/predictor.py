"""The `Tagger` that `load` returns, for single photos and for many.

The one rule: a bad photo is a value (`Failed`), a bad set-up is an exception.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.core.timings import StageTimings
from tagger.core.types import Answer, Failed, NoLandmark, PhotoInfo, Position, Result, Tagged
from tagger.evidence.gps import GPS_CANDIDATES, apply_gps_prior, is_near_any
from tagger.image.decode import Decoded, decode, upright_rgb
from tagger.image.loader import PhotoLoader
from tagger.image.metadata.photo_info import photo_info, with_file
from tagger.image.preprocess import Pixels, preprocess
from tagger.image.source import open_source
from tagger.model.bundle import Bundle, open_bundle
from tagger.model.cascade import PHOTOS_PER_REQUEST, FirstLook, infer_in_two_looks
from tagger.model.embedding import projection_of
from tagger.model.engines import Engine
from tagger.model.engines.factory import open_engine
from tagger.model.inference import EngineThread, check
from tagger.model.languages import ENGLISH, answer_in, language_of
from tagger.model.pipeline import Known, Pipeline
from tagger.model.taught import NOTHING_TAUGHT

Photo = str | os.PathLike[str] | bytes | Image.Image


class Tagger:
    """A bundle on an engine, with limits; made by `load`."""

    def __init__(self, bundle: Bundle, engine: Engine, limits: Limits, first_look: FirstLook | None = None) -> None:
        self.bundle = bundle
        self.engine = engine
        self.limits = limits
        self.first_look = first_look
        self.projection = projection_of(bundle)
        self.taught = NOTHING_TAUGHT  # replaced at once when places are taught
        self._places = [place for entry in bundle.card.classes if (place := entry.landmark().position)]

    def suggest(
        self, photo: Photo, k: int = 5, *, gps: bool = True, min_score: float = 0.0, lang: str | None = None
    ) -> Answer:
        """Suggest the k most likely landmarks of one photo.

        Args:
            photo: a path, a file's bytes, or a Pillow image (taken as upright as its EXIF says). Only beside a path is
                there a .json of Google Takeout that may say where the photo was taken.
            gps: weigh the answer by the photo's own coordinates, see `tagger.evidence.gps`.
            min_score: a tag needs at least this score, besides its landmark's own threshold.
            lang: the language of the landmarks' names, cities and countries, such as ``de``; None means English.

        Returns:
            `Tagged` or `NoLandmark` with the k best suggestions, or `Failed`.

        Raises:
            UnknownLanguage: the bundle has no names in it.
        """
        language = self.language(lang)
        try:
            decoded = self._decoded(photo)
        except PhotoError as error:
            return Failed(error.kind, error.message)
        pixels = preprocess(decoded.image, self.bundle.card.input)
        card, full_only = self.bundle.card.stricter(min_score), {0} if gps and self._is_near(decoded.info) else set()
        taught = self.taught.stricter(min_score)
        (answer,) = infer_in_two_looks(
            self.first_look,
            self.engine,
            [pixels],
            card,
            _candidates(k, gps=gps),
            full_only=full_only,
            projection=self.projection,
            taught=taught,
        )
        thresholds = card.thresholds | taught.thresholds
        return answer_in(_weighed(answer, decoded.info, thresholds, k) if gps else _best(answer, k), language)

    def tag(
        self,
        paths: Iterable[str | os.PathLike[str]],
        k: int = 5,
        *,
        known: Known | None = None,
        gps: bool = True,
        min_score: float = 0.0,
        lang: str | None = None,
        stages: StageTimings | None = None,
        loader: PhotoLoader | None = None,
        stop: threading.Event | None = None,
    ) -> Generator[Result, None, None]:
        """Answer for many files: in order, lazily, in batches.

        Args:
            known: called with the sha256 of a file, then with the hash of its picture, by several threads; an answer
                saves decoding and inference.
            gps: weigh each answer by the photo's own coordinates, see `tagger.evidence.gps`.
            min_score: a tag needs at least this score, besides its landmark's own threshold.
            lang: as for `suggest`.
            stages: times the engine, and the wait for photos.
            loader: reads and decodes instead of this process's threads, see `tagger.image.decoder_pool`.
            stop: set from any thread, it ends the wait for photos in progress.

        Raises:
            EngineFailed: the engine failed; all results before that batch were yielded.
            CancelledError: `stop` was set.
            UnknownLanguage: the bundle has no names in it.
        """
        language = self.language(lang)
        pipeline = self._pipeline(k, known, loader, gps=gps, min_score=min_score)
        pipeline.stages, pipeline.stop = stages or pipeline.stages, stop or pipeline.stop
        results = pipeline.run(os.fspath(path) for path in paths)
        if not gps and language == ENGLISH and not pipeline.taught.places:
            return results
        finished = _finisher(pipeline, k, language, gps=gps)
        return (finished(result) for result in results)

    def tag_loaded(
        self,
        paths: Iterable[str],
        k: int,
        engine: EngineThread,
        *,
        loader: PhotoLoader,
        known: Known | None = None,
        min_score: float = 0.0,
    ) -> list[Result]:
        """Answer for a few photos that were loaded before, as `tag` does, without threads for them alone.

        Args:
            engine: runs the network.
            loader: has the photos at hand.

        Raises:
            EngineFailed: the engine failed.
        """
        pipeline = self._pipeline(k, known, loader, gps=True, min_score=min_score)
        return [*map(_finisher(pipeline, k, ENGLISH, gps=True), pipeline.run_loaded(paths, engine))]

    def with_full_look(self) -> Tagger:
        """The same model without its first look, for photos that teach."""
        return Tagger(self.bundle, self.engine, self.limits)

    def language(self, lang: str | None) -> str:
        """The code of a language of the bundle's names; None means English.

        Raises:
            UnknownLanguage: there are no names in it.
        """
        return language_of(lang or ENGLISH, [entry.landmark() for entry in self.bundle.card.classes])

    def infer(self, photos: Sequence[Pixels], k: int, *, min_score: float = 0.0) -> list[Answer]:
        """Answer for photos as `tagger.image.preprocess.preprocess` makes them; coordinates do not count."""
        card, taught = self.bundle.card.stricter(min_score), self.taught.stricter(min_score)
        looks = infer_in_two_looks(
            self.first_look, self.engine, photos, card, k, projection=self.projection, taught=taught
        )
        return [_best(answer, k) for answer in looks]

    def upright(self, photo: Photo) -> Image.Image:
        """The photo before preprocessing: upright RGB, large JPEGs at a fraction of their size.

        Raises:
            PhotoError: it cannot be read.
        """
        return self._decoded(photo).image

    def _pipeline(
        self, k: int, known: Known | None, loader: PhotoLoader | None, *, gps: bool, min_score: float
    ) -> Pipeline:
        return Pipeline(
            self.engine,
            self.bundle.card.stricter(min_score),
            self.limits,
            _candidates(k, gps=gps),
            known,
            loader=loader,
            first_look=self.first_look,
            needs_full_look=self._is_near if gps else None,
            projection=self.projection,
            taught=self.taught.stricter(min_score),
        )

    def _is_near(self, info: PhotoInfo) -> bool:
        """Whether the photo was taken near a landmark of the bundle, or a taught place."""
        if info.lat is None or info.lon is None:
            return False
        taught = (position for place in self.taught.places if (position := place.landmark.position))
        return is_near_any(Position(info.lat, info.lon), (*self._places, *taught))

    def _decoded(self, photo: Photo) -> Decoded:
        side_px = self.bundle.card.input.resize_px
        if isinstance(photo, Image.Image):
            return Decoded(upright_rgb(photo, side_px), photo_info(photo, photo.size))
        max_pixels = self.limits.max_pixels
        if isinstance(photo, bytes):
            return decode(photo, min_side_px=side_px, max_pixels=max_pixels)
        path = os.fspath(photo)
        with open_source(path, self.limits) as source:
            decoded = decode(source.content, min_side_px=side_px, max_pixels=max_pixels)
        return replace(decoded, info=with_file(decoded.info, path))


def _finisher(pipeline: Pipeline, k: int, language: str, *, gps: bool) -> Callable[[Result], Result]:
    """Turns the results of a pipeline into those with the k best suggestions, weighed by the photos' coordinates."""
    thresholds = pipeline.card.thresholds | pipeline.taught.thresholds

    def finished(result: Result) -> Result:
        answer = _weighed(result.answer, result.info, thresholds, k) if gps else _best(result.answer, k)
        return replace(result, answer=answer_in(answer, language))

    return finished


def _weighed(answer: Answer, info: PhotoInfo | None, thresholds: Mapping[str, float], k: int) -> Answer:
    """The k best suggestions by the picture and its coordinates. Without `info` the answer was known already."""
    if info is not None and info.lat is not None and info.lon is not None:
        answer = apply_gps_prior(answer, Position(info.lat, info.lon), thresholds)
    return _best(answer, k)


def _best(answer: Answer, k: int) -> Answer:
    """The answer with its k best suggestions."""
    if isinstance(answer, Tagged | NoLandmark):
        answer = replace(answer, suggestions=answer.suggestions[:k])
    return answer


def _candidates(k: int, *, gps: bool) -> int:
    return max(k, GPS_CANDIDATES) if gps else k


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
        BundleError: the folder is not a valid bundle.
        EngineUnavailable: this machine does not have what was requested.
        EngineFailed: the network does not work here; a drawn picture is tried.
        OutOfResources: the system has no memory or threads left.
    """
    opened = open_bundle(Path(bundle) if bundle is not None else None)
    runtime = open_engine(opened, engine=engine, device=device, precision=precision)
    check(runtime, opened.card)
    first_look = None
    if (small := opened.first_look) and (rule := opened.card.first_look):
        # Named like the first one, so that reasons against others are not logged twice.
        name, size = runtime.info.name, PHOTOS_PER_REQUEST
        second = open_engine(small, engine=name, device=device, precision=precision, photos_per_request=size)
        check(second, small.card)
        first_look = FirstLook(second, small.card, rule.none_below, projection_of(small))
    return Tagger(opened, runtime, limits or Limits(), first_look)
