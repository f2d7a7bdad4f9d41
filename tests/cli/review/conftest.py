from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Tagger
from tests.cli.review.terminal import Person
from tests.drawn import COLOURS

Sits = Callable[..., Person]


def draw_jpegs(folder: Path, count: int) -> None:
    """JPEGs as a camera writes them: a noisy scene in one of the model's colours, with a date and a position."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(7)
    for number in range(count):
        colour = list(COLOURS.values())[number % 3]
        scene = np.clip(np.array(colour) + noise.normal(0, 12, (120, 180, 3)), 0, 255).astype(np.uint8)
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:01 12:{number // 60 % 60:02}:{number % 60:02}"
        gps = {1: "N", 2: (10.0 * (number % 3 + 1) + 0.01, 0.0, 0.0), 3: "E", 4: (20.0 * (number % 3 + 1), 0.0, 0.0)}
        exif.get_ifd(0x8825).update(gps)
        Image.fromarray(scene).save(folder / f"IMG_{number:04}.jpg", quality=90, exif=exif)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six JPEGs, two of each place."""
    folder = tmp_path_factory.mktemp("drawn")
    draw_jpegs(folder, 6)
    return folder


@pytest.fixture
def album(tmp_path: Path, drawn: Path, tagger: Tagger) -> Path:
    """A tagged folder of six JPEGs."""
    folder = tmp_path / "album"
    folder.mkdir()
    for photo in sorted(drawn.iterdir()):
        (folder / photo.name).write_bytes(photo.read_bytes())
    tagger("tag", folder)
    return folder


@pytest.fixture
def sits(own: dict[str, str]) -> Iterator[Sits]:
    """Lets a person start `tagger review …` in a terminal."""
    people: list[Person] = []

    def start(*arguments: object, environment: dict[str, str] | None = None, **terminal: object) -> Person:
        own_environment = own | {"LOGNAME": "ann"} | (environment or {})
        people.append(Person("review", *arguments, environment=own_environment, **terminal))  # type: ignore[arg-type]
        return people[-1]

    yield start
    for person in people:
        person.close()


def decided(database: str) -> list[tuple[str, str, str | None]]:
    """The active decisions: a file's name, the verdict and the landmark, as they were made."""
    rows = """
        SELECT CAST(f.path AS TEXT), d.verdict, l.key FROM decision d
        JOIN file f ON f.photo_id = d.photo_id LEFT JOIN landmark l ON l.id = d.landmark_id
        WHERE d.revoked_at IS NULL AND d.who = 'ann' AND d.source = 'review' ORDER BY d.id
        """
    with closing(sqlite3.connect(database)) as connection:
        return [(os.path.basename(path), verdict, key) for path, verdict, key in connection.execute(rows)]
