"""Which files does one photo touch on its way, in `tagger tag` and in the bot?

    python -m benchmarks trip [--checkout FOLDER]

A file counts if at least one of its functions is called in the command's process, from start to end, in any thread,
during imports too, with a new database. A return is a step into a file that was left before, for a reader who reads
each function when it is first called. Decoder processes are counted separately, and so are the steps of the bot from a
photo's arrival to its answer, after it has answered another one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.photos import real_photos
from benchmarks.processes import cost, tagger_command
from benchmarks.telegram import Bot, Server

THIS = Path(__file__).parents[1]
TRACER = """
import mmap, os, sys, threading

log = os.open(os.environ["TRIP_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
part = mmap.mmap(os.open(os.environ["TRIP_PART"], os.O_RDONLY), 1, prot=mmap.PROT_READ)
packages = tuple(os.path.join(os.environ["TRIP_ROOT"], name, "") for name in ("tagger", "db"))
seen = set()

def trace(frame, event, _):
    code, now = frame.f_code, part[0]
    if event == "call" and (code, now) not in seen:
        seen.add((code, now))
        is_function = code.co_flags & 1  # not the body of a module or a class
        if is_function and code.co_filename.startswith(packages):
            os.write(log, f"{os.getpid()} {now} {code.co_filename} {code.co_qualname}\\n".encode())

threading.setprofile(trace)
sys.setprofile(trace)
"""


class Tracer:
    """Records calls in every Python process that is started with its variables."""

    def __init__(self, place: Path, checkout: Path) -> None:
        place.mkdir()
        (place / "sitecustomize.py").write_text(TRACER)
        self._part, self._log, self._root = place / "part", place / "log", checkout
        self._part.write_bytes(bytes(1))
        self.variables = {
            "PYTHONPATH": f"{place}{os.pathsep}{checkout}",
            "TRIP_LOG": str(self._log),
            "TRIP_PART": str(self._part),
            "TRIP_ROOT": str(checkout),
        }

    def begin_part(self, number: int) -> None:
        """From here on, each function is recorded again."""
        with self._part.open("r+b") as file:
            file.write(bytes([number]))

    def calls(self, *, in_decoders: bool = False, part: int | None = None) -> list[tuple[str, str]]:
        """File and function, of the first process or of those that it started."""
        lines = [line.split(" ", 3) for line in self._log.read_text().splitlines()]
        return [
            (os.path.relpath(file, self._root), function)
            for process, number, file, function in lines
            if (process != lines[0][0]) == in_decoders and part in (None, int(number))
        ]


def tag(photo: Path, place: Path, checkout: Path) -> Tracer:
    tracer = Tracer(place / "tag", checkout)
    (place / "photos").mkdir()
    shutil.copy(photo, place / "photos")
    cost(tagger_command("tag", place / "photos", "--db", place / "tags.sqlite"), **tracer.variables)
    return tracer


def bot(photos: Sequence[Path], place: Path, checkout: Path) -> Tracer:
    """The first photo is answered in part 0, another in part 1."""
    tracer = Tracer(place / "bot", checkout)
    with Server() as server:
        process = Bot(server, place / "bot", **tracer.variables)
        for number, photo in enumerate(photos):
            tracer.begin_part(number)
            server("photos", files=[str(photo)], chats=1)
            server.wait_answered(number + 1)
            server("wait", quiet_s=1.0)
        tracer.begin_part(len(photos))
        process.stop()
    return tracer


def print_trip(name: str, calls: list[tuple[str, str]]) -> None:
    """Rooms in the order in which the photo first reaches them, with their files."""
    steps = [file for file, _ in groupby(file for file, _ in dict.fromkeys(calls))]
    rooms: dict[str, list[str]] = {}
    for file in dict.fromkeys(steps):
        rooms.setdefault(os.path.dirname(file), []).append(Path(file).stem)
    count = sum(map(len, rooms.values()))
    print(f"{name}: {count} files, {len(steps) - count} returns")
    for room, files in rooms.items():
        print(f"  {room:22}  {' · '.join(files)}")
    print()


def main(checkout: str = str(THIS), *, data: Path) -> None:
    root = Path(checkout).resolve()
    photos = real_photos(data)[:2]
    with TemporaryDirectory() as name:
        tagging, answering = tag(photos[0], Path(name), root), bot(photos, Path(name), root)
        print_trip("tagger tag, one photo", tagging.calls())
        print_trip("its decoder process", tagging.calls(in_decoders=True))
        print_trip("tagger bot, from its start to its end", answering.calls())
        print_trip("of these, a photo's arrival to its answer", answering.calls(part=1))
