"""From a batch of photos to answers: the engine's thread, the network's output, calibrated scores.

Two rules: every wait for the engine is limited. And a probe picture decides whether a photo or the engine has failed:
if the engine cannot answer that either, no photo has failed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from queue import SimpleQueue
from random import Random

import numpy as np
from numpy.typing import NDArray

from tagger.core.errors import EngineError, EngineFailed
from tagger.core.problems import shortage
from tagger.core.types import Answer, Embedded, Failed, NoLandmark, Suggestion, Tagged
from tagger.image.preprocess import Pixels
from tagger.model.card import Card
from tagger.model.embedding import Embeddings, Projection, packed, unpacked
from tagger.model.engines import Engine, Outputs, run
from tagger.model.taught import NOTHING_TAUGHT, TaughtPlaces

log = logging.getLogger(__name__)

Infer = Callable[[list[Pixels], frozenset[int]], list[Answer]]  # photos, and the rows that need no first look

# A batch takes seconds. The first one compiles kernels, and on a slow, busy processor a batch may take minutes.
BATCH_TIMEOUT_S = 600.0
WAIT_S = 1.0
# For the last batch of a run: a runtime that returns while the process exits aborts it.
CLOSE_TIMEOUT_S = 60.0
SQUARES = 8  # per side of the probe picture, whose edges and colours provoke the overflows of photos
NOT_FINITE = Failed("engine_failed", "the network's output is not finite; --precision float32 may help")


class Batch:
    """Photos in the engine, or waiting for it.

    Args:
        names: of the photos, for messages.
        full_only: rows of the photos that only the large network looks at, see `tagger.model.cascade`.
        infer: answers the photos.
    """

    def __init__(self, photos: list[Pixels], names: str, full_only: frozenset[int], infer: Infer) -> None:
        self._photos = photos
        self._infer = infer
        self._full_only = full_only
        self._names = names
        self._answers: Future[list[Answer]] = Future()

    def is_done(self) -> bool:
        return self._answers.done()

    def answers(self) -> list[Answer]:
        """Wait for the answers; call it for the oldest batch first.

        Raises:
            EngineFailed: the engine is broken or does not answer; the message names the batch.
        """
        try:
            deadline = time.monotonic() + BATCH_TIMEOUT_S
            # In short waits: a signal just before a wait starts is handled only when that ends.
            while wait([self._answers], min(WAIT_S, BATCH_TIMEOUT_S)).not_done and time.monotonic() < deadline:
                pass
            if not self._answers.done():
                raise EngineFailed(f"the engine has not answered for {BATCH_TIMEOUT_S:g} s")
            return self._answers.result()
        except EngineFailed as error:
            raise EngineFailed(f"{error} (in the batch of {self._names})") from error

    def run(self) -> None:
        photos, self._photos = self._photos, []
        try:
            self._answers.set_result(self._infer(photos, self._full_only))
        except BaseException as error:  # for the waiting thread
            self._answers.set_exception(error)


class EngineThread:
    """Runs batches in the order in which they were started.

    A runtime may never return (a driver hangs, a card drops off the bus), and a thread cannot be ended from outside. So
    this one is a daemon, which the interpreter does not wait for.
    """

    def __init__(self) -> None:
        self._is_closed = False
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._thread.start()

    def start(self, batch: Batch) -> None:
        self._batches.put(batch)

    def close(self) -> None:
        """End after the current batch; later ones are dropped."""
        self._is_closed = True
        self._batches.put(None)
        self._thread.join(CLOSE_TIMEOUT_S)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None and not self._is_closed:
            batch.run()


def check(engine: Engine, card: Card) -> None:
    """Let an engine answer the probe picture, so that a model that cannot work fails before any photo does.

    Raises:
        EngineFailed: the engine fails, or its output does not match the card.
        OutOfResources: the system has no memory or threads left.
    """
    try:
        rows = engine.logits(probe_picture(card.input.size_px))  # (1, outputs)
    except EngineError:
        raise
    except Exception as error:
        raise shortage(error) or EngineFailed(f"the engine fails on a drawn picture: {error}") from error
    if rows.shape != (1, card.outputs):
        raise EngineFailed(f"the network's output has the shape {rows.shape}, but the card has {card.outputs} outputs")
    if not np.isfinite(rows).all():
        raise EngineFailed("the network's output is not finite. Try --precision float32.")


def infer(
    engine: Engine,
    photos: Sequence[Pixels],
    card: Card,
    k: int,
    projection: Projection | None = None,
    taught: TaughtPlaces = NOTHING_TAUGHT,
) -> list[Answer]:
    """Answer with the k most likely landmarks of each photo, even if the engine fails on one.

    Args:
        photos: N ≥ 1, each as `tagger.image.preprocess.preprocess` makes it.
        projection: turns the network's features into the answers' embeddings; None leaves them out.
        taught: places that compete with the landmarks.

    Returns:
        In the order of the photos; `Failed` for those on which the engine fails even alone.

    Raises:
        EngineFailed: the engine is broken.
        OutOfResources: the system has no memory or threads left, not even for one photo.
    """
    outputs, failures = safe_outputs(engine, photos, card)
    found = answers(outputs.logits, card, k)
    if projection and outputs.features is not None:
        found = with_embeddings(found, projection(outputs.features), taught, card)
    return [failures.get(row, answer) for row, answer in enumerate(found)]


def safe_outputs(engine: Engine, photos: Sequence[Pixels], card: Card) -> tuple[Outputs, dict[int, Failed]]:
    """Run the network on a batch, and photo by photo if it fails on that.

    Returns:
        The outputs, and the failures by row. Rows on which the engine fails are NaN.

    Raises:
        EngineFailed: the engine is broken.
        OutOfResources: the system has no memory or threads left, not even for one photo.
    """
    try:
        outputs = run(engine, np.stack(photos))
    except Exception as error:  # perhaps only on one of the photos
        log.warning("The engine failed on a batch of %d: %s", len(photos), error)
        log.debug("Where it failed", exc_info=True)
        check(engine, card)
        if len(photos) > 1:
            return _one_by_one(engine, photos, card)
        if lacking := shortage(error):
            raise lacking from error
        nothing = np.full((1, card.outputs), np.nan, np.float32)
        return Outputs(nothing), {0: Failed("engine_failed", f"the engine fails on it: {error}")}
    if not finite_rows(outputs.logits).any():
        check(engine, card)
    return outputs, {}


def _one_by_one(engine: Engine, photos: Sequence[Pixels], card: Card) -> tuple[Outputs, dict[int, Failed]]:
    singles = [safe_outputs(engine, [photo], card) for photo in photos]
    failures = {row: failed[0] for row, (_, failed) in enumerate(singles) if failed}
    logits = np.concatenate([outputs.logits for outputs, _ in singles])  # (N, outputs)
    width = max((outputs.features.shape[1] for outputs, _ in singles if outputs.features is not None), default=0)
    nothing = np.full((1, width), np.nan, np.float32)
    features = [nothing if outputs.features is None else outputs.features for outputs, _ in singles]
    return Outputs(logits, np.concatenate(features) if width else None), failures


def finite_rows(logits: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which rows of (N, outputs) have neither infinities nor NaN: (N,)."""
    finite: NDArray[np.bool_] = np.all(np.isfinite(logits), axis=1)
    return finite


def probe_picture(size_px: int) -> Pixels:
    """Coloured squares, always the same: (1, H, W, 3)."""
    drawn = Random(0).randbytes(SQUARES * SQUARES * 3)  # NumPy's dice take longer to import
    colours = np.frombuffer(drawn, dtype=np.uint8).reshape(1, SQUARES, SQUARES, 3)
    side_px = -(-size_px // SQUARES)
    return colours.repeat(side_px, axis=1).repeat(side_px, axis=2)[:, :size_px, :size_px]


def answers(logits: NDArray[np.float32], card: Card, k: int) -> list[Answer]:
    """Turn a network's output, (N, outputs), into an answer for each photo.

    Returns:
        In the order of the rows; `Failed` for a row with infinities or NaN (half precision can overflow).
    """
    is_finite = finite_rows(logits)
    scores = iter(probabilities(logits[is_finite], card.temperature))
    return [answer(next(scores), card, k) if row_is_finite else NOT_FINITE for row_is_finite in is_finite]


def with_embeddings(found: Sequence[Answer], embeddings: Embeddings, taught: TaughtPlaces, card: Card) -> list[Answer]:
    """Answers with the photos' embeddings, (N, dimensions), and the taught places that they show."""
    stored = packed(embeddings)
    # Scored as stored: so a photo that is scored again later gets the same answer.
    scores = taught.logits(unpacked(stored)) if taught.places else embeddings[:, :0]  # (N, places)
    return [
        taught.weigh(replace(one, embedded=Embedded(vector, taught_version=taught.version)), row, card)
        if isinstance(one, Tagged | NoLandmark)
        else one
        for one, vector, row in zip(found, stored, scores, strict=True)
    ]


def probabilities(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    """Softmax at a fitted temperature.

    Args:
        logits: (N, outputs), any range.
        temperature: > 0; 1 leaves the scores unchanged, more makes them less sure.

    Returns:
        (N, outputs), each row sums to 1. The order of the outputs never changes.

    Source:
        Temperature scaling, Guo et al. 2017, arXiv:1706.04599, section 4.2.
    """
    scaled = logits.astype(np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = exponentials / exponentials.sum(axis=1, keepdims=True)
    return result


def answer(scores: NDArray[np.float64], card: Card, k: int) -> Tagged | NoLandmark:
    """Answer with the k best landmarks of one photo, and which of them are tags.

    Args:
        scores: (outputs,), one row of `probabilities`; background outputs come last and are never suggested.
        k: > 0; more than the model's landmarks means all of them.

    Returns:
        `Tagged` if the best score reaches its landmark's threshold (whatever k is), else `NoLandmark`.
        Scores are rounded to six decimals; equal ones keep the card's order.
    """
    scores = scores[: len(card.classes)].round(6)
    best = np.argsort(-scores, kind="stable")[:k].tolist()
    found = [(card.classes[index], score) for index, score in zip(best, scores[best].tolist(), strict=True)]
    entry, score = found[0]
    is_tagged = score >= entry.threshold
    suggestions = tuple(
        Suggestion(rank, entry.landmark(), score, is_tag=is_tagged and score >= entry.threshold)
        for rank, (entry, score) in enumerate(found, start=1)
    )
    return Tagged(suggestions) if is_tagged else NoLandmark(suggestions)
