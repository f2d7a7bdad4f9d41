"""Step 0: which photo belongs to which split, checked.

The one rule: no source is trusted. Every file is read, people's decisions outrank its label, no near-duplicates are in
two splits, and what is left out or moved is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.data.archive import extract
from training.data.audit import SAME_LANDMARK_BITS, LeftOut, Photo, audit, near_duplicates, without_conflicts
from training.data.data_report import write_report
from training.data.dataset_stats import DatasetStats, gather
from training.data.decisions import Decided, decide, load_decisions
from training.data.download import download
from training.data.image_folder import found_below
from training.data.landmarks_draft import write_draft
from training.data.manifest import DataError, Entry, check_leaks, summary, write_manifest
from training.data.manifest_folder import DESCRIBED_BITS, check_manifest_folder, found_in, load_manifest_folder
from training.data.split import check_classes, draw, one_side

SEED = 7


@dataclass(frozen=True, slots=True)
class Source:
    """Where photos come from.

    Args:
        kind: ``described``: a folder with a manifest of its own; ``folder``: one with a folder of photos for each
            landmark; ``archive``: the course's archive as a file; ``url``: the same at an address.
    """

    kind: Literal["described", "folder", "archive", "url"]
    where: str | Path

    @property
    def name(self) -> str:
        """Its last part, which names no folder of anybody's machine."""
        return str(self.where) if self.kind == "url" else Path(self.where).resolve().name


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` wrote into a folder.

    Args:
        gaps: landmarks whose places somebody has to fill in.
    """

    folder: Path
    entries: list[Entry]
    facts: DatasetStats
    gaps: list[str]

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.csv"

    @property
    def data(self) -> Path:
        return self.folder / "data.json"

    @property
    def report(self) -> Path:
        return self.folder / "data.html"

    @property
    def places(self) -> Path:
        return self.folder / "landmarks.toml"

    def summary(self) -> str:
        """Lines for people: the splits, then everything that is not as the source had it."""
        gaps = [f"{self.places} needs the places of {', '.join(self.gaps)}"] if self.gaps else []
        return "\n".join([summary(self.entries), *self.facts.remarks(), *gaps, f"report: {self.report}"])


def prepare(source: Source | Path, to: Path, *, decisions: Path | None = None, seed: int = SEED) -> Prepared:
    """Read every photo and write the manifest, its figures and its report.

    Args:
        source: a path is a described folder.
        to: the folder to write to; an archive is unpacked (and loaded) into it as well.
        decisions: a CSV of what people decided, see `training.data.decisions`.
        seed: for the splits that the source does not have.

    Raises:
        DataError: the photos are not what they should be; nothing is written then but an archive's photos.
    """
    source = source if isinstance(source, Source) else Source("described", source)
    words = load_decisions(decisions) if decisions else None  # a typo in it should not wait for the photos
    root, photos, left_out = _read(source, to)
    decided = decide(photos, words) if words is not None else Decided(photos, [], {})
    photos, conflicts = without_conflicts(decided.photos)
    bits = DESCRIBED_BITS if source.kind == "described" else SAME_LANDMARK_BITS
    groups = near_duplicates(photos, bits)
    given, moved = one_side(photos, groups)
    sides = draw(photos, groups, given, seed)
    if source.kind != "described":
        check_classes(photos, sides)
    entries = [
        Entry(p.found.path, p.sha256, side, p.found.role, p.found.label, group, p.width, p.height, p.found.source)
        for p, side, group in zip(photos, sides, groups, strict=True)
    ]
    check_leaks(entries)
    facts = gather(
        entries,
        source=source.name,
        root=root,
        seed=seed,
        bits=bits,
        left_out=[*left_out, *decided.left_out, *conflicts],
        moved=moved,
        decisions=decided.counts,
    )
    return _written(source, Prepared(to, entries, facts, []))


def _read(source: Source, to: Path) -> tuple[Path, list[Photo], list[LeftOut]]:
    """The folder of the photos, and what was read of it."""
    if source.kind == "described":
        root = Path(source.where).resolve()
        described = load_manifest_folder(root)
        photos, left_out = audit(found_in(described))
        check_manifest_folder(described, photos, left_out)
        return root, photos, []
    root = _folder(source, to).resolve()
    photos, left_out = audit(found_below(root))
    if not photos:
        raise DataError(f"None of the {len(left_out)} photos in {root} can be read. The first: {left_out[0].reason}")
    return root, photos, left_out


def _folder(source: Source, to: Path) -> Path:
    if source.kind == "folder":
        return Path(source.where)
    archive = download(str(source.where), to) if source.kind == "url" else Path(source.where)
    return extract(archive, to / "photos")


def _written(source: Source, prepared: Prepared) -> Prepared:
    """The manifest last: where there is one, everything else is there too."""
    prepared.folder.mkdir(parents=True, exist_ok=True)
    gaps = []
    if source.kind != "described":
        gaps = write_draft(prepared.places, prepared.facts.classes)
    prepared.facts.write(prepared.data)
    write_report(prepared.report, prepared.facts, prepared.entries)
    write_manifest(prepared.manifest, prepared.entries)
    return replace(prepared, gaps=gaps)
