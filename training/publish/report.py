"""Everything that was measured of a run, as one self-contained HTML page: `report.html`.

The one rule: it shows photos and is for whoever may see them, not for publication. Nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure
from pydantic import TypeAdapter

from tagger.core.text import format_bytes
from tagger.image.thumbnail import data_uri
from training.fit.experiment import Experiment
from training.fit.recipe import Recipe
from training.publish import costs, plots, tables
from training.publish.html import Bar, render
from training.publish.provenance import provenance
from training.publish.results import Json, Results

SPLIT = "test"
THUMBNAIL_PX = 160
TILES = {
    "top1": "first suggestion right",
    "top5": "one of five right",
    "rightly_tagged": "landmark photos rightly tagged",
    "tags_right": "of the tags right",
    "negatives_tagged": "negatives tagged",
    "coverage_at_99": "can be tagged with 99 % of all tags right",
}


def report(run: Experiment) -> Path:
    """Write the page.

    Raises:
        DataError: the run was not evaluated.
    """
    found, recipe = Results(run), run.recipe
    metrics, details = found.metrics.get(SPLIT, {}), found.details.get(SPLIT, {})
    eight_bits = costs.eight_bits(found)
    page = render(
        "run",
        title=f"{recipe.name}: {recipe.network} at {recipe.input.size_px} px",
        name=recipe.name,
        landmark_photos=metrics.get("landmark_photos", 0),
        negative_photos=metrics.get("negative_photos", 0),
        tiles=_tiles(metrics, details.get("intervals", {})),
        headline=tables.headline(found),
        description=list(_description(found, metrics)),
        data=tables.data(found),
        learning=found.epochs and _drawing(plots.learning({found.name: found.epochs}), plots.CURVES),
        is_fitted=bool(found.log),
        classes=tables.classes(found, SPLIT),
        class_bars=_class_bars(details.get("per_class", [])),
        confusions=tables.confusions(found, SPLIT),
        confused_photos=[_confused(run, pair) for pair in details.get("confusions", [])],
        is_evaluated=bool(found.details),
        score_plots=list(_score_plots(metrics, details)),
        tables=[
            tables.negatives(found),
            tables.ways(found),
            tables.robustness(found),
            tables.sources(found),
            *([eight_bits] if eight_bits.rows else []),
            costs.effort([found]),
        ],
        origin=_origin(found),
    )
    path = run.folder / "report.html"
    path.write_text(page, "utf-8")
    return path


def _tiles(metrics: Json, intervals: Json) -> list[tuple[str, str, str]]:
    """The figures that matter most: value, name and a remark."""
    shares = [
        (
            tables.share(metrics.get(key)),
            name,
            f"95 % interval {tables.between(*intervals[key])}" if key in intervals else "",
        )
        for key, name in TILES.items()
    ]
    before = f"{tables.figure(metrics.get('ece_before'))} before"
    return [
        *shares,
        (tables.figure(metrics.get("gap")), "GAP with distractors", "1 is perfect"),
        (tables.figure(metrics.get("ece")), "calibration error", before),
    ]


def _description(found: Results, metrics: Json) -> Iterator[tuple[str, str]]:
    recipe, contract = found.run.recipe, found.run.recipe.input
    base = {"random": "random weights", "imagenet": "published ImageNet weights"}[recipe.base]
    crop = f"short side to {contract.resize_px} px, centre square of {contract.size_px} px, {contract.resample}"
    yield "bundle", f"{recipe.bundle}, version {recipe.version}"
    yield "network", recipe.network
    yield "began from", str(recipe.base_weights or base)
    yield "input", crop
    yield "knows", f"{len(found.run.classes)} landmarks, and a background output for all else"
    if card := found.card:
        yield "temperature", f"{card.temperature:g}"
        yield "files", ", ".join(f"{name} {_size(found.run.bundle / name)}" for name in card.files)
    for key, name in (("torch_top1_agreement", "PyTorch"), ("bfloat16_top1_agreement", "bfloat16")):
        if (value := metrics.get(key)) is not None:
            yield f"{name} agrees", f"{tables.share(value)} of the first suggestions are those of float32"


def _size(file: Path) -> str:
    return format_bytes(file.stat().st_size) if file.exists() else "(missing)"


def _class_bars(classes: list[Json]) -> list[Bar]:
    """For each row of `tables.classes`: rightly tagged, and right but not tagged."""
    return [
        [("train", one["rightly_tagged"]), ("val", max(0.0, one["top1"] - one["rightly_tagged"]))]
        for one in tables.weakest_first(classes)
    ]


def _confused(run: Experiment, pair: Json) -> tuple[str, list[str]]:
    """A caption and thumbnails; a photo that was moved since has none, but the caption counts it."""
    uris = [uri for path in pair.get("photos", []) if (uri := data_uri(str(run.folder / path), THUMBNAIL_PX))]
    photos = f"{pair['count']} photo" + "s" * (pair["count"] != 1)
    return f"{pair['truth']} called {pair['said']}: {photos}", uris


def _score_plots(metrics: Json, details: Json) -> Iterator[tuple[str, str]]:
    if bins := details.get("reliability"):
        errors = (metrics.get("ece_before", 0.0), metrics.get("ece", 0.0))
        yield _drawing(plots.reliability(bins["before"], bins["after"], errors), plots.RELIABILITY)
    if curve := details.get("risk_coverage"):
        yield _drawing(plots.risk_coverage(curve, plots.shipped_point(metrics)), plots.COVERAGE)


def _drawing(figure: Figure, caption: str) -> tuple[str, str]:
    return plots.inline(figure), caption


def _origin(found: Results) -> dict[str, str]:
    """Long texts that open on a click, by their summaries."""
    origin = {"The recipe in full": TypeAdapter(Recipe).dump_json(found.run.recipe, indent=2).decode()}
    if found.log and found.run.manifest.exists():
        rest = {name: part for name, part in provenance(found.run).items() if name != "recipe"}
        origin["Data, base weights and versions"] = TypeAdapter(Json).dump_json(rest, indent=2).decode()
    return origin
