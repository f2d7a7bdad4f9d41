"""Splits are drawn by group and by class, the same way every time."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from training.data.audit import LabelledFile, Photo, near_duplicate_groups, without_conflicts
from training.data.manifest import DataError, Role, Split
from training.data.split import check_classes, draw_splits, one_split_per_group

SOME: tuple[Split | None, ...] = ("train", "test", None)


def photo(number: int, label: str = "big_ben", *, split: Split | None = None, role: Role = "landmark") -> Photo:
    return Photo(LabelledFile(Path(f"{number}.jpg"), role, label, split), f"{number:064x}", 48, 40, number)


def counts(sides: list[Split]) -> dict[str, int]:
    return dict(Counter(sides))


def test_a_fifth_is_for_the_test_and_a_tenth_for_validation_in_every_class() -> None:
    photos = [photo(n, label) for n, label in enumerate(["big_ben"] * 100 + ["louvre"] * 30 + ["tiny"] * 3)]
    sides = draw_splits(photos, [""] * 133, [None] * 133, 7)
    assert counts(sides[:100]) == {"train": 70, "val": 10, "test": 20}
    assert counts(sides[100:130]) == {"train": 21, "val": 3, "test": 6}
    assert counts(sides[130:]) == {"train": 1, "val": 1, "test": 1}


def test_the_order_of_the_files_plays_no_part_but_the_seed_does() -> None:
    photos = [photo(n, f"class{n % 4}") for n in range(80)]
    shuffled = random.Random(1).sample(photos, 80)
    one, other, reseeded = (
        {p.sha256: side for p, side in zip(given, draw_splits(given, [""] * 80, [None] * 80, seed), strict=True)}
        for given, seed in ((photos, 7), (shuffled, 7), (photos, 8))
    )
    assert one == other
    assert one != reseeded


def test_validation_is_drawn_from_training_where_the_source_has_no_such_split() -> None:
    photos = [photo(n) for n in range(50)]
    given: list[Split | None] = ["test" if n >= 40 else "train" for n in range(50)]
    sides = draw_splits(photos, [""] * 50, given, 7)
    assert counts(sides) == {"train": 35, "val": 5, "test": 10}
    assert sides[40:] == ["test"] * 10


def test_what_a_source_says_of_all_three_splits_stays() -> None:
    given: list[Split | None] = ["test", "train", "val", "train"]
    assert draw_splits([photo(n) for n in range(4)], [""] * 4, given, 7) == given


def test_few_negatives_of_many_kinds_reach_every_split() -> None:
    photos = [photo(n, f"kind{n}", role="negative") for n in range(40)]
    assert counts(draw_splits(photos, [""] * 40, [None] * 40, 7)) == {"train": 28, "val": 4, "test": 8}


def test_a_group_across_the_sources_splits_leaves_the_test_as_a_whole() -> None:
    splits: list[Split | None] = ["test", "train", "test", "val", "test", None]
    photos = [photo(n, split=split) for n, split in enumerate(splits)]
    given, moved = one_split_per_group(photos, ["g", "g", "h", "h", "", "g"])
    assert given == ["train", "train", "val", "val", "test", "train"]
    assert [(str(one.path), one.was, one.now) for one in moved] == [
        ("0.jpg", "test", "train"),
        ("2.jpg", "test", "val"),
    ]


def test_a_class_that_is_missing_in_a_split_is_an_error_that_names_all_such_classes() -> None:
    photos = [photo(n, label) for n, label in enumerate(["a", "a", "a", "b", "c", "c"])]
    with pytest.raises(DataError, match=r"2 of 3 landmarks .*: b \(none in val and test\), c \(none in val\)"):
        check_classes(photos, ["train", "val", "test", "train", "train", "test"])


def test_one_content_under_two_labels_is_left_out_and_both_places_are_named() -> None:
    one, other = (
        photo(1, "big_ben"),
        replace(photo(1, "louvre"), file=LabelledFile(Path("2.jpg"), "landmark", "louvre")),
    )
    kept, left_out = without_conflicts([one, other, photo(3)])
    assert kept == [photo(3)]
    assert [(str(lost.path), lost.reason) for lost in left_out] == [
        ("1.jpg", "labelled big_ben, but the same content is labelled louvre: 2.jpg"),
        ("2.jpg", "labelled louvre, but the same content is labelled big_ben: 1.jpg"),
    ]


def test_two_labels_share_a_group_only_where_photos_are_much_nearer() -> None:
    numbers = random.Random(5)
    look = numbers.getrandbits(64)
    looks = [look, look ^ 0b111, look ^ 0b1111 << 40, look ^ 0x1FF << 20, numbers.getrandbits(64)]
    labels = ["a", "b", "b", "a", "a"]
    photos = [replace(photo(n, label), phash=value) for n, (label, value) in enumerate(zip(labels, looks, strict=True))]
    names = near_duplicate_groups(photos)
    assert names[0] == names[1] == names[2] == names[3] != ""  # 1 and 2 are 7 bits apart and of one label
    assert names[4] == ""
    apart = near_duplicate_groups([photos[0], photos[2]])
    assert apart == ["", ""]


@pytest.mark.parametrize("seed", range(20))
def test_no_group_is_ever_divided_and_every_class_that_can_be_is_everywhere(seed: int) -> None:
    numbers = random.Random(seed)
    photos, looks = [], [numbers.getrandbits(64) for _ in range(25)]
    for n in range(numbers.randrange(60, 120)):
        role: Role = "landmark" if numbers.random() < 0.8 else "negative"
        look = numbers.choice(looks) ^ 1 << numbers.randrange(64) if numbers.random() < 0.3 else numbers.getrandbits(64)
        split: Split | None = numbers.choice(SOME) if seed % 2 else None
        photos.append(replace(photo(n, f"class{n % 3}", role=role, split=split), phash=look))
    groups = near_duplicate_groups(photos)
    given, _ = one_split_per_group(photos, groups)
    sides = draw_splits(photos, groups, given, seed)
    found: dict[str, set[str]] = defaultdict(set)
    for one, side in zip(groups, sides, strict=True):
        found[one].add(side)
    assert [name for name, own in found.items() if name and len(own) > 1] == []
    check_classes(photos, sides)
    for i, a in enumerate(photos):  # by the definition itself
        for j in range(i):
            b, near = photos[j], (a.phash ^ photos[j].phash).bit_count()
            if near <= 3 or (near <= 9 and a.file.landmark and a.file.landmark == b.file.landmark):
                assert sides[i] == sides[j]
