"""The report on a data set as one HTML page: `data.html`.

The one rule: it holds small thumbnails of a few photos and no path outside the source, so that it stays small; it is
made for whoever may see the photos, not for publication.
"""

from __future__ import annotations

import base64
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from tagger.core.run_options import Limits
from tagger.image.decode import decode, read
from training.data.dataset_stats import Counts, DatasetStats, LeakCheck
from training.data.manifest import SPLITS, Entry
from training.publish.html import Html, bar, figure, folded, heading, page, paragraph, sheet, table

SAMPLES = 3  # photos of each label
THUMB_PX = 120
QUALITY = 65
MOST_BYTES = 2_000_000  # of thumbnails; what comes after is not shown
MOST_LINES = 1000


def write_report(path: Path, stats: DatasetStats, entries: Sequence[Entry]) -> None:
    """Write the page.

    Args:
        entries: of the manifest; a few of their photos are read again for the sample sheet.
    """
    sections = [*_totals(stats), *_leaks(stats.leak_check), *_labels(stats), *_changes(stats), *_sizes(stats)]
    path.write_text(page(f"Data set {stats.source}", [*sections, *_samples(entries)]), encoding="utf-8")


def _totals(stats: DatasetStats) -> Iterator[str]:
    photos = sum(sum(counts.values()) for counts in stats.splits.values())
    yield paragraph(f"{photos:,} photos of {len(stats.classes):,} landmarks and of ordinary things. Seed {stats.seed}.")
    rows = [(split, counts["landmark_photos"], counts["negatives"]) for split, counts in stats.splits.items()]
    yield table(("split", "#landmark photos", "#negatives"), rows)


def _leaks(check: LeakCheck) -> Iterator[str]:
    yield heading("Near-duplicates")
    yield paragraph(
        f"No photo and no near-duplicate is in two splits: {check.groups:,} groups of {check.photos_in_groups:,} "
        f"photos were found (at most {check.largest_group:,} in one), {check.straddling:,} of them in two splits. "
        f"{check.moved:,} photos were moved for that.",
        "good",
    )
    yield paragraph(
        f"Two photos of one landmark count as near-duplicates if at most {check.same_landmark_bits} of the 64 bits of "
        f"their difference hashes differ, any other two if at most {check.any_label_bits} do.",
        "soft",
    )


def _labels(stats: DatasetStats) -> Iterator[str]:
    for title, counts in (("Landmarks", stats.classes), ("Negatives", stats.negatives)):
        if counts:
            yield heading(title)
            yield table(("label", "", *(f"#{split}" for split in SPLITS), "#all"), _bars(counts))


def _bars(counts: Counts) -> Iterator[tuple[str, Html, int, int, int, int]]:
    most = max(sum(row.values()) for row in counts.values())
    for label, row in counts.items():
        train, val, test = (row[split] for split in SPLITS)
        drawn = bar([(split, row[split] / most) for split in SPLITS])
        yield label, drawn, train, val, test, train + val + test


def _changes(stats: DatasetStats) -> Iterator[str]:
    if stats.decisions:
        yield heading("Decided by people")
        yield table(("photos", "#count"), stats.decisions.items())
    for title, lines in (("Left out", stats.left_out), ("Moved to another split", stats.moved)):
        yield heading(title)
        if not lines:
            yield paragraph("None.", "soft")
            continue
        rows = [tuple(line.values()) for line in lines[:MOST_LINES]]
        shown = f"{len(lines):,} photos" + (f", the first {MOST_LINES:,}" if len(lines) > MOST_LINES else "")
        yield folded(shown, table(tuple(lines[0]), rows))


def _sizes(stats: DatasetStats) -> Iterator[str]:
    yield heading("Sizes")
    most = max(1, *stats.sides_px.values())
    rows = [(name, bar([("train", count / most)]), count) for name, count in stats.sides_px.items()]
    yield table(("short side, px", "", "#photos"), rows)


def _samples(entries: Sequence[Entry]) -> Iterator[str]:
    """A few photos of each label, chosen by their content: by chance, but always the same ones."""
    labels: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.sha256):
        labels[entry.role, entry.label].append(entry)
    yield heading("Samples")
    figures: list[Html] = []
    size = 0
    for (role, label), own in sorted(labels.items()):
        if size > MOST_BYTES:
            yield paragraph(
                f"{len(labels) - len(figures):,} more labels are not shown, to keep this page small.", "soft"
            )
            break
        thumbs = [thumbnail(entry.path) for entry in own[:SAMPLES]]
        size += sum(map(len, thumbs))
        figures.append(figure(thumbs, label if role == "landmark" else f"{label} (negative)"))
    yield sheet(figures)


def thumbnail(path: Path) -> str:
    """A small JPEG as a data URI."""
    limits = Limits()
    data = read(str(path), limits.max_file_bytes)
    image = decode(data, min_side_px=THUMB_PX, max_pixels=limits.max_pixels).image
    image.thumbnail((2 * THUMB_PX, THUMB_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
