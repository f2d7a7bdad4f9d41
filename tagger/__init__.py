"""Recognise the landmarks in photos, or say honestly that there is none.

    import tagger
    model = tagger.load()
    model.suggest("photo.jpg", k=5)
    tagger.query("landmark:eiffel* score:>=0.8")

Heavy packages are imported when they are used, so that `tagger --help` starts at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tagger.core.version import __version__

if TYPE_CHECKING:
    from db.read.rows import FailureHit as FailureHit
    from db.read.rows import NoneHit as NoneHit
    from db.read.rows import ReviewPhoto as ReviewPhoto
    from db.read.rows import TagHit as TagHit
    from tagger.api import compare_models as compare_models
    from tagger.api import decide as decide
    from tagger.api import export_decisions as export_decisions
    from tagger.api import export_tags as export_tags
    from tagger.api import import_decisions as import_decisions
    from tagger.api import import_keywords as import_keywords
    from tagger.api import query as query
    from tagger.api import review_queue as review_queue
    from tagger.api import undo_decisions as undo_decisions
    from tagger.api_xmp import preview_xmp as preview_xmp
    from tagger.api_xmp import undo_xmp as undo_xmp
    from tagger.api_xmp import write_xmp as write_xmp
    from tagger.compat import predict_landmarks as predict_landmarks
    from tagger.compat import suggest_locations as suggest_locations
    from tagger.core.errors import PhotoError as PhotoError
    from tagger.core.errors import TaggerError as TaggerError
    from tagger.core.hashtags import hashtags as hashtags
    from tagger.core.types import Failed as Failed
    from tagger.core.types import Landmark as Landmark
    from tagger.core.types import NoLandmark as NoLandmark
    from tagger.core.types import Result as Result
    from tagger.core.types import Suggestion as Suggestion
    from tagger.core.types import Tagged as Tagged
    from tagger.core.types import Withdrawn as Withdrawn
    from tagger.model.languages import localized as localized
    from tagger.model.predictor import Tagger as Tagger
    from tagger.model.predictor import load as load

_HOMES = {
    "compare_models": "tagger.api",
    "decide": "tagger.api",
    "export_decisions": "tagger.api",
    "export_tags": "tagger.api",
    "import_decisions": "tagger.api",
    "import_keywords": "tagger.api",
    "query": "tagger.api",
    "review_queue": "tagger.api",
    "undo_decisions": "tagger.api",
    "preview_xmp": "tagger.api_xmp",
    "undo_xmp": "tagger.api_xmp",
    "write_xmp": "tagger.api_xmp",
    "predict_landmarks": "tagger.compat",
    "suggest_locations": "tagger.compat",
    "PhotoError": "tagger.core.errors",
    "TaggerError": "tagger.core.errors",
    "FailureHit": "db.read.rows",
    "NoneHit": "db.read.rows",
    "ReviewPhoto": "db.read.rows",
    "TagHit": "db.read.rows",
    "hashtags": "tagger.core.hashtags",
    "localized": "tagger.model.languages",
    "Tagger": "tagger.model.predictor",
    "load": "tagger.model.predictor",
    "Failed": "tagger.core.types",
    "Landmark": "tagger.core.types",
    "NoLandmark": "tagger.core.types",
    "Result": "tagger.core.types",
    "Suggestion": "tagger.core.types",
    "Tagged": "tagger.core.types",
    "Withdrawn": "tagger.core.types",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tagger' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
