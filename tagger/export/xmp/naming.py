"""Which sidecar belongs to a photo: ``photo.jpg.xmp``, or ``photo.xmp`` if only that is there.

The one rule: a ``photo.xmp`` beside a RAW and a JPEG of one name is written only for the one that it belongs to.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from db.rows import Naming
from tagger.image.formats import OPTIONAL_SUFFIXES, PHOTO_SUFFIXES

RAW_SUFFIXES = OPTIONAL_SUFFIXES["rawpy"]
ORIGINALS = (*PHOTO_SUFFIXES, *OPTIONAL_SUFFIXES["pillow_jxl"], *RAW_SUFFIXES)

ReadExtension = Callable[[str], str | None]  # the suffix of the photo that a sidecar says it belongs to


@dataclass(frozen=True, slots=True)
class SidecarPaths:
    """The sidecars of a photo.

    Args:
        targets: those to write.
        existing: those that are there and belong to the photo, the one that counts first.
        note: why it is these, if that is not obvious.
    """

    targets: tuple[str, ...]
    existing: tuple[str, ...]
    note: str | None = None


def sidecar_paths(photo: str, naming: Naming, read_extension: ReadExtension) -> SidecarPaths:
    """Find the sidecars of a photo.

    Args:
        photo: an absolute path.
        naming: which to write; "appended" writes the other one if only that is there. "embedded" is the photo itself.
        read_extension: reads a sidecar.
    """
    appended, replaced = _existing(photo), _existing(os.path.splitext(photo)[0])
    owner = _owner(photo, os.path.lexists(replaced), replaced, read_extension)
    is_ours = owner is None
    existing = tuple(path for path in (appended, replaced if is_ours else "") if path and os.path.lexists(path))
    note = None
    if naming == "embedded":
        return SidecarPaths((photo,), existing)
    if not is_ours:
        note = f"{os.path.basename(replaced)} belongs to {owner}" if naming != "appended" or not existing else None
        targets: tuple[str, ...] = (appended,)
    elif naming == "both":
        targets = (appended, replaced)
    elif naming == "replaced":
        targets = (replaced,)
    else:
        targets = (replaced,) if existing == (replaced,) else (appended,)
        if len(existing) == 2:
            note = f"{os.path.basename(replaced)} exists too; programs prefer the name with the photo's suffix"
    return SidecarPaths(targets, existing, note)


def _existing(stem: str) -> str:
    """The sidecar's path as it is there, in either case of its suffix."""
    upper = f"{stem}.XMP"
    return upper if os.path.lexists(upper) and not os.path.lexists(f"{stem}.xmp") else f"{stem}.xmp"


def _owner(photo: str, is_there: bool, sidecar: str, read_extension: ReadExtension) -> str | None:
    """The other original that ``photo.xmp`` belongs to; None if it is the photo's own."""
    folder, name = os.path.split(photo)
    stem = os.path.splitext(name)[0]
    names = sorted(_originals(folder).get(stem, frozenset()) | {name})
    if len(names) == 1:
        return None
    said = read_extension(sidecar) if is_there else None
    of_suffix = [other for other in names if said and other.lower().endswith(f".{said.lower().lstrip('.')}")]
    raws = [other for other in names if other.lower().endswith(RAW_SUFFIXES)]
    owners = of_suffix or raws
    if owners == [name]:
        return None
    return " or ".join(owners if len(owners) == 1 else (other for other in names if other != name))


@lru_cache(maxsize=8)  # photos come folder by folder, and sidecars change no original
def _originals(folder: str) -> dict[str, frozenset[str]]:
    """The photos in a folder by their names without suffixes."""
    found: dict[str, set[str]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.lower().endswith(ORIGINALS):
                found.setdefault(os.path.splitext(entry.name)[0], set()).add(entry.name)
    return {stem: frozenset(names) for stem, names in found.items()}


def forget_folders() -> None:
    """Forget what was listed, so that folders are listed again."""
    _originals.cache_clear()
