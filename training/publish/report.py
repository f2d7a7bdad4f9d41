"""Everything that was measured of a run, as one self-contained HTML page: `report.html`.

The one rule: it shows photos and is made for whoever may see them; it is not for publication. Nothing is measured here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from tagger.core.errors import PhotoError
from tagger.core.text import format_bytes
from training.data.data_report import thumbnail
from training.fit.experiment import Experiment
from training.fit.recipe import Recipe
from training.publish import costs, plots, tables
from training.publish.html import (
    Html,
    bar,
    code,
    drawing,
    figure,
    folded,
    heading,
    page,
    paragraph,
    sheet,
    table,
    tiles,
)
from training.publish.provenance import provenance
from training.publish.results import Json, Results
from training.publish.tables import Table

SPLIT = "test"


def report(run: Experiment) -> Path:
    """Write the page.

    Raises:
        DataError: the run was not evaluated.
    """
    found = Results(run)
    sections = [
        *_headline(found), *_what_it_is(found), *_data(found), *_curves(found), *_classes(found), *_confusions(found),
        *_scores(found), *_table(tables.negatives(found)), *_table(tables.ways(found)),
        *_table(tables.robustness(found)), *_table(tables.sources(found)), *_int8(found),
        *_table(costs.effort([found])), *_origin(found),
    ]  # fmt: skip
    path = run.folder / "report.html"
    recipe = run.recipe
    path.write_text(page(f"{run.recipe.name}: {recipe.network} at {recipe.input.size_px} px", sections), "utf-8")
    return path


def _headline(found: Results) -> Iterator[str]:
    metrics, intervals = found.metrics.get(SPLIT, {}), found.details.get(SPLIT, {}).get("intervals", {})
    yield paragraph(
        f"On {metrics.get('landmark_photos', 0):,} photos of landmarks and {metrics.get('negative_photos', 0):,} "
        "without a known one, none of which it was trained, calibrated or chosen on.",
        "soft",
    )
    boxes = []
    for key, name in (("top1", "first suggestion right"), ("top5", "one of five right"),
                      ("rightly_tagged", "landmark photos rightly tagged"), ("tags_right", "of the tags right"),
                      ("negatives_tagged", "negatives tagged"),
                      ("coverage_at_99", "can be tagged with 99 % of all tags right")):  # fmt: skip
        remark = f"95 % interval {tables.between(*intervals[key])}" if key in intervals else ""
        boxes.append((tables.share(metrics.get(key)), name, remark))
    boxes.append((tables.figure(metrics.get("gap")), "GAP with distractors", "1 is perfect"))
    boxes.append(
        (tables.figure(metrics.get("ece")), "calibration error", f"{tables.figure(metrics.get('ece_before'))} before")
    )
    yield tiles(boxes)
    yield from _table(tables.headline(found))


def _what_it_is(found: Results) -> Iterator[str]:
    recipe, card = found.run.recipe, found.card
    contract = recipe.input
    base = {"random": "random weights", "imagenet": "published ImageNet weights"}[recipe.base]
    rows = [
        ("bundle", f"{recipe.bundle}, version {recipe.version}"),
        ("network", recipe.network),
        ("began from", f"{recipe.base_weights}" if recipe.base_weights else base),
        (
            "input",
            f"short side to {contract.resize_px} px, centre square of {contract.size_px} px, {contract.resample}",
        ),
        ("knows", f"{len(found.run.classes)} landmarks, and a background output for all else"),
    ]
    if card:
        rows.append(("temperature", f"{card.temperature:g}"))
        rows.append(("files", ", ".join(f"{name} {_size(found.run.bundle / name)}" for name in card.files)))
    for key, name in (("torch_top1_agreement", "PyTorch"), ("bfloat16_top1_agreement", "bfloat16")):
        if (value := found.metrics.get(SPLIT, {}).get(key)) is not None:
            rows.append((f"{name} agrees", f"{tables.share(value)} of the first suggestions are those of float32"))
    yield heading("What it is")
    yield table(("", ""), rows)


def _size(file: Path) -> str:
    return format_bytes(file.stat().st_size) if file.exists() else "(missing)"


def _data(found: Results) -> Iterator[str]:
    made = tables.data(found)
    yield heading(made.title)
    if not made.rows:
        yield _missing(made.command)
        return
    yield table(made.header, made.rows)
    yield paragraph(made.reading, "good")


def _curves(found: Results) -> Iterator[str]:
    yield heading("How it learned")
    if found.epochs:
        yield drawing(plots.inline(plots.learning({found.name: found.epochs})), plots.CURVES)
    elif found.log:
        yield paragraph("The network was not trained beyond its head.", "soft")
    else:
        yield _missing(found.command("log.jsonl"))


def _classes(found: Results) -> Iterator[str]:
    made = tables.classes(found, SPLIT)
    yield heading(made.title)
    if not made.rows:
        yield _missing(made.command)
        return
    entries = sorted(found.details[SPLIT]["per_class"], key=lambda one: (one["top1"], one["id"]))
    bars = [
        bar([("train", one["rightly_tagged"]), ("val", max(0.0, one["top1"] - one["rightly_tagged"]))])
        for one in entries
    ]
    rows: list[tuple[Html | str, ...]] = [(row[0], drawn, *row[1:]) for row, drawn in zip(made.rows, bars, strict=True)]
    yield paragraph(
        "Blue: rightly tagged. Yellow: first suggestion right, but below the threshold. " + made.reading, "soft"
    )
    yield table((made.header[0], "", *made.header[1:]), rows)


def _confusions(found: Results) -> Iterator[str]:
    made = tables.confusions(found, SPLIT)
    yield heading(made.title)
    if not made.rows:
        yield _missing(made.command) if not found.details else paragraph("None.", "soft")
        return
    yield paragraph(made.reading, "soft")
    figures = [_confusion(found, pair) for pair in found.details[SPLIT]["confusions"]]
    yield sheet(figures)


def _confusion(found: Results, pair: Json) -> Html:
    thumbs = []
    for path in pair.get("photos", []):
        try:
            thumbs.append(thumbnail(found.run.folder / path))
        except PhotoError:
            continue  # it was moved since; the caption still counts it
    photos = f"{pair['count']} photo" + "s" * (pair["count"] != 1)
    return figure(thumbs, f"{pair['truth']} called {pair['said']}: {photos}")


def _scores(found: Results) -> Iterator[str]:
    metrics, details = found.metrics.get(SPLIT, {}), found.details.get(SPLIT, {})
    yield heading("What scores mean")
    if bins := details.get("reliability"):
        errors = (metrics.get("ece_before", 0.0), metrics.get("ece", 0.0))
        yield drawing(plots.inline(plots.reliability(bins["before"], bins["after"], errors)), plots.RELIABILITY)
    if curve := details.get("risk_coverage"):
        yield drawing(plots.inline(plots.risk_coverage(curve, plots.shipped_point(metrics))), plots.COVERAGE)
    if not details:
        yield _missing(found.command("details.json"))


def _int8(found: Results) -> Iterator[str]:
    made = costs.eight_bits(found)
    if made.rows:
        yield from _table(made)


def _table(made: Table) -> Iterator[str]:
    yield heading(made.title)
    if not made.rows:
        yield _missing(made.command)
        return
    yield table(made.header, made.rows)
    yield paragraph(made.reading, "soft")


def _missing(command: str) -> str:
    return paragraph(f"Not measured yet. This does it: python -m training {command}", "soft")


def _origin(found: Results) -> Iterator[str]:
    yield heading("Where it comes from")
    yield folded("The recipe in full", code(TypeAdapter(Recipe).dump_json(found.run.recipe, indent=2).decode()))
    if found.log and found.run.manifest.exists():
        made = {name: part for name, part in provenance(found.run).items() if name != "recipe"}
        yield folded("Data, base weights and versions", code(TypeAdapter(Json).dump_json(made, indent=2).decode()))
