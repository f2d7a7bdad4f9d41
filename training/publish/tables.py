"""The results of an experiment as text tables, for the report's HTML and the model card's Markdown.

The header or the note says what a percentage refers to. Only number formats are decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from training.publish.results import Json, Results

Row = tuple[str, ...]
TEST = "test"
AT_3_PERCENT = "rightly_tagged_at_3_percent"
AT_3_PERCENT_OF_SIGHTS = f"{AT_3_PERCENT}_of_sights"
MAX_NAMES = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Cells and how to read them.

    Args:
        header: a name that begins with # heads a column of numbers.
        rows: empty if no step has measured it yet.
        note: a sentence or two for readers.
        command: the step that measures it.
        photos: the split it was measured on.
    """

    title: str
    header: Row
    rows: Sequence[Row]
    note: str
    command: str
    photos: str = "test split"


# Of a split's figures: the key, its name, and what it is a percentage of.
PERCENTAGES = (
    ("top1", "first suggestion correct", "landmark photos"),
    ("top3", "one of the first three correct", "landmark photos"),
    ("top5", "one of the first five correct", "landmark photos"),
    ("tagged", "tagged", "landmark photos"),
    ("rightly_tagged", "correctly tagged", "landmark photos"),
    ("tags_right", "tags correct", "tagged landmark photos"),
    ("negatives_tagged", "negatives tagged", "negatives"),
    ("coverage_at_95", "can be tagged with 95 % of all tags correct", "landmark photos"),
    ("coverage_at_99", "can be tagged with 99 % of all tags correct", "landmark photos"),
)
DECIMALS = (
    ("gap", "GAP with negatives as distractors"),
    ("auroc", "AUROC of landmark photos against negatives"),
    ("ece_before", "ECE before calibration"),
    ("ece", "ECE after calibration"),
    ("ece_landmarks", "ECE of the landmark photos alone"),
    ("ece_by_chance", "ECE that chance alone would show"),
)


def headline(results: Results) -> Table:
    """The figures that matter most, of both splits."""
    test, val = (results.metrics.get(split, {}) for split in (TEST, "val"))
    limits = results.breakdowns.get(TEST, {}).get("intervals", {})
    rows = [
        (name, of, percent(test.get(key)), interval(limits.get(key)), percent(val.get(key)))
        for key, name, of in PERCENTAGES
    ]
    rows += [
        (name, "", decimal(test.get(key)), interval(limits.get(key), decimal), decimal(val.get(key)))
        for key, name in DECIMALS
        if key in test or key in val
    ]
    header = ("", "of", "#test", "#95 % interval", "#val")
    note = (
        "Measured through the exported file. Intervals are 95 % confidence intervals: Wilson's, GAP's from resampled "
        "photos. GAP is the average precision of all photos in one list, the surest first; ECE is how far scores are "
        "from how often they are correct. All choices were made on val, none on test."
    )
    return Table("How good it is", header, rows, note, results.command("metrics.json"), "test and validation split")


def data(results: Results) -> Table:
    """The photos of each split, with the leak check in the note."""
    stats = results.data or {"splits": {}}
    rows = [
        (split, f"{counts['landmark_photos']:,}", f"{counts['negatives']:,}")
        for split, counts in stats["splits"].items()
    ]
    check = stats.get("leak_check", {})
    note = (
        f"Leak check: {check['groups']:,} groups of near-duplicates with {check['photos_in_groups']:,} photos, "
        f"{check['straddling']:,} of them in two splits; {check['moved']:,} photos were moved for that."
        if check
        else ""
    )
    return Table("Data", ("split", "#landmark photos", "#negatives"), rows, note, "prepare", "all splits")


def classes(results: Results) -> Table:
    """Every landmark, the weakest first."""
    rows = [
        (row["id"], str(row["photos"]), percent(row["top1"]), percent(row["tagged"]), percent(row["rightly_tagged"]),
         decimal(row["threshold"]))
        for row in weakest_first(results.breakdowns.get(TEST, {}).get("per_class", []))
    ]  # fmt: skip
    header = ("landmark", "#photos", "#first correct", "#tagged", "#correctly tagged", "#threshold")
    note = "With about twenty photos per landmark, one photo is five points: compare groups, not ranks."
    return Table("Landmark by landmark", header, rows, note, results.command("details.json"))


def weakest_first(classes: Sequence[Json]) -> list[Json]:
    """The order of `classes`."""
    return sorted(classes, key=lambda row: (row["top1"], row["id"]))


def confusions(results: Results) -> Table:
    """Pairs of landmarks, the most frequent confusion first."""
    pairs = results.breakdowns.get(TEST, {}).get("confusions", [])
    rows = [(pair["truth"], pair["said"], str(pair["count"])) for pair in pairs]
    note = "The ten most frequent confusions."
    return Table("Confusions", ("shows", "was called", "#photos"), rows, note, results.command("details.json"))


def negatives(results: Results) -> Table:
    """Every kind of negative, the one with the most tags first."""
    kinds: Mapping[str, Json] = results.breakdowns.get(TEST, {}).get("negatives_by_kind", {})
    rates = {kind: int(counts["tagged"]) / max(1, int(counts["photos"])) for kind, counts in kinds.items()}
    rows = [
        (kind, str(kinds[kind]["photos"]), str(kinds[kind]["tagged"]), percent(rates[kind]))
        for kind in sorted(kinds, key=lambda kind: (-rates[kind], kind))
    ]
    header = ("kind", "#photos", "#tagged", "#share")
    note = "Photos without a known landmark, by what they show. Any tag on them is wrong."
    return Table("Negatives by kind", header, rows, note, results.command("details.json"))


def ood_scores(results: Results) -> Table:
    """Ways to decide that there is no known landmark."""
    study = results.read("none.json") or {}
    rows = [
        (("★ " if row["name"] == study.get("best") else "") + row["name"], row.get("what", ""),
         percent(row["rightly_tagged"]), interval((row.get("rightly_tagged_low"), row.get("rightly_tagged_high"))),
         _gain(row), percent(row["tags_right"]), percent(row["negatives_tagged"]), decimal(row.get("auroc")),
         decimal(row.get("gap")))
        for row in study.get("ways", [])
    ]  # fmt: skip
    header = ("way", "what it does", "#correctly tagged", "#95 % interval", "#gain, points", "#tags correct",
              "#negatives tagged", "#AUROC", "#GAP")  # fmt: skip
    note = (
        "Validation photos, each way at the threshold that tags the allowed share of negatives, chosen on "
        "held-out photos. The first way is the bundle's; gain is the 95 % interval of how many more photos another way "
        "tags correctly. ★ is the best: the first, unless another one's gain is significant. AUROC is how "
        "often a landmark photo scores higher than a negative."
    )
    return Table(
        "Ways to decide that there is no known landmark",
        header,
        rows,
        note,
        results.command("none.json"),
        "validation split",
    )


def robustness(results: Results) -> Table:
    """Figures on corrupted photos below those on the original ones."""
    corrupted: Mapping[str, Json] = results.breakdowns.get(TEST, {}).get("robustness", {})
    whole: Json = results.metrics.get(TEST, {})
    rows = [
        (name, *(percent(figures.get(key)) for key in ("top1", "top5", "tagged", "tags_right", "negatives_tagged")),
         *(("", "", "") if figures is whole else
           (f"{100 * (figures['top1'] - whole['top1']):+.1f}", percent(figures.get("landmarks_flipped")),
            percent(figures.get("negatives_flipped")))))
        for name, figures in (("as they are", whole), *corrupted.items())
        if corrupted
    ]  # fmt: skip
    header = ("photos", "#first correct", "#first five", "#tagged", "#tags correct", "#negatives tagged",
              "#change, points", "#landmark photos that flip", "#negatives that flip")  # fmt: skip
    note = (
        "The same photos, each changed in one way before the model sees it; thresholds are unchanged. A photo flips if "
        "it gets or loses its tag, or is tagged as another landmark."
    )
    return Table("Corrupted photos", header, rows, note, results.command("details.json"))


def leave_source_out(results: Results) -> Table:
    """Every fold, and all of them together."""
    found = results.read("sources.json") or {}
    folds = [(fold["name"], _first_names(fold.get("left_out", [])), fold) for fold in found.get("folds", [])]
    folds += [("all together", "", found["all"])] if found.get("all") else []
    rows = [
        (name, left_out, str(figures.get("landmark_photos", "")), str(figures.get("negative_photos", "")),
         percent(figures.get("top1")), percent(figures.get("rightly_tagged")),
         percent(figures.get("negatives_tagged")), percent(figures.get(AT_3_PERCENT)),
         percent(figures.get(AT_3_PERCENT_OF_SIGHTS)))
        for name, left_out, figures in folds
    ]  # fmt: skip
    header = ("fold", "left out", "#landmark photos", "#negatives", "#first correct", "#correctly tagged",
              "#negatives tagged", "#correctly tagged where 3 % of the negatives are",
              "#where 3 % of the other sights are")  # fmt: skip
    note = (
        "Each fold is a model that was trained without the photos of some sources and kinds of negatives, and "
        "tested on those. This is nearer to your photos than the test split, which comes from the same "
        "sources as the training photos."
    )
    title, command = "Photos from sources that training never saw", results.command("sources.json")
    return Table(title, header, rows, note, command, "all splits, in folds")


def unseen_sources(runs: Sequence[Results]) -> Table:
    """All folds together of each run that measured them, the best first."""
    measured = [(results, found) for results in runs if (found := results.read("sources.json"))]
    measured.sort(key=lambda pair: -pair[1]["all"].get(AT_3_PERCENT, 0.0))
    rows = [
        (results.name, results.experiment.recipe.network, " ".join(found.get("changes", [])),
         *(percent(found["all"].get(key)) for key in ("top1", "top5", AT_3_PERCENT, AT_3_PERCENT_OF_SIGHTS)))
        for results, found in measured
    ]  # fmt: skip
    header = ("run", "network", "changed for this", "#first correct", "#first five",
              "#correctly tagged where 3 % of the negatives are", "#where 3 % of the other sights are")  # fmt: skip
    note = "All folds together for each run; all runs use the same photos and folds."
    title = "Which run does best on photos from elsewhere"
    return Table(title, header, rows, note, "sources RUN", "all splits, in folds")


def percent(value: float | None) -> str:
    """0.933 as 93.3 %."""
    return "–" if value is None else f"{100 * value:.1f} %"


def decimal(value: float | None) -> str:
    """0.0333 as 0.033."""
    return "–" if value is None else f"{value:.3f}"


def interval(ends: Sequence[float | None] | None, shown: Callable[[float | None], str] = percent) -> str:
    """Two ends with their unit once; empty if one is missing."""
    low, high = ends or (None, None)
    return "" if low is None or high is None else f"{shown(low).removesuffix(' %')} – {shown(high)}"


def _gain(row: Json) -> str:
    """The gain in percentage points; empty for the baseline."""
    low, high = row.get("gain_low"), row.get("gain_high")
    return "" if low is None or high is None or low == high == 0 else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _first_names(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")
