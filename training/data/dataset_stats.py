"""What is known of a data set once it is prepared, as data: for `data.json` and for the reports.

The one rule: it holds figures and reasons, and of paths only what is below the source, so that it can be shown.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from training.data.audit import ANY_LABEL_BITS, LeftOut
from training.data.manifest import SPLITS, Entry
from training.data.split import Moved

SIDES_PX = (64, 128, 256, 512, 1024, 2048)
SHOWN = 10  # lines for people; the report has all

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """The near-duplicates, and that none of them is in two splits.

    Args:
        same_landmark_bits: two photos of one landmark are near-duplicates if so many of 64 bits differ, or fewer.
        any_label_bits: the same for any other two photos.
        groups: of two photos or more.
        straddling: groups and contents in two splits; with one, there is no manifest.
        moved: photos that changed their split so that there is none.
    """

    same_landmark_bits: int
    any_label_bits: int
    groups: int
    photos_in_groups: int
    largest_group: int
    straddling: int
    moved: int


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """A data set without its photos.

    Args:
        splits: for each split its landmark photos and negatives.
        classes: for each landmark its photos in each split.
        negatives: for each kind its photos in each split.
        sides_px: how many photos have a short side in each range.
        left_out: path and reason.
        moved: path, the split that the source gave, the split now.
        decisions: what became of the photos that people decided on; empty without decisions.
    """

    source: str
    seed: int
    splits: Counts
    classes: Counts
    negatives: Counts
    sides_px: dict[str, int]
    leak_check: LeakCheck
    left_out: list[dict[str, str]]
    moved: list[dict[str, str]]
    decisions: dict[str, int]

    def remarks(self) -> list[str]:
        """Lines for people on what is not as the source had it."""
        lines = [f"left out: {one['path']}: {one['reason']}" for one in self.left_out[:SHOWN]]
        if more := len(self.left_out) - SHOWN:
            lines += [f"left out: {more} more, in the report"] * (more > 0)
        if self.moved:
            into = Counter(f"from {one['was']} to {one['now']}" for one in self.moved)
            counts = ", ".join(f"{count} {where}" for where, count in sorted(into.items()))
            lines.append(f"moved, because near-duplicates or copies of them are there: {counts}")
        if self.decisions:
            counts = ", ".join(f"{count} {change}" for change, count in self.decisions.items())
            lines.append(f"photos that people decided on: {counts}")
        return lines

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def gather(
    entries: Sequence[Entry],
    *,
    source: str,
    root: Path,
    seed: int,
    bits: int,
    left_out: Sequence[LeftOut],
    moved: Sequence[Moved],
    decisions: Mapping[str, int],
) -> DatasetStats:
    """The facts of checked entries.

    Args:
        root: the folder that paths are shown below.
        bits: within which photos of one landmark were grouped.
    """
    groups = Counter(entry.group for entry in entries if entry.group)
    straddling = len({(entry.group, entry.split) for entry in entries if entry.group}) - len(groups)
    leaks = LeakCheck(
        bits, ANY_LABEL_BITS, len(groups), groups.total(), max(groups.values(), default=0), straddling, len(moved)
    )

    def shown(text: str | Path) -> str:
        return str(text).replace(f"{root}/", "")

    return DatasetStats(
        source,
        seed,
        {split: _roles(entries, split) for split in SPLITS},
        _by_label(entry for entry in entries if entry.landmark),
        _by_label(entry for entry in entries if not entry.landmark),
        _sides(entries),
        leaks,
        [{"path": shown(one.path), "reason": shown(one.reason)} for one in left_out],
        [{"path": shown(one.path), "was": one.was, "now": one.now} for one in moved],
        dict(decisions),
    )


def _roles(entries: Sequence[Entry], split: str) -> dict[str, int]:
    landmarks = [entry.landmark is not None for entry in entries if entry.split == split]
    return {"landmark_photos": sum(landmarks), "negatives": len(landmarks) - sum(landmarks)}


def _by_label(entries: Iterable[Entry]) -> Counts:
    counts: Counter[tuple[str, str]] = Counter((entry.label, entry.split) for entry in entries)
    return {label: {split: counts[label, split] for split in SPLITS} for label in sorted({name for name, _ in counts})}


def _sides(entries: Sequence[Entry]) -> dict[str, int]:
    """Short sides in ranges that double."""
    sides = [min(entry.width, entry.height) for entry in entries]
    edges = [0, *SIDES_PX]
    ranges = {f"{low} to {high - 1}": (low, high) for low, high in zip(edges, SIDES_PX, strict=False)}
    counts = {name: sum(low <= side < high for side in sides) for name, (low, high) in ranges.items()}
    return counts | {f"{SIDES_PX[-1]} and more": sum(side >= SIDES_PX[-1] for side in sides)}
