"""The card of a bundle: everything needed to use its weights correctly.

The one rule: nothing about a model is defined anywhere else. `card.json` is this dataclass as JSON; its `format` counts
incompatible changes. Format 2 added names and cities by language; `upgraded` reads format 1.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field, JsonValue

from tagger.core.types import InputContract, Landmark

FORMAT = 2

ONNX_FILE = "model.onnx"
SAFETENSORS_FILE = "model.safetensors"
EMBEDDING_FILE = "embedding.npz"
FIRST_LOOK = "first_look"  # the folder of its files

MOST_OUTPUTS = 100_000
MOST_FILES = 32
MOST_LETTERS = 200  # of a name
MOST_LANGUAGES = 200

Name = Annotated[str, Field(max_length=MOST_LETTERS)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
Names = Annotated[dict[Language, Annotated[Name, Field(min_length=1)]], Field(max_length=MOST_LANGUAGES)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Temperature = Annotated[float, Field(ge=1e-3, le=1e3)]


@dataclass(frozen=True, slots=True)
class LandmarkClass:
    """One output of the network.

    Args:
        threshold: the smallest calibrated score at which this landmark is a tag.
        names: by language, as its ISO 639 code; English is `name`.
        cities: the same for `city`.

    Raises:
        ValueError: only one of `lat` and `lon` is given.
    """

    id: Annotated[Name, Field(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$")]
    name: Annotated[Name, Field(min_length=1)]
    country: str | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    threshold: Ratio = field(kw_only=True)
    city: str | None = None
    aliases: tuple[str, ...] = ()
    wikidata: Annotated[str, Field(pattern=r"^Q[1-9][0-9]*$")] | None = None
    names: Names = field(default_factory=dict, hash=False)
    cities: Names = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValueError(f"{'lat' if self.lat is None else 'lon'} is missing")

    def landmark(self) -> Landmark:
        return _landmark(self)


@lru_cache(MOST_OUTPUTS)  # each answer has ten
def _landmark(entry: LandmarkClass) -> Landmark:
    place = (entry.country, entry.lat, entry.lon, entry.city)
    return Landmark(entry.id, entry.name, *place, entry.aliases, entry.wikidata, entry.names, entry.cities)


@dataclass(frozen=True, slots=True)
class FirstLookCard:
    """A small network that answers "no known landmark" where it is sure, so that the large one need not look.

    It has the same input and outputs as the large one. Its files are in the folder `FIRST_LOOK`.

    Args:
        network: a name in `tagger.model.nets.NETWORKS`.
        temperature: divides its logits before the softmax.
        none_below: where its best score is below this, it is sure.
        metrics: how well it agrees with the large network, by the name of the test set.
    """

    network: str
    temperature: Temperature
    none_below: Ratio
    metrics: dict[str, dict[str, JsonValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """The description of a bundle.

    Args:
        network: a name in `tagger.model.nets.NETWORKS`; the safetensors file fits it.
        classes: the first outputs of the network, in order.
        background_outputs: how many further outputs mean "no known landmark"; they take probability but are never
            suggested.
        temperature: divides the logits before the softmax.
        bfloat16: whether the engine may use bfloat16, because its top-1 agreement with float32 was measured at
            99.5 % or more (the figure is in `metrics`).
        metrics: figures by the name of the test set they were measured on.
        provenance: of the weights: recipe, data, base weights and their licence, commands.
        files: sha256 by file name, for each file beside the card; those of the first look are in its folder.
        first_look: None if one network answers everything.
        warnings: what its calibration cannot guarantee, in sentences for people.
    """

    format: Annotated[int, Field(ge=1, le=FORMAT)]
    name: Name
    version: Name
    network: Name
    input: InputContract
    classes: Annotated[tuple[LandmarkClass, ...], Field(min_length=1, max_length=MOST_OUTPUTS)]
    temperature: Temperature
    background_outputs: Annotated[int, Field(ge=0, le=MOST_OUTPUTS)]
    bfloat16: bool
    files: Annotated[dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]], Field(max_length=MOST_FILES)]
    metrics: dict[str, dict[str, JsonValue]] = field(default_factory=dict)
    provenance: dict[str, JsonValue] = field(default_factory=dict)
    first_look: FirstLookCard | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        repeated = [name for name, count in Counter(c.id for c in self.classes).items() if count > 1]
        if repeated:
            raise ValueError(f"the landmark {repeated[0]!r} appears twice")
        for name in self.files:
            plain = name.removeprefix(f"{FIRST_LOOK}/")
            if plain in ("", ".", "..") or "/" in plain or not plain.isprintable() or len(plain) > MOST_LETTERS:
                raise ValueError(f"{name[:MOST_LETTERS]!r} is not the name of a file in the bundle's folder")
        if self.first_look and self.first_look.none_below > (lowest := min(self.thresholds.values())):
            raise ValueError(f"its first look would drop tags: none_below is above the threshold {lowest}")

    @property
    def outputs(self) -> int:
        """Width of the network's last layer."""
        return len(self.classes) + self.background_outputs

    @property
    def thresholds(self) -> dict[str, float]:
        """The smallest calibrated score at which a landmark is a tag, by landmark."""
        return {landmark.id: landmark.threshold for landmark in self.classes}

    def stricter(self, min_score: float) -> Card:
        """The same model, whose tags need at least this score."""
        if not min_score:  # the usual case, checked for each photo
            return self
        raised = (replace(entry, threshold=max(entry.threshold, min_score)) for entry in self.classes)
        return replace(self, classes=tuple(raised))


def upgraded(card: dict[str, Any]) -> dict[str, Any]:
    """The JSON of a card of format 1 in the present format; it only lacks what has a default."""
    return card | {"format": FORMAT}


def identity(card: dict[str, Any]) -> dict[str, Any]:
    """The part of a card's JSON that can change an answer; cards that share it are one model."""
    classes = [{"id": c["id"], "threshold": c["threshold"]} for c in card["classes"]]
    keys = ("network", "input", "temperature", "background_outputs", "files")
    parts = {key: card[key] for key in keys} | {"classes": classes}
    if first := card.get("first_look"):
        parts["first_look"] = {key: first[key] for key in ("network", "temperature", "none_below")}
    return parts
