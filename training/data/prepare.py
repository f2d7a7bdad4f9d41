"""Step 0: check all photos and assign them to splits.

The one rule: no source is trusted. Every file is read, decisions outrank labels, no near-duplicates are in two splits,
and every photo that is left out or moved is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from training.data.archive import extract
from training.data.audit import SAME_LANDMARK_BITS, LeftOut, Photo, audit, near_duplicate_groups, without_conflicts
from training.data.data_report import write_report
from training.data.dataset_stats import DatasetStats, dataset_stats
from training.data.decisions import Decided, apply_decisions, load_decisions
from training.data.download import download
from training.data.image_folder import landmark_names, list_image_folder
from training.data.landmarks_draft import write_draft
from training.data.manifest import DataError, Entry, check_leaks, summary, write_manifest
from training.data.manifest_folder import (
    MANIFEST_FOLDER_BITS,
    check_manifest_folder,
    labelled_files,
    load_manifest_folder,
)
from training.data.split import check_classes, draw_splits, one_split_per_group

SEED = 7  # of the splits that the source does not have


@dataclass(frozen=True, slots=True)
class Source:
    """Where photos come from.

    Args:
        kind: ``manifest_folder``: a folder with its own manifest; ``image_folder``: one with a folder of photos for
            each landmark; ``archive``: the course's archive as a file; ``url``: the same at an address.
    """

    kind: Literal["manifest_folder", "image_folder", "archive", "url"]
    where: str | Path

    @property
    def name(self) -> str:
        """The last part of a path, so that reports do not show folders of this machine."""
        return str(self.where) if self.kind == "url" else Path(self.where).resolve().name


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` wrote into a folder.

    Args:
        gaps: landmarks whose places may be filled in.
    """

    folder: Path
    entries: list[Entry]
    stats: DatasetStats
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
    def landmarks_draft(self) -> Path:
        return self.folder / "landmarks.toml"

    def summary(self) -> str:
        """The splits, then everything that differs from the source, as lines."""
        gaps = [f"{self.landmarks_draft}: you can add the places of {', '.join(self.gaps)}"] if self.gaps else []
        return "\n".join([summary(self.entries), *self.stats.remarks(), *gaps, f"report: {self.report}"])


def prepare(source: Source, to: Path, *, decisions: Path | None = None) -> Prepared:
    """Read every photo and write the manifest, its figures and its report.

    Args:
        to: the folder to write to; an archive is downloaded and unpacked into it as well.
        decisions: a CSV of people's decisions, see `training.data.decisions`.

    Raises:
        DataError: the photos are invalid; only an archive's photos have been written then.
    """
    rows = load_decisions(decisions) if decisions else None  # first, as it is quick and a typo is likely
    root, photos, left_out = _read(source, to)
    decided = apply_decisions(photos, rows) if rows is not None else Decided(photos, [], {})
    photos, conflicts = without_conflicts(decided.photos)
    bits = MANIFEST_FOLDER_BITS if source.kind == "manifest_folder" else SAME_LANDMARK_BITS
    groups = near_duplicate_groups(photos, bits)
    assigned, moved = one_split_per_group(photos, groups)
    splits = draw_splits(photos, groups, assigned, SEED)
    if source.kind != "manifest_folder":
        check_classes(photos, splits)
    entries = [
        Entry(p.file.path, p.sha256, split, p.file.role, p.file.label, group, p.width, p.height, p.file.source)
        for p, split, group in zip(photos, splits, groups, strict=True)
    ]
    check_leaks(entries)
    stats = dataset_stats(
        entries,
        source=source.name,
        root=root,
        seed=SEED,
        bits=bits,
        left_out=[*left_out, *decided.left_out, *conflicts],
        moved=moved,
        decisions=decided.counts,
    )
    return _write(source, Prepared(to, entries, stats, []), root)


def _read(source: Source, to: Path) -> tuple[Path, list[Photo], list[LeftOut]]:
    """The folder of the photos, the photos, and the files that cannot be read."""
    if source.kind == "manifest_folder":
        root = Path(source.where).resolve()
        entries = load_manifest_folder(root)
        photos, left_out = audit(labelled_files(entries))
        check_manifest_folder(entries, photos, left_out)
        return root, photos, []
    root = _image_folder(source, to).resolve()
    photos, left_out = audit(list_image_folder(root))
    if not photos:
        raise DataError(f"No photo in {root} can be read. The first: {left_out[0].reason}")
    return root, photos, left_out


def _image_folder(source: Source, to: Path) -> Path:
    if source.kind == "image_folder":
        return Path(source.where)
    archive = download(str(source.where), to) if source.kind == "url" else Path(source.where)
    return extract(archive, to / "photos")


def _write(source: Source, prepared: Prepared, root: Path) -> Prepared:
    """Write all files, the manifest last: if it exists, everything else does."""
    prepared.folder.mkdir(parents=True, exist_ok=True)
    gaps = [] if source.kind == "manifest_folder" else _write_draft(prepared, landmark_names(root))
    prepared.stats.write(prepared.data)
    write_report(prepared.report, prepared.stats, prepared.entries)
    write_manifest(prepared.manifest, prepared.entries)
    return replace(prepared, gaps=gaps)


def _write_draft(prepared: Prepared, names: Mapping[str, str]) -> list[str]:
    return write_draft(prepared.landmarks_draft, {key: names[key] for key in prepared.stats.classes})
