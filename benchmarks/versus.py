"""Is this checkout as fast as another one? Both take turns in one run, with the same Python and packages.

    python -m benchmarks versus OTHER_CHECKOUT [startup] [throughput] [rescan] [bot] [--turns 5]

A first turn of each warms caches and does not count. A ratio is the median of the turns' ratios: above 1, this checkout
is slower.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.photos import LARGE, SMALL, TELEGRAM, enlarged, real_photos
from benchmarks.processes import cost, run_seconds, tagger_command
from benchmarks.speed import bot, rescan
from benchmarks.telegram import Bot, Server

THIS = Path(__file__).parents[1]

Figures = dict[str, float]  # seconds by name
Turn = Callable[[Path], Figures]  # of a checkout


def startup(data: Path, place: Path, _photos: int, _files: int) -> Turn:
    (photo,) = enlarged(real_photos(data), place / "photos", 1, LARGE)
    commands: dict[str, list[object]] = {"tagger --help": ["--help"], "tagger suggest, 12 MP": ["suggest", photo]}
    return lambda checkout: {
        name: cost(tagger_command(*arguments), PYTHONPATH=str(checkout)).seconds for name, arguments in commands.items()
    }


def throughput(data: Path, place: Path, photos: int, _files: int) -> Turn:
    sizes = {"800 px": (SMALL, photos), "12 MP": (LARGE, max(1, photos // 10))}
    for name, (size, count) in sizes.items():
        enlarged(real_photos(data), place / name, count, size)

    def turn(checkout: Path) -> Figures:
        figures = {}
        for name, (_, count) in sizes.items():
            with TemporaryDirectory() as fresh:
                database = Path(fresh) / "tags.sqlite"
                whole = cost(tagger_command("tag", place / name, "--db", database), PYTHONPATH=str(checkout))
                figures[f"a photo of {name}"] = run_seconds(database) / count
                figures[f"a photo of {name}, processor"] = whole.cpu_s / count
        return figures

    return turn


def unchanged(_data: Path, place: Path, _photos: int, files: int) -> Turn:
    rescan.make_tree(place / "photos", files)
    rescan.fill(place / "photos", place / "filled.sqlite")

    def turn(checkout: Path) -> Figures:
        database = place / f"{'this' if checkout == THIS else 'other'}.sqlite"
        if not database.exists():
            shutil.copy(place / "filled.sqlite", database)
        whole = cost(tagger_command("tag", place / "photos", "--db", database), PYTHONPATH=str(checkout))
        return {f"{files:,} unchanged files": whole.seconds, "the same, without start": run_seconds(database)}

    return turn


def telegram(data: Path, place: Path, photos: int, _files: int) -> Turn:
    together = enlarged(real_photos(data), place / "photos", photos, TELEGRAM)
    alone = enlarged(real_photos(data)[::-1], place / "alone", bot.WARM_UP + max(1, photos // 5), TELEGRAM)

    def turn(checkout: Path) -> Figures:
        with TemporaryDirectory() as fresh, Server() as server:
            process = Bot(server, Path(fresh), PYTHONPATH=str(checkout))
            bot.latencies(server, alone[: bot.WARM_UP])
            latency_s = median(bot.latencies(server, alone[bot.WARM_UP :]))
            loaded = bot.load(server, process, together, max(1, photos // 10))
            process.stop()
        return {
            "the bot's answer": latency_s,
            "a photo of many in the bot": loaded.seconds / loaded.photos,
            "the same, processor": loaded.bot_cpu_s / loaded.photos,
        }

    return turn


BENCHMARKS = {"startup": startup, "throughput": throughput, "rescan": unchanged, "bot": telegram}


def main(other: str, *names: str, data: Path, turns: int = 5, photos: int = 300, files: int = 200_000) -> None:
    if strangers := set(names) - BENCHMARKS.keys():
        sys.exit(f"{', '.join(sorted(strangers))}: benchmarks: {', '.join(BENCHMARKS)}.")
    print(f"{'median seconds of ' + str(turns):28} {'other':>9} {'this':>9} {'ratio':>7}")
    for name in names or BENCHMARKS:
        with TemporaryDirectory() as place:
            turn = BENCHMARKS[name](data, Path(place), photos, files)
            pairs = [(turn(Path(other).resolve()), turn(THIS)) for _ in range(1 + turns)][1:]
        for figure in pairs[0][0]:
            before, after = ([pair[side][figure] for pair in pairs] for side in (0, 1))
            ratio = median(new / old for old, new in zip(before, after, strict=True))
            print(f"{figure:28} {median(before):9.4f} {median(after):9.4f} {ratio:7.3f}", flush=True)
