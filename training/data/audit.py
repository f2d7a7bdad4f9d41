"""Read every photo of a data set once: its size, content and perceptual hash.

A file that cannot be read is left out and reported with the reason.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.image.decode import decode
from tagger.image.phash import HASH_SIDE_PX, connected_groups, difference_hash, near_pairs
from tagger.image.source import open_source
from training.data.manifest import Role, Split

# Two photos of one landmark are near-duplicates if at most SAME_LANDMARK_BITS of their hashes' 64 bits differ, any
# other two if at most ANY_LABEL_BITS do. Among 35 million pairs of different labels in LANDMARK_DATA (8,411 photos)
# none is within 3 bits. From 4 bits on, some pairs only share a bright sky over a dark ground: 1,600 of them are within
# 9 bits, which would chain unrelated classes together.
SAME_LANDMARK_BITS = 9
ANY_LABEL_BITS = 3


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A file, with what its folder or a manifest says about it.

    Args:
        label: the landmark's id, or the kind of a negative.
        split: None if the source does not assign one.
        group: of near-duplicates; empty if the source gives none.
        source: the collection that the photo came from; empty if unknown.
    """

    path: Path
    role: Role
    label: str
    split: Split | None = None
    group: str = ""
    source: str = ""

    @property
    def landmark(self) -> str | None:
        """The landmark's id; None for a photo that shows none."""
        return self.label if self.role == "landmark" else None


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that was read.

    Args:
        width: px, upright.
        height: px, upright.
        phash: its difference hash, 64 bits.
    """

    file: LabelledFile
    sha256: str
    width: int
    height: int
    phash: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is in no split, and why."""

    path: Path
    reason: str


def audit(files: Sequence[LabelledFile]) -> tuple[list[Photo], list[LeftOut]]:
    """Read every file, in threads; both lists keep the order of `files`."""
    photos: list[Photo] = []
    left_out: list[LeftOut] = []
    limits = Limits()
    with ThreadPoolExecutor(limits.threads) as threads:
        results = threads.map(lambda file: _read(file, limits), files)
        for result in tqdm(results, desc="reading photos", total=len(files), unit=" photos", disable=None):
            if isinstance(result, Photo):
                photos.append(result)
            else:
                left_out.append(result)
    return photos, left_out


def _read(file: LabelledFile, limits: Limits) -> Photo | LeftOut:
    try:
        with open_source(str(file.path), limits) as source:
            decoded = decode(source.content, min_side_px=HASH_SIDE_PX, max_pixels=limits.max_pixels)
    except PhotoError as error:
        return LeftOut(file.path, f"{error.kind}: {error.message}")
    return Photo(file, source.sha256, decoded.info.width, decoded.info.height, difference_hash(decoded.image))


def without_conflicts(photos: Sequence[Photo]) -> tuple[list[Photo], list[LeftOut]]:
    """Leave out every photo with two labels: at most one of them is correct, and it is unknown which."""
    copies: dict[str, list[LabelledFile]] = defaultdict(list)
    for photo in photos:
        copies[photo.sha256].append(photo.file)
    kept, left_out = [], []
    for photo in photos:
        file = photo.file
        other = next((copy for copy in copies[photo.sha256] if copy.landmark != file.landmark), None)
        if other:
            reason = f"labelled {file.label}, but the same content is labelled {other.label}: {other.path}"
            left_out.append(LeftOut(file.path, reason))
        else:
            kept.append(photo)
    return kept, left_out


def near_duplicate_groups(photos: Sequence[Photo], same_landmark_bits: int = SAME_LANDMARK_BITS) -> list[str]:
    """The group of each photo: copies, photos that look the same, and photos that the source put into one group.

    Args:
        same_landmark_bits: bits within which two photos of one landmark are near-duplicates.

    Returns:
        A name for each photo, empty if it has no duplicate. Names derive from content, whatever the order of files.
    """
    pairs = [*near_pairs([photo.phash for photo in photos], ANY_LABEL_BITS), *_declared_pairs(photos)]
    for indices in _by_landmark(photos).values():
        near = near_pairs([photos[index].phash for index in indices], same_landmark_bits)
        pairs += ((indices[first], indices[second]) for first, second in near)
    roots = connected_groups(len(photos), pairs)
    sizes = Counter(roots)
    names: dict[int, str] = {}
    for photo, root in zip(photos, roots, strict=True):
        names[root] = min(names.get(root, photo.sha256), photo.sha256)
    return [names[root][:16] if sizes[root] > 1 else "" for root in roots]


def _declared_pairs(photos: Sequence[Photo]) -> Iterator[tuple[int, int]]:
    """Each photo paired with the first of the same content, and with the first of the same group in the source."""
    first: dict[tuple[str, str], int] = {}
    for index, photo in enumerate(photos):
        yield first.setdefault(("content", photo.sha256), index), index
        if photo.file.group:
            yield first.setdefault(("group", photo.file.group), index), index


def _by_landmark(photos: Sequence[Photo]) -> dict[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, photo in enumerate(photos):
        if photo.file.landmark:
            indices[photo.file.landmark].append(index)
    return indices
