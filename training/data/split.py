"""Assign photos to the train, val and test splits.

The one rule: a group of near-duplicates is never split up. If a source assigns photos to its test and some of their
near-duplicates to training, the whole group leaves the test, so that no figure is too good.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.audit import Photo
from training.data.manifest import SPLITS, DataError, Split

# Drawn in this order, each as a fraction of the remaining training photos: 70 % train, 10 % val, 20 % test.
FRACTIONS: Mapping[Split, float] = {"test": 0.2, "val": 0.125}
MIN_STRATUM = 10  # kinds of negatives with fewer photos are split together

Group = list[int]  # indices of photos


@dataclass(frozen=True, slots=True)
class Moved:
    """A photo that its source had put into another split."""

    path: Path
    was: Split
    now: Split


def one_split_per_group(photos: Sequence[Photo], groups: Sequence[str]) -> tuple[list[Split | None], list[Moved]]:
    """The split that the source assigns to each photo; a group in several splits goes to the earliest of them."""
    assigned = [photo.file.split for photo in photos]
    moved = []
    for group in group_indices(groups):
        splits = {split for index in group if (split := assigned[index])}
        if not splits:
            continue
        earliest = min(splits, key=SPLITS.index)
        for index in group:
            if (was := assigned[index]) and was != earliest:
                moved.append(Moved(photos[index].file.path, was, earliest))
            assigned[index] = earliest
    return assigned, moved


def draw_splits(
    photos: Sequence[Photo], groups: Sequence[str], assigned: Sequence[Split | None], seed: int
) -> list[Split]:
    """The split of each photo: the source's, or drawn by class and by group if the source has no such split.

    Args:
        assigned: photos without a split count as "train"; a split that no photo has is drawn from these.
        seed: the draw depends only on it and on the photos' contents, not on the files' names or order.
    """
    splits: list[Split] = [split or "train" for split in assigned]
    missing = [split for split in FRACTIONS if split not in assigned]
    strata: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in group_indices(groups):
        strata[min((photos[index].file.role, photos[index].file.label) for index in group)].append(group)
    for (role, _), stratum in _pooled(strata).items():
        for later, split in enumerate(missing, start=1):
            free = [group for group in stratum if splits[group[0]] == "train"]
            free.sort(key=lambda group: _draw_key(photos, group, seed))
            reserve = 1 + len(missing) - later  # groups that the splits after this one need
            for group in _take(free, FRACTIONS[split], reserve, at_least=1 if role == "landmark" else 0):
                for index in group:
                    splits[index] = split
    return splits


def check_classes(photos: Sequence[Photo], splits: Sequence[Split]) -> None:
    """Check that every landmark has a photo in each split.

    Raises:
        DataError: some have none; the message lists them all.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for photo, split in zip(photos, splits, strict=True):
        if photo.file.landmark:
            found[photo.file.landmark].add(split)
    missing = {label: [split for split in SPLITS if split not in found[label]] for label in sorted(found)}
    lines = [f"{label} (none in {' and '.join(lacking)})" for label, lacking in missing.items() if lacking]
    if lines:
        raise DataError(
            f"{len(lines)} of {len(found)} landmarks have too few photos that are not near-duplicates of each other: "
            f"{', '.join(lines)}. Each needs one in train, val and test: add photos, or remove these landmarks."
        )


def group_indices(groups: Sequence[str]) -> list[Group]:
    """The indices of each group; a photo without duplicates is a group of one."""
    members: dict[str, Group] = defaultdict(list)
    for index, name in enumerate(groups):
        members[name or f"alone {index}"].append(index)
    return list(members.values())


def _pooled(strata: Mapping[tuple[str, str], list[Group]]) -> dict[tuple[str, str], list[Group]]:
    """Put small kinds of negatives into one stratum, because a fifth of three photos is none."""
    result: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for (role, label), stratum in strata.items():
        is_small = role == "negative" and sum(map(len, stratum)) < MIN_STRATUM
        result[role, "" if is_small else label] += stratum
    return result


def _draw_key(photos: Sequence[Photo], group: Group, seed: int) -> bytes:
    """A sort key that shuffles groups by their content."""
    first = min(photos[index].sha256 for index in group)
    return hashlib.sha256(f"{seed} {first}".encode()).digest()


def _take(free: Sequence[Group], fraction: float, reserve: int, *, at_least: int) -> Iterable[Group]:
    """The first groups that together stay within a fraction of the photos; the smallest group if none does.

    Args:
        reserve: this many groups are left.
        at_least: photos to take, however small the fraction.
    """
    target = max(at_least, round(fraction * sum(map(len, free))))
    taken: list[Group] = []
    for group in free:
        if len(taken) < len(free) - reserve and sum(map(len, taken)) + len(group) <= target:
            taken.append(group)
    if not taken and target and len(free) > reserve:
        return [min(free, key=len)]
    return taken
