"""By Immich's rule, no keyword that it shows for a photo vanishes when the photo gets a sidecar."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from db.engine import Store
from tests.export.xmp.foreign import edit_with_exiftool
from tests.export.xmp.written import needs_programs, photo, tag_photos, write

pytestmark = [pytest.mark.slow, needs_programs]

LANDMARK = "Landmark/France/Paris/Eiffel Tower"
EMBEDDED: tuple[tuple[str, ...], ...] = (
    (),
    ("-IPTC:Keywords=beach", "-IPTC:Keywords=Zoë", "-IPTC:CodedCharacterSet=UTF8"),
    ("-XMP-dc:Subject=beach", "-IPTC:Keywords=beach", "-IPTC:Keywords=only in IPTC"),
    ("-XMP-lr:HierarchicalSubject=Nature|beach", "-XMP-lr:HierarchicalSubject=A/B"),
    ("-XMP-digiKam:TagsList=Nature/beach", "-XMP-lr:HierarchicalSubject=Nature|other"),
    ("-XMP-microsoft:LastKeywordXMP=Family/Ann", "-IPTC:Keywords=Ann"),
)
BESIDE: tuple[tuple[str, ...] | None, ...] = (
    None,
    ("-XMP-xmp:Rating=3",),
    ("-XMP-dc:Subject=sea",),
    ("-XMP-lr:HierarchicalSubject=Nature|sea", "-XMP-dc:Subject=sea"),
    ("-XMP-digiKam:TagsList=Nature/sea",),
)


def read(paths: list[Path]) -> dict[Path, dict[str, Any]]:
    command = ["exiftool", "-json", "-TagsList", "-HierarchicalSubject", "-Keywords", "-@", "-"]
    found = subprocess.run(command, input="\n".join(map(str, paths)), text=True, check=False, capture_output=True)
    return {Path(row.pop("SourceFile")): row for row in json.loads(found.stdout or "[]")}


def tags_in_immich(photos: list[Path]) -> dict[Path, list[str]]:
    """The tags that Immich gives photos: a sidecar's properties hide the photo's, and the first list counts.

    Source:
        `mergeExifTags` and `getTagList` in Immich's server/src/services/metadata.service.ts, 2025.
    """
    sidecars = {path: path.with_name(f"{path.name}.xmp") for path in photos}
    found = read([*photos, *filter(Path.exists, sidecars.values())])
    return {path: tag_list(found.get(path, {}) | found.get(sidecars[path], {})) for path in photos}


def tag_list(properties: dict[str, Any]) -> list[str]:
    for name in ("TagsList", "HierarchicalSubject", "Keywords"):
        if value := properties.get(name):
            values = [str(item) for item in (value if isinstance(value, list) else [value])]
            if name == "HierarchicalSubject":
                return ["/".join(part.replace("/", "|") for part in item.split("|")) for item in values]
            return values
    return []


def test_the_keywords_that_immich_shows_stay_and_the_landmark_joins_them(store: Store, tmp_path: Path) -> None:
    cases = {photo(tmp_path / f"{n:02}.jpg"): case for n, case in enumerate(product(EMBEDDED, BESIDE))}
    edit_with_exiftool((path, embedded) for path, (embedded, _) in cases.items() if embedded)
    edit_with_exiftool((path.with_name(f"{path.name}.xmp"), beside) for path, (_, beside) in cases.items() if beside)
    before = tags_in_immich(list(cases))
    assert sum(map(bool, before.values())) > len(cases) / 2
    tag_photos(store, cases)
    assert {outcome.status for outcome in write(store)} == {"written"}
    after = tags_in_immich(list(cases))
    # A slash is a separator in digiKam's list: Immich shows it as a level of its own.
    lost = {path: set(before[path]) - {tag.replace("A/B", "A|B") for tag in after[path]} for path in cases}
    assert {cases[path]: tags for path, tags in lost.items() if tags} == {}
    assert all(after[path][-1] == LANDMARK for path in cases)
    assert "Zoë" in {tag for tags in after.values() for tag in tags}
