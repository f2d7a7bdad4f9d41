"""A run's report as a self-contained HTML page without scripts.

The one rule: the template escapes all values.
"""

from __future__ import annotations

import os
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from db.engine import Store
from db.read import catalog
from db.read.run_report import Example, LandmarkPhotos, report_of, tagged_photos, unsure_examples
from tagger.config.cron import local
from tagger.core.evidence import describe, evidence_json
from tagger.core.text import first_of, format_duration, printable
from tagger.image.thumbnail import data_uri
from tagger.library.report import RunReport, passed_over_text

PHOTOS_PER_LANDMARK = 4
LINKS_PER_LANDMARK = 1000
MOST_UNSURE = 24
MIN_STAGE_S = 0.01
STAGES = {
    "scan": "looking for files",
    "decode_wait": "waiting for photos",
    "engine": "the model",
    "store": "storing",
    "compare": "comparing photos",
}
ENDINGS = {
    "done": "done",
    "stopped": "stopped when its time was up; the next run continues",
    "interrupted": "stopped by hand; the next run continues",
    "failed": "failed",
}


def page(store: Store, run: int, *, zone: tzinfo | None = None) -> str | None:
    """Render the page of a run; None if the run left no report.

    Args:
        store: of the run.
        run: its row id.
        zone: of the times on the page; None for the machine's own.

    Raises:
        UnknownRun: there is no such run.
    """
    with store.read() as connection:
        undone_at = catalog.run(connection, run).undone_at
        stored = report_of(connection, run)
        tagged = tagged_photos(connection, run, per_landmark=LINKS_PER_LANDMARK)
        unsure = unsure_examples(connection, run, limit=MOST_UNSURE)
    if stored is None:
        return None
    report = RunReport.from_json(stored)
    undone = [f"Its suggestions were undone on {local(undone_at, zone)}."] if undone_at else []
    return _template().render(
        report=report,
        title=f"Run {report.run}, {local(datetime.fromisoformat(report.started_at), zone)}",
        ending=ENDINGS.get(report.status, report.status),
        alerts=[*report.alerts, *filter(None, [report.error]), *undone],
        stages={stage: report.stages[stage] for stage in STAGES if report.stages.get(stage, 0) >= MIN_STAGE_S},
        stage_names=STAGES,
        passed_over_text=passed_over_text,
        tagged={key: _landmark(landmark) for key, landmark in tagged.items()},
        unsure=[_photo(example) for example in unsure],
    )


def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("tagger.library", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"duration": format_duration, "thousands": "{:,}".format, "first_of": first_of}
    return environment.get_template("report.html.j2")


def _landmark(landmark: LandmarkPhotos) -> dict[str, Any]:
    return {
        "name": landmark.name,
        "total": landmark.total,
        "photos": [_photo(example) for example in landmark.photos[:PHOTOS_PER_LANDMARK]],
        "files": [_file(example.path) for example in landmark.photos],
    }


def _photo(example: Example) -> dict[str, Any]:
    evidence = evidence_json(example.evidence)
    return {
        **_file(example.path),
        "name": example.name,
        "uri": data_uri(example.path),
        "score": f"{example.score:.1%}",
        "evidence": describe(evidence),
        "is_far": evidence is not None and evidence["kind"] == "far",
    }


def _file(path: str) -> dict[str, str]:
    """A file's name, its path and its link, which also holds names that are not text."""
    return {"file": os.path.basename(printable(path)), "path": printable(path), "link": Path(path).as_uri()}
