"""Open, verify and write a bundle: a folder with `card.json` and the weights that it names.

The one rule: the files of a verified `Bundle` have the bytes that its card was written for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from tagger.core.errors import BundleDamaged, BundleNotFound, BundleTooNew
from tagger.model.card import FIRST_LOOK, FORMAT, Card, identity

CARD_FILE = "card.json"
SHIPPED = "world"


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
            raise BundleDamaged(self.folder / CARD_FILE, f"it names no {name!r}, which this engine needs")
        return self.folder / name

    @property
    def first_look(self) -> Bundle | None:
        """The first look's network as a bundle of its own; None if there is no first look."""
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
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    (folder / CARD_FILE).write_text(text, encoding="utf-8")
    return open_bundle(folder)


@cache
def _adapter() -> TypeAdapter[Card]:
    return TypeAdapter(Card)


def _read_card(folder: Path) -> tuple[Card, dict[str, object]]:
    path = folder / CARD_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BundleNotFound(folder) from error
    except (OSError, ValueError) as error:
        raise BundleDamaged(path, f"it cannot be read as JSON ({error})") from error
    found = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(found, int) and found > FORMAT:
        raise BundleTooNew(path, found, FORMAT)
    try:
        return _adapter().validate_python(raw), raw
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "card"
        raise BundleDamaged(path, f"{place}: {first['msg']}") from error


def _verify(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleDamaged(path, f"it cannot be read ({error.strerror})") from error
    if found != expected:
        raise BundleDamaged(path, "its bytes are not the ones that the card describes (sha256 differs)")
