"""All figures of a run as one self-contained HTML page: `report.html`.

It shows photos, so do not publish it unless you may publish those. Nothing is measured here.
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
from training.publish import category_tables, costs, plots, tables
from training.publish.html import Bar, render
from training.publish.provenance import provenance
from training.publish.results import Json, Results

THUMBNAIL_PX = 160
TILES = {
    "top1": "first suggestion correct",
    "top5": "one of the first five correct",
    "rightly_tagged": "landmark photos correctly tagged",
    "tags_right": "of the tags correct",
    "negatives_tagged": "negatives tagged",
    "coverage_at_99": "can be tagged with 99 % of all tags correct",
}


def write_report(experiment: Experiment) -> Path:
    """Write the page.

    Raises:
        DataError: the experiment was not evaluated.
    """
    results, recipe = Results(experiment), experiment.recipe
    metrics, breakdowns = results.metrics.get(tables.TEST, {}), results.breakdowns.get(tables.TEST, {})
    quantization = costs.quantization(results)
    page = render(
        "run",
        title=f"{recipe.name}: {recipe.network} at {recipe.input.size_px} px",
        name=recipe.name,
        landmark_photos=metrics.get("landmark_photos", 0),
        negative_photos=metrics.get("negative_photos", 0),
        warnings=results.card.warnings if results.card else (),
        tiles=_tiles(metrics, breakdowns.get("intervals", {})),
        categories=category_tables.categories(results),
        headline=tables.headline(results),
        description=list(_description(results, metrics)),
        data=tables.data(results),
        learning=results.epochs and _drawing(plots.learning({results.name: results.epochs}), plots.CURVES),
        is_fitted=bool(results.log),
        classes=tables.classes(results),
        class_bars=_class_bars(breakdowns.get("per_class", [])),
        confusions=tables.confusions(results),
        confused_photos=[_confused(experiment, pair) for pair in breakdowns.get("confusions", [])],
        is_evaluated=bool(results.breakdowns),
        score_plots=list(_score_plots(metrics, breakdowns)),
        tables=[
            category_tables.stricter(results),
            category_tables.sight_sources(results),
            tables.negatives(results),
            tables.ood_scores(results),
            tables.robustness(results),
            tables.leave_source_out(results),
            *([quantization] if quantization.rows else []),
            costs.training_cost([results]),
        ],
        origin=_origin(results),
    )
    path = experiment.folder / "report.html"
    path.write_text(page, "utf-8")
    return path


def _tiles(metrics: Json, intervals: Json) -> list[tuple[str, str, str]]:
    """The figures that matter most: value, name and a remark."""
    percentages = [
        (
            tables.percent(metrics.get(key)),
            name,
            f"95 % interval {tables.interval(intervals[key])}" if key in intervals else "",
        )
        for key, name in TILES.items()
    ]
    before = f"{tables.decimal(metrics.get('ece_before'))} before"
    return [
        *percentages,
        (tables.decimal(metrics.get("gap")), "GAP with distractors", "1 is perfect"),
        (tables.decimal(metrics.get("ece")), "calibration error", before),
    ]


def _description(results: Results, metrics: Json) -> Iterator[tuple[str, str]]:
    experiment, recipe, contract = results.experiment, results.experiment.recipe, results.experiment.recipe.input
    base = {"random": "random weights", "imagenet": "published ImageNet weights"}[recipe.base]
    crop = f"short side to {contract.resize_px} px, centre square of {contract.size_px} px, {contract.resample}"
    yield "bundle", f"{recipe.bundle}, version {recipe.version}"
    yield "network", recipe.network
    yield "started from", str(recipe.base_weights or base)
    yield "input", crop
    yield "knows", f"{len(experiment.classes)} landmarks, and a background output for everything else"
    if card := results.card:
        yield "temperature", f"{card.temperature:g}"
        yield "files", ", ".join(f"{name} {_size(experiment.bundle / name)}" for name in card.files)
    for key, name in (("torch_top1_agreement", "PyTorch"), ("bfloat16_top1_agreement", "bfloat16")):
        if (value := metrics.get(key)) is not None:
            yield f"{name} agrees", f"{tables.percent(value)} of the first suggestions are those of float32"


def _size(file: Path) -> str:
    return format_bytes(file.stat().st_size) if file.exists() else "(missing)"


def _class_bars(classes: list[Json]) -> list[Bar]:
    """For each row of `tables.classes`: correctly tagged, and correct but not tagged."""
    return [
        [("train", row["rightly_tagged"]), ("val", max(0.0, row["top1"] - row["rightly_tagged"]))]
        for row in tables.weakest_first(classes)
    ]


def _confused(experiment: Experiment, pair: Json) -> tuple[str, list[str]]:
    """A caption and thumbnails; the caption also counts photos that have moved since and so have none."""
    uris = [uri for path in pair.get("photos", []) if (uri := data_uri(str(experiment.folder / path), THUMBNAIL_PX))]
    photos = f"{pair['count']} photo" + "s" * (pair["count"] != 1)
    return f"{pair['truth']} taken for {pair['said']}: {photos}", uris


def _score_plots(metrics: Json, breakdowns: Json) -> Iterator[tuple[str, str]]:
    if bins := breakdowns.get("reliability"):
        errors = (metrics.get("ece_before", 0.0), metrics.get("ece", 0.0))
        yield _drawing(plots.reliability(bins["before"], bins["after"], errors), plots.RELIABILITY)
    if curve := breakdowns.get("risk_coverage"):
        yield _drawing(plots.risk_coverage(curve, plots.shipped_point(metrics)), plots.COVERAGE)


def _drawing(figure: Figure, caption: str) -> tuple[str, str]:
    return plots.inline(figure), caption


def _origin(results: Results) -> dict[str, str]:
    """Long texts, by the summary that expands them."""
    origin = {"The recipe in full": TypeAdapter(Recipe).dump_json(results.experiment.recipe, indent=2).decode()}
    if results.log and results.experiment.manifest.exists():
        rest = {name: part for name, part in provenance(results.experiment).items() if name != "recipe"}
        origin["Data, base weights and versions"] = TypeAdapter(Json).dump_json(rest, indent=2).decode()
    return origin
