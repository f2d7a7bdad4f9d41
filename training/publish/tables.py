"""What was found of a run as tables of text, for the report's HTML and the model card's Markdown alike.

The one rule: a share is a share of photos that the header or the sentence below names; nothing is computed here but
how a number reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from training.publish.results import Json, Results

Row = tuple[str, ...]
NONE = (None, None)
AT_3_PERCENT = "rightly_tagged_at_3_percent"
FEW = 3


@dataclass(frozen=True, slots=True)
class Table:
    """Cells and how to read them.

    Args:
        header: a name that begins with # stands over numbers.
        rows: none where no step measured it yet.
        reading: a sentence or two in plain words.
        command: the step that measures it.
        photos: those that were measured on.
    """

    title: str
    header: Row
    rows: Sequence[Row]
    reading: str
    command: str
    photos: str = "test split"


# Of a split's figures: the key, what it is called, and of what it is a share.
SHARES = (
    ("top1", "first suggestion right", "landmark photos"),
    ("top3", "one of three right", "landmark photos"),
    ("top5", "one of five right", "landmark photos"),
    ("tagged", "tagged", "landmark photos"),
    ("rightly_tagged", "rightly tagged", "landmark photos"),
    ("tags_right", "tags right", "tagged landmark photos"),
    ("negatives_tagged", "negatives tagged", "negatives"),
    ("coverage_at_95", "can be tagged with 95 % of all tags right", "landmark photos"),
    ("coverage_at_99", "can be tagged with 99 % of all tags right", "landmark photos"),
)
ERRORS = (
    ("gap", "GAP with negatives as distractors"),
    ("auroc", "AUROC of landmark photos against negatives"),
    ("ece_before", "ECE before calibration"),
    ("ece", "ECE after calibration"),
    ("ece_landmarks", "ECE of the landmark photos alone"),
    ("ece_by_chance", "ECE that chance alone would show"),
)


def headline(found: Results) -> Table:
    test, val = (found.metrics.get(split, {}) for split in ("test", "val"))
    limits = found.details.get("test", {}).get("intervals", {})
    rows = [
        (name, of, share(test.get(key)), between(*limits.get(key, NONE)), share(val.get(key)))
        for key, name, of in SHARES
    ]
    rows += [
        (name, "", figure(test.get(key)), between(*limits.get(key, NONE), shown=figure), figure(val.get(key)))
        for key, name in ERRORS
        if key in test or key in val
    ]
    header = ("", "of", "#test", "#95 % interval", "#val")
    reading = (
        "Measured through the exported file. Between the two figures of an interval lie 95 % of resampled sets of "
        "photos. GAP puts all photos in one list, the surest first, and asks how right the list is from the top; ECE "
        "is how far scores are from how often they are right. Choices were made on val; test decided nothing."
    )
    return Table("How good it is", header, rows, reading, found.command("metrics.json"), "test and validation split")


def data(found: Results) -> Table:
    """The photos of each split, and the leak check in words."""
    known = found.data or {"splits": {}}
    rows = [(name, f"{one['landmark_photos']:,}", f"{one['negatives']:,}") for name, one in known["splits"].items()]
    check = known.get("leak_check", {})
    reading = (
        f"Leak check: {check['groups']:,} groups of near-duplicates with {check['photos_in_groups']:,} photos, "
        f"{check['straddling']:,} of them in two splits; {check['moved']:,} photos were moved for that."
        if check
        else ""
    )
    return Table("Data", ("split", "#landmark photos", "#negatives"), rows, reading, "prepare", "all splits")


def classes(found: Results, split: str = "test") -> Table:
    """Every landmark, the weakest first."""
    entries = weakest_first(found.details.get(split, {}).get("per_class", []))
    rows = [
        (one["id"], str(one["photos"]), share(one["top1"]), share(one["tagged"]), share(one["rightly_tagged"]),
         figure(one["threshold"]))
        for one in entries
    ]  # fmt: skip
    header = ("landmark", "#photos", "#first right", "#tagged", "#rightly tagged", "#threshold")
    reading = "With some twenty photos a landmark, one photo more or less is five points: look at groups, not at ranks."
    return Table("Landmark by landmark", header, rows, reading, found.command("details.json"))


def weakest_first(classes: Sequence[Json]) -> list[Json]:
    return sorted(classes, key=lambda one: (one["top1"], one["id"]))


def confusions(found: Results, split: str = "test") -> Table:
    pairs = found.details.get(split, {}).get("confusions", [])
    rows = [(pair["truth"], pair["said"], str(pair["count"])) for pair in pairs]
    reading = "The ten pairs that are taken for each other most often."
    return Table("Confusions", ("shows", "was called", "#photos"), rows, reading, found.command("details.json"))


def negatives(found: Results, split: str = "test") -> Table:
    kinds: Mapping[str, Json] = found.details.get(split, {}).get("negatives_by_kind", {})
    ordered = sorted(kinds.items(), key=lambda one: (-_rate(one[1]), one[0]))
    rows = [(kind, str(one["photos"]), str(one["tagged"]), share(_rate(one))) for kind, one in ordered]
    reading = "Ordinary photos without a known landmark, by what they show: each tag on one of them is wrong."
    return Table(
        "Negatives by kind", ("kind", "#photos", "#tagged", "#share"), rows, reading, found.command("details.json")
    )


def ways(found: Results) -> Table:
    """Ways to say none."""
    none = found.read("none.json") or {}
    rows = [
        (("★ " if way["name"] == none.get("best") else "") + way["name"], way.get("what", ""),
         share(way["rightly_tagged"]), between(way.get("rightly_tagged_low"), way.get("rightly_tagged_high")),
         _gain(way), share(way["tags_right"]), share(way["negatives_tagged"]), figure(way.get("auroc")),
         figure(way.get("gap")))
        for way in none.get("ways", [])
    ]  # fmt: skip
    header = ("way", "what it does", "#rightly tagged", "#95 % interval", "#gain, points", "#tags right",
              "#negatives tagged", "#AUROC", "#GAP")  # fmt: skip
    reading = (
        "Validation photos, each way at the threshold that tags the allowed share of negatives, chosen on other photos "
        "than those it is counted on. The first way is the bundle's; gain is the 95 % interval of what another one "
        "tags rightly beyond it. ★ is the best: the first, unless another one's gain is more than chance. AUROC is how "
        "often a landmark photo scores higher than a negative."
    )
    return Table("Ways to say none", header, rows, reading, found.command("none.json"), "validation split")


def robustness(found: Results, split: str = "test") -> Table:
    harmed: Mapping[str, Json] = found.details.get(split, {}).get("robustness", {})
    keys = ("top1", "top5", "tagged", "tags_right", "negatives_tagged")
    whole = [("as they are", found.metrics.get(split, {}))] if harmed else []
    rows = [
        (name, *(share(one.get(key)) for key in keys), _points(one, whole[0][1], "top1"))
        for name, one in [*whole, *harmed.items()]
    ]
    header = (
        "photos",
        "#first right",
        "#one of five",
        "#tagged",
        "#tags right",
        "#negatives tagged",
        "#change, points",
    )
    reading = "The same photos, each harmed in one way before the model sees them; thresholds stay as they are."
    return Table("Harmed photos", header, rows, reading, found.command("details.json"))


def sources(found: Results) -> Table:
    folds = found.read("sources.json") or {}
    parts = [(fold["name"], _few(fold.get("left_out", [])), fold) for fold in folds.get("folds", [])]
    parts += [("all together", "", folds["all"])] if folds.get("all") else []
    rows = [
        (name, left_out, str(one.get("landmark_photos", "")), str(one.get("negative_photos", "")),
         share(one.get("top1")), share(one.get("rightly_tagged")), share(one.get("negatives_tagged")),
         share(one.get(AT_3_PERCENT)))
        for name, left_out, one in parts
    ]  # fmt: skip
    header = ("fold", "left out", "#landmark photos", "#negatives", "#first right", "#rightly tagged",
              "#negatives tagged", "#rightly tagged where 3 % of the negatives are")  # fmt: skip
    reading = (
        "Each fold is a model that was trained without any photo of some sources and kinds of negatives, and then "
        "asked about exactly those. This is nearer to your photos than the test split is, which comes from the same "
        "sources as the training photos."
    )
    title, command = "Photos from sources that training never saw", found.command("sources.json")
    return Table(title, header, rows, reading, command, "all splits, in folds")


def elsewhere(every: Sequence[Results]) -> Table:
    """Runs by what they know of sources that their training never saw, the best first; those that were asked."""
    asked = [(found, made) for found in every if (made := found.read("sources.json"))]
    asked.sort(key=lambda pair: -pair[1]["all"].get(AT_3_PERCENT, 0.0))
    rows = [
        (found.name, found.run.recipe.network, " ".join(made.get("changes", [])),
         *(share(made["all"].get(key)) for key in ("top1", "top5", AT_3_PERCENT)))
        for found, made in asked
    ]  # fmt: skip
    header = ("run", "network", "changed for this", "#first right", "#one of five",
              "#rightly tagged where 3 % of the negatives are")  # fmt: skip
    reading = "All folds together, for each run that was asked: every one sees the same photos in the same folds."
    return Table(
        "Which of them knows photos from elsewhere", header, rows, reading, "sources RUN", "all splits, in folds"
    )


def share(value: float | None) -> str:
    """0.933 as 93.3 %."""
    return "–" if value is None else f"{100 * value:.1f} %"


def figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def between(low: float | None, high: float | None, *, shown: Callable[[float], str] = share) -> str:
    """An interval, with its unit once; empty where there is none."""
    return "" if low is None or high is None else f"{shown(low).removesuffix(' %')} – {shown(high)}"


def _points(one: Mapping[str, float], whole: Mapping[str, float], key: str) -> str:
    """The difference of two shares in percentage points."""
    return f"{100 * (one[key] - whole[key]):+.1f}" if key in one and one is not whole else ""


def _gain(way: Json) -> str:
    low, high = way.get("gain_low"), way.get("gain_high")
    return "" if low is None or high is None or low == high == 0 else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _few(names: Sequence[str]) -> str:
    more = len(names) - FEW
    return ", ".join(names[:FEW]) + (f" and {more} more" if more > 0 else "")


def _rate(kind: Json) -> float:
    tagged, photos = int(kind["tagged"]), int(kind["photos"])
    return tagged / max(1, photos)
