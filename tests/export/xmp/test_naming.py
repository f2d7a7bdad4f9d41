"""Which sidecar belongs to a photo, and which is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.rows import Naming
from tagger.export.xmp.naming import forget_folders, sidecar_paths

CASES: list[tuple[str, Naming, str, str, str | None]] = [
    # files beside a.jpg (=CR2: what a.xmp says), naming, targets, existing, the note
    ("", "appended", "a.jpg.xmp", "", None),
    ("", "replaced", "a.xmp", "", None),
    ("", "both", "a.jpg.xmp a.xmp", "", None),
    ("a.xmp", "appended", "a.xmp", "a.xmp", None),
    ("a.XMP", "appended", "a.XMP", "a.XMP", None),
    ("a.jpg.XMP", "appended", "a.jpg.XMP", "a.jpg.XMP", None),
    ("a.jpg.xmp", "appended", "a.jpg.xmp", "a.jpg.xmp", None),
    ("a.jpg.xmp a.xmp", "appended", "a.jpg.xmp", "a.jpg.xmp a.xmp", "a.xmp exists too"),
    ("a.jpg.xmp a.xmp", "replaced", "a.xmp", "a.jpg.xmp a.xmp", None),
    ("a.cr2 a.xmp", "appended", "a.jpg.xmp", "", "a.xmp belongs to a.cr2"),
    ("a.cr2 a.xmp", "replaced", "a.jpg.xmp", "", "a.xmp belongs to a.cr2"),
    ("a.cr2 a.xmp", "both", "a.jpg.xmp", "", "a.xmp belongs to a.cr2"),
    ("a.cr2", "replaced", "a.jpg.xmp", "", "a.xmp belongs to a.cr2"),
    ("a.cr2 a.xmp=JPG", "appended", "a.xmp", "a.xmp", None),
    ("a.cr2 a.xmp=CR2", "appended", "a.jpg.xmp", "", "a.xmp belongs to a.cr2"),
    ("a.png a.xmp", "appended", "a.jpg.xmp", "", "a.xmp belongs to a.png"),
    ("a.png a.nef a.xmp", "appended", "a.jpg.xmp", "", "a.xmp belongs to a.nef"),
    ("a.mov a.txt a.xmp", "appended", "a.xmp", "a.xmp", None),
    ("a.jpg.jpg a.xmp", "appended", "a.xmp", "a.xmp", None),
]


@pytest.mark.parametrize(("files", "naming", "targets", "existing", "note"), CASES)
def test_the_sidecar_of_a_photo(
    tmp_path: Path, files: str, naming: Naming, targets: str, existing: str, note: str | None
) -> None:
    said = {tmp_path / name: extension for name, _, extension in (file.partition("=") for file in files.split())}
    for path in (tmp_path / "a.jpg", *said):
        path.touch()
    forget_folders()
    found = sidecar_paths(str(tmp_path / "a.jpg"), naming, lambda sidecar: said[Path(sidecar)] or None)
    assert found.targets == tuple(str(tmp_path / name) for name in targets.split())
    assert found.existing == tuple(str(tmp_path / name) for name in existing.split())
    assert (found.note is None) if note is None else note in (found.note or "")


def test_a_raw_photo_owns_the_sidecar_of_its_name(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.NEF", "a.xmp"):
        (tmp_path / name).touch()
    forget_folders()
    assert sidecar_paths(str(tmp_path / "a.NEF"), "appended", lambda _: None).targets == (str(tmp_path / "a.xmp"),)
