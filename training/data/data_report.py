"""The report on a data set as one HTML page: `data.html`.

It shows thumbnails of a few photos, so do not publish it unless you may publish those. It contains no path outside the
source.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tagger.image.thumbnail import data_uri
from training.data.dataset_stats import Counts, DatasetStats
from training.data.manifest import SPLITS, Entry
from training.publish.html import Bar, render

SAMPLES = 3  # photos of each label
THUMBNAIL_PX = 160
MAX_BYTES = 2_000_000  # of thumbnails; later labels get none
MAX_ROWS = 1000


def write_report(path: Path, stats: DatasetStats, entries: Sequence[Entry]) -> None:
    """Write the page.

    Args:
        entries: of the manifest; a few of their photos are read again as samples.
    """
    samples, hidden = _samples(entries)
    largest = max(1, *stats.sides_px.values())
    page = render(
        "data",
        title=f"Data set {stats.source}",
        stats=stats,
        photos=sum(sum(counts.values()) for counts in stats.splits.values()),
        splits=[(split, *counts.values()) for split, counts in stats.splits.items()],
        labels=[
            (title, [(label, *row.values(), sum(row.values())) for label, row in counts.items()], _bars(counts))
            for title, counts in (("Landmarks", stats.classes), ("Negatives", stats.negatives))
            if counts
        ],
        changes=[
            ("Left out", ("path", "reason"), [list(photo.values()) for photo in stats.left_out]),
            ("Moved to another split", ("path", "was", "now"), [list(photo.values()) for photo in stats.moved]),
        ],
        max_rows=MAX_ROWS,
        size_bars=[[("train", count / largest)] for count in stats.sides_px.values()],
        samples=samples,
        hidden_labels=hidden,
    )
    path.write_text(page, encoding="utf-8")


def _bars(counts: Counts) -> list[Bar]:
    largest = max(sum(row.values()) for row in counts.values())
    return [[(split, row[split] / largest) for split in SPLITS] for row in counts.values()]


def _samples(entries: Sequence[Entry]) -> tuple[list[tuple[str, list[str]]], int]:
    """Random but reproducible thumbnails of each label, and the number of labels that have none."""
    labels: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.sha256):
        labels[entry.role, entry.label].append(entry)
    samples: list[tuple[str, list[str]]] = []
    size = 0
    for (role, label), photos in sorted(labels.items()):
        if size > MAX_BYTES:
            break
        uris = [uri for photo in photos[:SAMPLES] if (uri := data_uri(str(photo.path), THUMBNAIL_PX))]
        size += sum(map(len, uris))
        samples.append((label if role == "landmark" else f"{label} (negative)", uris))
    return samples, len(labels) - len(samples)
