"""Figures of a prepared data set, for `data.json` and the reports.

Paths are relative to the source, so that the figures can be published.
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
MAX_LINES = 10  # printed; the report has more

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """Counts of near-duplicates, none of which are in two splits.

    Args:
        same_landmark_bits: two photos of one landmark are near-duplicates if at most this many of 64 bits differ.
        any_label_bits: the same for any other two photos.
        groups: of two photos or more.
        straddling: groups in two splits; always 0 in a written manifest.
        moved: photos that were moved to another split for that.
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
    """Everything about a data set except its photos.

    Args:
        source: the name of the folder or archive, or its address.
        seed: for the splits that the source does not have.
        splits: for each split its landmark photos and negatives.
        classes: for each landmark its photos in each split.
        negatives: for each kind its photos in each split.
        sides_px: number of photos by their short side.
        left_out: path and reason.
        moved: path, the source's split, the split now.
        decisions: number of decided photos by what changed; empty without decisions.
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
        """Lines about what differs from the source."""
        lines = [f"left out: {photo['path']}: {photo['reason']}" for photo in self.left_out[:MAX_LINES]]
        if (more := len(self.left_out) - MAX_LINES) > 0:
            lines.append(f"left out: {more} more, in the report")
        if self.moved:
            moves = Counter(f"from {photo['was']} to {photo['now']}" for photo in self.moved)
            counts = ", ".join(f"{count} {move}" for move, count in sorted(moves.items()))
            lines.append(f"moved to where their near-duplicates or copies are: {counts}")
        if self.decisions:
            counts = ", ".join(f"{count} {change}" for change, count in self.decisions.items())
            lines.append(f"photos that people decided on: {counts}")
        return lines

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def dataset_stats(
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
    """Count checked entries.

    Args:
        root: the folder that shown paths are relative to.
        bits: within which photos of one landmark were grouped.
    """
    groups = Counter(entry.group for entry in entries if entry.group)
    straddling = len({(entry.group, entry.split) for entry in entries if entry.group}) - len(groups)

    def relative(text: str | Path) -> str:
        return str(text).replace(f"{root}/", "")

    return DatasetStats(
        source=source,
        seed=seed,
        splits={split: _roles(entries, split) for split in SPLITS},
        classes=_by_label(entry for entry in entries if entry.landmark),
        negatives=_by_label(entry for entry in entries if not entry.landmark),
        sides_px=_sides(entries),
        leak_check=LeakCheck(
            same_landmark_bits=bits,
            any_label_bits=ANY_LABEL_BITS,
            groups=len(groups),
            photos_in_groups=groups.total(),
            largest_group=max(groups.values(), default=0),
            straddling=straddling,
            moved=len(moved),
        ),
        left_out=[{"path": relative(file.path), "reason": relative(file.reason)} for file in left_out],
        moved=[{"path": relative(photo.path), "was": photo.was, "now": photo.now} for photo in moved],
        decisions=dict(decisions),
    )


def _roles(entries: Sequence[Entry], split: str) -> dict[str, int]:
    landmarks = [entry.landmark is not None for entry in entries if entry.split == split]
    return {"landmark_photos": sum(landmarks), "negatives": len(landmarks) - sum(landmarks)}


def _by_label(entries: Iterable[Entry]) -> Counts:
    counts: Counter[tuple[str, str]] = Counter((entry.label, entry.split) for entry in entries)
    return {label: {split: counts[label, split] for split in SPLITS} for label in sorted({name for name, _ in counts})}


def _sides(entries: Sequence[Entry]) -> dict[str, int]:
    """Number of photos by their short side, in ranges that double."""
    sides = [min(entry.width, entry.height) for entry in entries]
    edges = [0, *SIDES_PX]
    ranges = {f"{low} to {high - 1}": (low, high) for low, high in zip(edges, SIDES_PX, strict=False)}
    counts = {name: sum(low <= side < high for side in sides) for name, (low, high) in ranges.items()}
    return counts | {f"{SIDES_PX[-1]} and more": sum(side >= SIDES_PX[-1] for side in sides)}
