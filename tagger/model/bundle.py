"""Open, verify and write a bundle: a folder with `card.json` and the weights that it names.

The one rule: the files of a verified `Bundle` have the bytes that its card was written for.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import BundleDamaged, BundleNotFound, BundleTooNew
from tagger.core.text import format_bytes, printable
from tagger.model.card import FIRST_LOOK, FORMAT, Card, identity, upgraded

CARD_FILE = "card.json"
SHIPPED = "world"
MOST_CARD_BYTES = 16 << 20  # the shipped card has 75 kB
MOST_FILE_BYTES = 4 << 30  # the largest networks of torchvision have 2.6 GB
CHUNK_BYTES = 1 << 20
LAST_FORMAT = 1000  # a higher number does not come from a later version
MOST_PARTS = 4  # of a place in a card, which may be nested deeply


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model folder.

    Args:
        model_id: sha256 of what determines its answers; bundles that share it are the same model.
    """

    folder: Path
    card: Card
    model_id: str

    def file(self, name: str) -> Path:
        """The path of one of the card's files.

        Raises:
            BundleDamaged: the card names no such file.
        """
        if name not in self.card.files:
            raise BundleDamaged(self.folder / CARD_FILE, f"it does not name {name!r}, which this engine needs")
        return self.folder / name

    def read(self, name: str) -> bytes:
        """The content of one of the card's files. A mapped file would end the process if somebody rewrote it.

        Raises:
            BundleDamaged: the card names no such file, or its bytes are not the ones that the card describes.
        """
        content = b"".join(_chunks(self.file(name), MOST_FILE_BYTES))
        _compare(self.folder / name, hashlib.sha256(content).hexdigest(), self.card.files[name])
        return content

    @property
    def first_look(self) -> Bundle | None:
        """The first look's network as a separate bundle; None if there is no first look."""
        if (first := self.card.first_look) is None:
            return None
        inside = f"{FIRST_LOOK}/"
        files = {name.removeprefix(inside): sha for name, sha in self.card.files.items() if name.startswith(inside)}
        card = replace(self.card, network=first.network, temperature=first.temperature, files=files, first_look=None)
        return Bundle(self.folder / FIRST_LOOK, card, self.model_id)


def shipped_folder() -> Path:
    """The bundle that comes with the package."""
    return Path(str(resources.files("tagger"))) / "bundles" / SHIPPED


def open_bundle(folder: Path | None = None, *, verify: bool = True) -> Bundle:
    """Open a model folder.

    Args:
        folder: None means the shipped bundle.
        verify: compare each file with its sha256; skip it only if the weights are not used.

    Raises:
        BundleNotFound: it has no card.json.
        BundleDamaged: the card or a weights file is invalid.
        BundleTooNew: written by a later version.
    """
    folder = (folder or shipped_folder()).absolute()
    card, raw = _read_card(folder)
    if verify:
        for name, expected in card.files.items():
            _verify(folder / name, expected)
    canonical = json.dumps(identity(raw), sort_keys=True, separators=(",", ":"))
    return Bundle(folder, card, hashlib.sha256(canonical.encode()).hexdigest())


def write_bundle(folder: Path, card: Card, files: Mapping[str, bytes]) -> Bundle:
    """Write the weights and then the card, so that an interrupted write leaves no bundle.

    Args:
        card: its `files` are filled in here.
        files: content by file name, which may be in a folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CARD_FILE).unlink(missing_ok=True)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    card = replace(card, files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    return write_card(folder, card)


def write_card(folder: Path, card: Card) -> Bundle:
    """Write the card of a bundle whose files are there, all at once: whoever reads it meanwhile reads the old one."""
    new = folder / f"{CARD_FILE}.new"
    new.write_text(_card_text(card), encoding="utf-8")
    new.replace(folder / CARD_FILE)
    return open_bundle(folder)


def _card_text(card: Card) -> str:
    """A card as JSON with a line for each field and class, for small files and readable differences."""
    values = asdict(card)
    classes = ",\n".join(map(_json, values["classes"]))
    lines = (f"{_json(key)}:" + (f"[\n{classes}\n]" if key == "classes" else _json(values[key])) for key in values)
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@cache
def _adapter() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


def _read_card(folder: Path) -> tuple[Card, dict[str, object]]:
    path = folder / CARD_FILE
    try:
        content = b"".join(_chunks(path, MOST_CARD_BYTES))
    except BundleDamaged as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise BundleNotFound(folder) from error
        raise
    try:
        raw = json.loads(content.decode("utf-8-sig"))
        json.dumps(
            raw, allow_nan=False, ensure_ascii=False
        ).encode()  # databases and other programs must be able to read it
    except (ValueError, RecursionError) as error:
        raise BundleDamaged(path, f"it cannot be read as JSON ({error})") from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(found, int) and FORMAT < found < LAST_FORMAT:
        raise BundleTooNew(path, found, FORMAT)
    try:
        return _adapter().validate_python(upgraded(raw) if found == 1 else raw), raw
    except ValidationError as error:
        first = error.errors()[0]
        place = "".join(f"{part}." for part in first["loc"][:MOST_PARTS]).rstrip(".")
        problem = first["msg"].removeprefix("Value error, ")
        raise BundleDamaged(path, printable(f"{place}: {problem}" if place else problem)) from error


def _verify(path: Path, expected: str) -> None:
    digest = hashlib.sha256()
    for chunk in _chunks(path, MOST_FILE_BYTES):
        digest.update(chunk)
    _compare(path, digest.hexdigest(), expected)


def _compare(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise BundleDamaged(path, "its bytes are not the ones that the card describes (sha256 differs)")


def _chunks(path: Path, most_bytes: int) -> Iterator[bytes]:
    """The content of a regular file, or of one that a link leads to; nothing else is read, and never endlessly."""
    try:
        # Without O_NONBLOCK, opening a pipe waits for its writer.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BundleDamaged(path, "it is not a regular file")
            if status.st_size > most_bytes:
                raise BundleDamaged(path, f"it is larger than {format_bytes(most_bytes)}")
            left = status.st_size  # somebody may still write to it
            while chunk := file.read(min(CHUNK_BYTES, left)):
                left -= len(chunk)
                yield chunk
    except (OSError, ValueError) as error:  # ValueError: a path with a null character
        problem = error.strerror if isinstance(error, OSError) else error
        raise BundleDamaged(path, f"it cannot be read ({problem})") from error
