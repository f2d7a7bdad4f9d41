"""Tables by what people have: landmarks, other sights, ordinary photos, documents."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import numpy as np

from tagger.core.run_options import STRICT_SCORE
from training.evaluate.metrics import wilson
from training.publish.results import Json, Results
from training.publish.tables import TEST, Row, Table, interval, percent

SPLITS = {"test": "test split", "val": "validation split"}
LANDMARKS = {
    "seen_sources": "known landmarks, from sources in the training data",
    "unseen_sources": "known landmarks, from other sources",
}
NEGATIVES = {"sight": "other sights", "ordinary": "ordinary photos", "document": "documents and screenshots"}
LOOK_FIGURES = {
    **{
        f"{key}_answered": f"{name}: answered by the first look"
        for key, name in ({"landmark": "known landmarks"} | NEGATIVES).items()
    },
    "agreement": "tags of the large network that stay",
}
FIGURES = ("top1", "rightly_tagged", "tags_right", "tagged")
FEW = 30  # photos; with fewer a figure proves little
MIN_SOURCE = 5  # photos of a source whose share is worth a row
WORST_SOURCES = 5


def categories(results: Results, split: str = TEST) -> Table:
    """Suggestions and tags by what a photo shows."""
    found: dict[str, Json] = dict(results.breakdowns.get(split, {}).get("categories", {}))
    names, photos = {**LANDMARKS, **NEGATIVES}, SPLITS[split]
    note = "The 95 % interval is in brackets. Any tag on a photo without a known landmark is wrong."
    if found and (unseen := found["unseen_sources"]["photos"]) < FEW:
        note += f" The {photos} has {unseen or 'no'} photos of landmarks from sources that training did not see."
        if folds := _folds(results):
            found["unseen_sources"] = folds
            names["unseen_sources"] += " *"
            note += f" * Measured on models that were trained without these sources: `{_folds_command(results)}`."
    rows = [_row(names[key], found[key]) for key in names if key in found]
    header = ("what they show", "#photos", "#first suggestion correct", "#correctly tagged", "#tags correct", "#tagged")
    return Table("By what photos show", header, rows, note, results.command("details.json"), photos)


def stricter(results: Results) -> Table:
    """What a minimum score would do."""
    found = results.breakdowns.get(TEST, {}).get("stricter", [])
    columns = ("rightly_tagged", "tags_right", *(f"{key}_tagged" for key in NEGATIVES))
    rows = [(_min_score(row["min_score"]), *(percent(row[key]) for key in columns)) for row in found]
    header = ("score at least", "#landmarks correctly tagged", "#their tags correct",
              *(f"#{name} tagged" for name in NEGATIVES.values()))  # fmt: skip
    note = (
        "With the setting `min_score`, a tag needs at least this score, besides reaching its landmark's own threshold. "
        "Then fewer tags are wrong, and more photos stay untagged."
    )
    return Table("What a stricter threshold would do", header, rows, note, results.command("details.json"))


def first_look(results: Results) -> Table:
    """How much the small network answers by itself, and how often that costs a tag."""
    found = results.read("first_look.json") or {}
    rows = [(name, *_of_splits(found, key)) for key, name in LOOK_FIGURES.items() if key in found.get(TEST, {})]
    note = f"The first look says that there is no known landmark if its best score is below {found.get('none_below')}."
    photos = "test and validation split"
    return Table("Two looks", ("", "#test", "#val"), rows, note, results.command("first_look.json"), photos)


def sight_sources(results: Results) -> Table:
    """The sources whose other sights are tagged most often."""
    found: Mapping[str, Json] = results.breakdowns.get(TEST, {}).get("sights_by_source", {})
    large = {name: counts for name, counts in found.items() if counts["photos"] >= MIN_SOURCE}
    share = {name: counts["tagged"] / counts["photos"] for name, counts in large.items()}
    worst = sorted(large, key=lambda name: (-share[name], name))[:WORST_SOURCES]
    rows = [
        (name, str(large[name]["photos"]), str(large[name]["tagged"]), percent(share[name]),
         interval(_wilson(large[name]["tagged"], large[name]["photos"])))
        for name in worst
    ]  # fmt: skip
    header = ("source", "#photos", "#tagged", "#share", "#95 % interval")
    note = (
        f"The {len(rows)} sources with the most tags on other sights. The median of the {len(large)} sources with at "
        f"least {MIN_SOURCE} of them is {percent(median(share.values()))}."
        if large
        else ""
    )
    return Table("Other sights, source by source", header, rows, note, results.command("details.json"))


def _of_splits(found: Json, figure: str) -> tuple[str, str]:
    return percent(found[TEST][figure]), percent(found["val"][figure])


def _min_score(score: float) -> str:
    if not score:
        return "as shipped"
    return f"{score:.1f} (--strict)" if score == STRICT_SCORE else f"{score:.1f}"


def _row(name: str, found: Json) -> Row:
    return (name, f"{found['photos']:,}", *(_figure(found[key]) if key in found else "" for key in FIGURES))


def _figure(figure: list[float] | None) -> str:
    """The value, with its interval in brackets."""
    return "–" if figure is None else f"{percent(figure[0])} ({interval(figure[1:]).removesuffix(' %')})"


def _folds(results: Results) -> Json:
    """The figures on sources that were left out, in the form of a category; empty if not measured."""
    pooled: Json = (results.read("sources.json") or {}).get("all", {})
    photos = pooled.get("landmark_photos", 0)
    if not photos or "tagged" not in pooled:
        return {}
    tagged = round(pooled["tagged"] * photos)
    return {
        "photos": photos,
        **{key: _estimate(pooled[key], photos) for key in ("top1", "rightly_tagged", "tagged")},
        "tags_right": _estimate(pooled["rightly_tagged"] / pooled["tagged"], tagged) if tagged else None,
    }


def _folds_command(results: Results) -> str:
    """What trained the models of the folds, with its changes to the recipe."""
    changes = (results.read("sources.json") or {}).get("changes", [])
    return " ".join(["python -m training", results.command("sources.json"), *changes])


def _estimate(rate: float, photos: int) -> list[float]:
    return [rate, *_wilson(round(rate * photos), photos)]


def _wilson(hits: int, photos: int) -> tuple[float, float]:
    return wilson(np.arange(photos) < hits)
