"""Landmarks in photos: a photo in, the landmarks it shows out, or an honest "none that I know".

    import tagger
    model = tagger.load()
    model.suggest("photo.jpg", k=5)

Nothing heavy is imported before it is used, so that `tagger --help` starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagger.course import predict_landmarks as predict_landmarks
    from tagger.course import suggest_locations as suggest_locations
    from tagger.errors import PhotoError as PhotoError
    from tagger.errors import TaggerError as TaggerError
    from tagger.predict import Tagger as Tagger
    from tagger.predict import load as load
    from tagger.types import Failed as Failed
    from tagger.types import Landmark as Landmark
    from tagger.types import NoLandmark as NoLandmark
    from tagger.types import Result as Result
    from tagger.types import Suggestion as Suggestion
    from tagger.types import Tagged as Tagged

__version__ = "0.1.0"

_HOMES = {
    "tagger.course": ("predict_landmarks", "suggest_locations"),
    "tagger.errors": ("PhotoError", "TaggerError"),
    "tagger.predict": ("Tagger", "load"),
    "tagger.types": ("Failed", "Landmark", "NoLandmark", "Result", "Suggestion", "Tagged"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = ["__version__", *_HOME_OF]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'tagger' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
