"""The bot as an operator runs it: a process of its own, against the Bot API server of `tests.botapi`."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any, Self

import numpy as np
import psycopg
from PIL import ExifTags, Image

from db.engine import open_store, store_exists
from db.location import store_name
from tagger.model.bundle import write_bundle
from tagger.model.card import EMBEDDING_FILE, ONNX_FILE, LandmarkClass
from tagger.model.embedding import Projection
from tests.botapi import BotApiServer, Message, PeopleChat, Person
from tests.drawn import COLOURS, card, colour_network, encoded, jpeg, linear_network, normalised

START_S, ANSWER_S, STOP_S = 180.0, 120.0, 120.0  # on a machine that is busy with other things

HASTY = Path(__file__).with_name("hasty.py")

IN_WORK = "SELECT count(*) FROM telegram_update WHERE state <> 'answered'"

RED, GREEN, BLUE = COLOURS.values()
GREY = (128, 128, 128)
UNSURE, LIKELY = (160, 93, 93), (174, 79, 79)  # between grey and red: 40 and 63 %
TOWER = LandmarkClass(
    "eiffel_tower",
    "Eiffel Tower",
    "France",
    48.8584,
    2.2945,
    "Paris",
    ("Tour Eiffel",),
    threshold=0.45,
    names={"de": "Eiffelturm", "hi": "एफ़िल टॉवर", "pt": "Torre Eiffel", "ru": "Эйфелева башня"},
    cities={"ru": "Париж"},
)
WALL = LandmarkClass("great_wall", "Great Wall of China", "China", 40.3599, 116.02, "Badaling, Beijing", threshold=0.45)
SKYTREE = LandmarkClass("tokyo_skytree", "Tokyo Skytree", "Japan", 35.71, 139.81, "Tokyo", threshold=0.45)
CLASSES = (TOWER, WALL, SKYTREE)  # red, green and blue


def bundle(folder: Path, classes: tuple[LandmarkClass, ...] = CLASSES) -> Path:
    """A model for which red is the first landmark, green the second and blue the third, by 94 to 97 %.

    Others have at least 1 %, so that answers show them. Grey is none of them, by 86 %.
    """
    return write_bundle(folder / "bundle", card(classes=classes), {ONNX_FILE: _network()}).folder


def teachable_bundle(folder: Path) -> Path:
    """The same with embeddings: the direction of a photo's mean colour, seen from grey."""
    corners = np.array(list(product((-1, 1), repeat=3)), np.float32) / np.sqrt(np.float32(3))
    projection = Projection(np.eye(3, dtype=np.float32), np.zeros(3, np.float32), background=corners)
    files = {ONNX_FILE: _network(with_features=True), EMBEDDING_FILE: projection.to_bytes()}
    return write_bundle(folder / "bundle", card(classes=CLASSES), files).folder


def _network(*, with_features: bool = False) -> bytes:
    by_channel = np.vstack([1.95 * normalised([RED, GREEN, BLUE]), np.full((1, 3), 6.0)])
    return linear_network(by_channel, np.array([-2.9, -2.7, -2.8, 0.0]), with_features=with_features)


def large_bundle(folder: Path, count: int) -> Path:
    """A model of up to 63 towers, twenty to a country, each of the colour that `shade` returns."""
    countries = [f"{letter}-land" for letter in "ABCD" for _ in range(20)]
    towers = [
        LandmarkClass(f"tower_{n}", f"Tower {n:02}", countries[n], 10.0, float(n), threshold=0.45) for n in range(count)
    ]
    network = colour_network([shade(number) for number in range(count + 1)], sharpness=40.0)
    return write_bundle(folder, card(classes=tuple(towers)), {ONNX_FILE: network}).folder


def shade(number: int) -> tuple[int, int, int]:
    return number // 16 * 85, number // 4 % 4 * 85, number % 4 * 85


def picture(colour: tuple[int, int, int], number: int = 0) -> bytes:
    """A photo of one colour; each number gives another file that looks the same."""
    return jpeg(colour, (320, 240 + number), quality=90)


class RunningBot:
    """`tagger bot` with a database and a folder of its own; stopped when the context ends.

    Args:
        settings: the bot's settings, on top of the test's server and model; None takes one away.
    """

    command = "bot"

    def __init__(self, server: BotApiServer, model: Path, folder: Path, **settings: object) -> None:
        self.server = server
        self.database = folder / "tags.sqlite"
        self.server_url: str | None = None  # of a database elsewhere
        self.folder = folder
        self._output = folder / "output.txt"
        own = {
            "TAGGER_BOT_API_URL": server.url,
            "TAGGER_BOT_TOKEN": server.token,
            "TAGGER_BUNDLE": str(model),
            "TAGGER_BOT_FOLDER": str(folder / "telegram"),
            "TAGGER_BOT_ALBUM_MS": "400",
        }
        given = {f"TAGGER_{name.upper()}": str(value) for name, value in settings.items()}
        self.environment = {name: value for name, value in (os.environ | own | given).items() if value != "None"}
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def start(self) -> None:
        command = [sys.executable, "-W", "error", str(HASTY), self.command, "--db", self.url]
        with self._output.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def kill(self) -> None:
        """SIGKILL: nothing is finished."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def wait_for_death(self) -> int:
        """Wait until the bot ends by itself, and return its exit code."""
        assert self.process is not None
        return self.process.wait(ANSWER_S)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop the bot as a service manager would, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(STOP_S)

    def settle(self) -> None:
        """Wait until the bot has handled everything, however busy the machine is."""
        self.server.wait_until_confirmed(ANSWER_S)
        self.wait("nothing to be in work", lambda: self.rows(IN_WORK) == [(0,)])

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        """Poll until a condition is true."""
        until = time.monotonic() + ANSWER_S
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"waited {ANSWER_S} s for {what}; the bot has said:\n{self.output}")
            time.sleep(0.05)

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def url(self) -> str:
        """Of its database."""
        return self.server_url or str(self.database)

    @property
    def name(self) -> str:
        """Of its database, in messages."""
        return store_name(self.url) if self.server_url else str(self.database)

    def is_there(self) -> bool:
        """Whether its database has the tables."""
        return store_exists(self.url)

    def change(self, statement: str) -> None:
        """Change rows behind the bot's back."""
        with open_store(self.url) as store, store.write() as connection:
            connection.exec_driver_sql(statement)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        if self.server_url:
            with psycopg.connect(self.server_url) as server:
                return server.execute(query.replace("?", "%s"), values or None).fetchall()
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, values).fetchall()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answer(chat: PeopleChat, message: Message) -> Message:
    """The bot's reply to a message."""
    return chat.wait_for_answer(message, timeout_s=ANSWER_S)


def said(chat: PeopleChat, message: Message) -> Message:
    """The bot's next message after one."""
    return chat.wait_for_message(after=message, where=lambda found: found.from_bot, timeout_s=ANSWER_S)


def sent(chat: PeopleChat, message: Message, kind: str) -> Message:
    """The bot's next message of a kind after one, such as a document."""
    return chat.wait_for_message(
        after=message, where=lambda found: found.from_bot and found.kind == kind, timeout_s=ANSWER_S
    )


def texts(chat: PeopleChat) -> list[str]:
    """What the bot said in a chat."""
    return [message.text for message in chat.messages if message.from_bot]


def buttons(message: Message) -> list[str]:
    """The texts of a message's buttons, in reading order."""
    return [label for row in message.buttons for label in row]


def tapped(chat: PeopleChat, person: Person, message: Message, button: str) -> str:
    """Tap a button, wait until the bot has answered, and return the text that it shows for a moment."""
    return str(chat.tap(person, message, button).wait_for_answer(timeout_s=ANSWER_S).get("text", ""))


def gps_photo(colour: tuple[int, int, int], lat: float, lon: float, image_format: str = "JPEG") -> bytes:
    """An image with coordinates."""
    exif = Image.Exif()
    exif[ExifTags.IFD.GPSInfo] = {
        ExifTags.GPS.GPSLatitudeRef: "N" if lat >= 0 else "S",
        ExifTags.GPS.GPSLatitude: _parts(abs(lat)),
        ExifTags.GPS.GPSLongitudeRef: "E" if lon >= 0 else "W",
        ExifTags.GPS.GPSLongitude: _parts(abs(lon)),
    }
    read = Image.Exif()
    read.load(exif.tobytes())  # Pillow writes into a TIFF only what it has read
    return encoded(Image.new("RGB", (320, 240), colour), image_format, quality=90, exif=read)


def _parts(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 3)
