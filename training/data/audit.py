"""Every photo of the data read once: does it decode, how large is it, what is its content, what does it look like.

The one rule: a file that cannot be read is left out by name and with its reason, never silently.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from tagger.core.errors import PhotoError
from tagger.core.run_options import Limits
from tagger.image.decode import decode, read
from tagger.image.phash import HASH_SIDE_PX, difference_hash, joined, near_pairs
from training.data.manifest import Role, Split

# Landmark photos of one label count as near-duplicates within these bits, any other two within fewer: among 35 million
# pairs of different labels in LANDMARK_DATA (8,411 photos) none is within 3 bits; at 4 begin pairs that only share
# a bright sky over a dark ground, and within 9 there are 1,600 of them, which would chain unrelated classes together.
SAME_LANDMARK_BITS = 9
ANY_LABEL_BITS = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and what its place or its list says of it.

    Args:
        label: the landmark's id, or the kind of a negative.
        split: None where nothing says.
        group: of near-duplicates, where something says.
    """

    path: Path
    role: Role
    label: str
    split: Split | None = None
    group: str = ""
    source: str = ""

    @property
    def landmark(self) -> str | None:
        """The landmark's id, None for a photo that shows none."""
        return self.label if self.role == "landmark" else None


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that was read.

    Args:
        width: px, upright.
        height: px, upright.
        look: its difference hash.
    """

    found: Found
    sha256: str
    width: int
    height: int
    look: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that no split holds, and why."""

    path: Path
    reason: str


def audit(found: Sequence[Found]) -> tuple[list[Photo], list[LeftOut]]:
    """Read every file, in threads; both lists are in the order of `found`."""
    photos: list[Photo] = []
    left_out: list[LeftOut] = []
    limits = Limits()
    with ThreadPoolExecutor(limits.threads) as threads:
        results = threads.map(lambda one: _read(one, limits), found)
        for result in tqdm(results, desc="reading photos", total=len(found), unit=" photos", disable=None):
            if isinstance(result, Photo):
                photos.append(result)
            else:
                left_out.append(result)
    return photos, left_out


def _read(found: Found, limits: Limits) -> Photo | LeftOut:
    try:
        data = read(str(found.path), limits.max_file_bytes)
        decoded = decode(data, min_side_px=HASH_SIDE_PX, max_pixels=limits.max_pixels)
    except PhotoError as error:
        return LeftOut(found.path, f"{error.kind}: {error.message}")
    digest = hashlib.sha256(data).hexdigest()
    return Photo(found, digest, decoded.info.width, decoded.info.height, difference_hash(decoded.image))


def without_conflicts(photos: Sequence[Photo]) -> tuple[list[Photo], list[LeftOut]]:
    """Leave out every content that lies under two labels: at most one of them is right, and nothing says which."""
    contents: dict[str, list[Found]] = defaultdict(list)
    for photo in photos:
        contents[photo.sha256].append(photo.found)
    kept, left_out = [], []
    for photo in photos:
        others = [copy for copy in contents[photo.sha256] if copy.landmark != photo.found.landmark]
        if others:
            reason = (
                f"labelled {photo.found.label}, but the same content is labelled {others[0].label}: {others[0].path}"
            )
            left_out.append(LeftOut(photo.found.path, reason))
        else:
            kept.append(photo)
    return kept, left_out


def near_duplicates(photos: Sequence[Photo], same_landmark_bits: int = SAME_LANDMARK_BITS) -> list[str]:
    """The group of each photo: copies, photos that look the same, and what the data itself calls a group.

    Returns:
        Names made of content, so that no order of files changes them; empty where a photo stands alone.
    """
    pairs = [*near_pairs([photo.look for photo in photos], ANY_LABEL_BITS), *_copies(photos)]
    for indices in _by_landmark(photos).values():
        near = near_pairs([photos[index].look for index in indices], same_landmark_bits)
        pairs += ((indices[one], indices[other]) for one, other in near)
    roots = joined(len(photos), pairs)
    sizes = Counter(roots)
    names: dict[int, str] = {}
    for photo, root in zip(photos, roots, strict=True):
        names[root] = min(names.get(root, photo.sha256), photo.sha256)
    return [names[root][:16] if sizes[root] > 1 else "" for root in roots]


def _copies(photos: Sequence[Photo]) -> Iterable[tuple[int, int]]:
    """Pairs of one content or of one described group; each with the first of its kind."""
    first: dict[tuple[str, str], int] = {}
    for index, photo in enumerate(photos):
        yield first.setdefault(("content", photo.sha256), index), index
        if photo.found.group:
            yield first.setdefault(("group", photo.found.group), index), index


def _by_landmark(photos: Sequence[Photo]) -> dict[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, photo in enumerate(photos):
        if photo.found.landmark:
            indices[photo.found.landmark].append(index)
    return indices
