"""What does a bundle's first look gain on a library, what does it cost on landmark photos, and does it lose tags?

`tagger tag` runs with the bundle, and with the same bundle without its first look, in turns, into fresh databases. Of
the photos of 800 px a tenth shows landmarks and the rest is ordinary, as in a real library; then all show landmarks.
A first turn warms the caches and does not count. A ratio is the median of the turns' ratios; seconds do not include the
start of the process.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.photos import SMALL, enlarged, real_photos
from benchmarks.processes import ask, cost, print_table, run_seconds, tagger_command
from tagger.model.bundle import Bundle, open_bundle, write_bundle
from tagger.model.card import FIRST_LOOK
from training.data.kinds import audience

TAGS = "SELECT file.path, tag.landmark_id FROM tag JOIN file USING (photo_id)"
BY_FIRST = "SELECT avg(look = 'first') FROM assessment"


def ordinary_photos(data: Path) -> list[Path]:
    """The ordinary photos of the test split, shuffled by their names, which are hashes."""
    photos = (data / "negatives" / "test").glob("*/*")
    return sorted((file for file in photos if audience(file.parent.name) == "ordinary"), key=lambda file: file.name)


def without_first_look(bundle: Bundle, folder: Path) -> Bundle:
    files = {name: bundle.file(name).read_bytes() for name in bundle.card.files if not name.startswith(FIRST_LOOK)}
    return write_bundle(folder, replace(bundle.card, first_look=None), files)


def tag(bundle: Bundle, photos: Path, database: Path) -> tuple[float, float]:
    """Seconds and processor seconds."""
    whole = cost(tagger_command("tag", photos, "--db", database, "--bundle", bundle.folder))
    return run_seconds(database), whole.cpu_s


def compare(name: str, both: Bundle, alone: Bundle, photos: Path, turns: int) -> None:
    count = len(list(photos.iterdir()))
    pairs = []
    for _ in range(1 + turns):
        with TemporaryDirectory() as fresh:
            two, one = Path(fresh) / "two.sqlite", Path(fresh) / "one.sqlite"
            pairs.append((tag(both, photos, two), tag(alone, photos, one)))
            tags, kept = set(ask(one, TAGS)), set(ask(two, TAGS))
            by_first = ask(two, BY_FIRST)[0][0]
    rates = [[count / pair[side][0] for pair in pairs[1:]] for side in (0, 1)]
    ratio, cpu_ratio = (median(one[n] / two[n] for two, one in pairs[1:]) for n in (0, 1))
    rows = [
        (f"{name}: {count} photos", ""),
        ("  two looks", f"{median(rates[0]):7.1f} photos/s   {ratio:.2f} x one look, {cpu_ratio:.2f} x by CPU time"),
        ("  one look", f"{median(rates[1]):7.1f} photos/s"),
        ("  answered by the first", f"{by_first:7.1%}"),
        ("  tags that stay", f"{len(tags & kept):4} of {len(tags)}, {len(kept - tags)} more"),
    ]
    print_table(rows)
    print(flush=True)


def main(*, data: Path, photos: int = 1000, turns: int = 3, bundle: str = "") -> None:
    both = open_bundle(Path(bundle) if bundle else None)
    if both.card.first_look is None:
        print(f"The bundle {both.card.name} {both.card.version} has no first look.")
        return
    with TemporaryDirectory() as place:
        alone = without_first_look(both, Path(place) / "alone")
        landmarks = real_photos(data)
        tenth = photos // 10
        mix, only = Path(place) / "mix", Path(place) / "landmarks"
        ordinary = islice(cycle(ordinary_photos(data)), photos - tenth)
        enlarged([*landmarks[:tenth], *ordinary], mix, photos, SMALL)
        enlarged(landmarks[tenth:], only, photos, SMALL)
        compare("nine ordinary photos in ten", both, alone, mix, turns)
        compare("landmark photos only", both, alone, only, turns)
