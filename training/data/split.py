"""Which photo is for training, for validation, for the test.

The one rule: a group of near-duplicates is never divided. Where a source says which photos are for the test, a group
that reaches into it is taken out of the test as a whole, so that no figure is better than it should be.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.data.audit import Photo
from training.data.manifest import SPLITS, DataError, Split

# Drawn in this order, each as a share of what is still for training: 70 % train, 10 % val, 20 % test.
SHARES: Mapping[Split, float] = {"test": 0.2, "val": 0.125}
POOLED = 10  # kinds of negatives with fewer photos are split as one

Group = list[int]  # indices of photos


@dataclass(frozen=True, slots=True)
class Moved:
    """A photo that its source had put into another split."""

    path: Path
    was: Split
    now: Split


def one_side(photos: Sequence[Photo], groups: Sequence[str]) -> tuple[list[Split | None], list[Moved]]:
    """The split that the source gives to each photo; a group in several goes to the earliest of them."""
    given = [photo.found.split for photo in photos]
    moved = []
    for group in grouped(groups):
        named = {split for index in group if (split := given[index])}
        if not named:
            continue
        side = min(named, key=SPLITS.index)
        for index in group:
            if (was := given[index]) and was != side:
                moved.append(Moved(photos[index].found.path, was, side))
            given[index] = side
    return given, moved


def draw(photos: Sequence[Photo], groups: Sequence[str], given: Sequence[Split | None], seed: int) -> list[Split]:
    """The split of each photo: what the source says, and drawn where it says nothing, by class and by group.

    Args:
        given: photos without a split count as "train"; a split that no photo has is drawn from these.
        seed: with the photos' contents it decides the draw; neither names nor order of the files play a part.
    """
    sides: list[Split] = [side or "train" for side in given]
    missing = [side for side in SHARES if side not in given]
    strata: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for group in grouped(groups):
        strata[min(_stratum(photos, index) for index in group)].append(group)
    for (role, _), stratum in _pooled(strata).items():
        for later, side in enumerate(missing, start=1):
            free = [group for group in stratum if sides[group[0]] == "train"]
            free.sort(key=lambda group: _lot(photos, group, seed))
            keep = 1 + len(missing) - later  # groups that the splits after this one need
            for group in _taken(free, SHARES[side], keep, at_least=1 if role == "landmark" else 0):
                for index in group:
                    sides[index] = side
    return sides


def check_classes(photos: Sequence[Photo], sides: Sequence[Split]) -> None:
    """Every landmark needs a photo in each split.

    Raises:
        DataError: names all landmarks that have none.
    """
    has: dict[str, set[str]] = defaultdict(set)
    for photo, side in zip(photos, sides, strict=True):
        if photo.found.landmark:
            has[photo.found.landmark].add(side)
    lacking = {label: [side for side in SPLITS if side not in has[label]] for label in sorted(has)}
    lines = [f"{label} (none in {' and '.join(sides)})" for label, sides in lacking.items() if sides]
    if lines:
        raise DataError(
            f"{len(lines)} of {len(has)} landmarks have too few photos that are no near-duplicates of each other: "
            f"{', '.join(lines)}. Each needs one in train, val and test: add photos, or take these landmarks away."
        )


def grouped(groups: Sequence[str]) -> list[Group]:
    """The indices of each group; a photo that stands alone is a group of one."""
    members: dict[str, Group] = defaultdict(list)
    for index, name in enumerate(groups):
        members[name or f"alone {index}"].append(index)
    return list(members.values())


def _stratum(photos: Sequence[Photo], index: int) -> tuple[str, str]:
    return photos[index].found.role, photos[index].found.label


def _pooled(strata: Mapping[tuple[str, str], list[Group]]) -> dict[tuple[str, str], list[Group]]:
    """The small kinds of negatives as one stratum, since a fifth of three photos is none."""
    result: dict[tuple[str, str], list[Group]] = defaultdict(list)
    for (role, label), stratum in strata.items():
        is_small = role == "negative" and sum(map(len, stratum)) < POOLED
        result[role, "" if is_small else label] += stratum
    return result


def _lot(photos: Sequence[Photo], group: Group, seed: int) -> bytes:
    first = min(photos[index].sha256 for index in group)
    return hashlib.sha256(f"{seed} {first}".encode()).digest()


def _taken(free: Sequence[Group], share: float, keep: int, *, at_least: int) -> Iterable[Group]:
    """Groups, first come first served, that together are no more than the share, or else the smallest one."""
    wanted = max(at_least, round(share * sum(map(len, free))))
    taken: list[Group] = []
    for group in free:
        if len(taken) < len(free) - keep and sum(map(len, taken)) + len(group) <= wanted:
            taken.append(group)
    if not taken and wanted and len(free) > keep:
        return [min(free, key=len)]
    return taken
