"""The two functions of the course project that the tagger grew from."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from tagger.core.errors import MissingExtra, PhotoError
from tagger.core.types import Answer, Failed, NoLandmark
from tagger.model.predictor import Tagger, load

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def predict_landmarks(
    img_path: str | os.PathLike[str], k: int, *, gps: bool = True, lang: str | None = None
) -> list[str]:
    """Name the k most likely landmarks of a photo, best first, as `tagger suggest` does.

    Args:
        img_path: a photo.
        k: how many names.
        gps: weigh the answer by the photo's own coordinates; False uses the picture alone.
        lang: the language of the names, such as ``de``; None means English.

    Raises:
        PhotoError: the photo cannot be read.
        UnknownLanguage: the model has no names in it.
    """
    return [suggestion.landmark.name for suggestion in _answer(img_path, k, gps=gps, lang=lang).suggestions]


def suggest_locations(
    img_path: str | os.PathLike[str], k: int = 3, *, gps: bool = True, lang: str | None = None
) -> Figure:
    """Show a photo with its k most likely landmarks, or say that it shows none and name the nearest.

    Args:
        img_path: a photo.
        k: how many landmarks.
        gps: as in `predict_landmarks`.
        lang: as in `predict_landmarks`.

    Returns:
        The matplotlib figure. If there is a screen, it is also shown, without waiting.

    Raises:
        PhotoError: the photo cannot be read.
        UnknownLanguage: the model has no names in it.
        MissingExtra: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtra("suggest_locations", "plot") from error
    title = _title(_answer(img_path, k, gps=gps, lang=lang))
    figure, axes = pyplot.subplots(layout="constrained")
    axes.imshow(_model().upright(img_path))
    axes.set_axis_off()
    axes.set_title(title, wrap=True)
    if figure.canvas.required_interactive_framework is not None:
        pyplot.show(block=False)
    return figure


@cache
def _model() -> Tagger:
    return load()


def _answer(img_path: str | os.PathLike[str], k: int, *, gps: bool, lang: str | None) -> Answer:
    answer = _model().suggest(img_path, k, gps=gps, lang=lang)
    if isinstance(answer, Failed):
        raise PhotoError(answer.kind, f"{os.fspath(img_path)}: {answer.message}")
    return answer


def _title(answer: Answer) -> str:
    """The question "Is this A, B or C?", or a sentence that the photo shows no known landmark."""
    names = [f"{s.landmark.name} ({s.score:.0%})" for s in answer.suggestions]
    if isinstance(answer, NoLandmark):
        return f"No known landmark. The nearest: {', '.join(names)}"
    return f"Is this {', '.join(names[:-1])} or {names[-1]}?" if names[1:] else f"Is this {names[0]}?"
