"""Values that cross modules: frozen, comparable, without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, NamedTuple, get_args

from tagger.core.evidence import Evidence

Status = Literal["tagged", "none", "failed", "withdrawn"]
DateSource = Literal[  # where a photo's date comes from, the best source first
    "exif",  # the camera's: when it was exposed, else digitized
    "xmp",
    "iptc",
    "takeout",  # Google's .json beside the file
    "name",  # the file's
    "gps",  # the satellites' clock
    "reset",  # any of these, if it is the first day of a clock that was reset
    "edit",  # EXIF's DateTime, which programs change
    "mtime",  # the earliest modification time of the files
]
DATE_SOURCES: tuple[DateSource, ...] = get_args(DateSource)
CAMERA_SOURCES: tuple[DateSource, ...] = ("exif", "xmp", "iptc")  # by the camera's clock

Look = Literal["first", "full"]  # which of a bundle's networks gave an answer; a bundle with one network has no first

PASSING_KINDS = frozenset(("not_found", "permission", "io_error"))  # kinds of failure that say nothing about the file
PROCESS_DIED = "process_died"  # the kind of failure of a file that ended whole runs
MODEL_KINDS = frozenset((PROCESS_DIED, "engine_failed"))  # kinds of failure that another model may not repeat


MOST_SIDE_PX = 4096  # of a network's input
MOST_LEVELS = 1000.0  # of a network's normalisation, whose usual values are 0 to 1, or 0 to 255


@dataclass(frozen=True, slots=True)
class Position:
    """Degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class InputContract:
    """How an upright RGB photo becomes the network's input.

    The short side is resized to `resize_px`, the centre square of `size_px` is cut out, and each channel
    is normalised as (value / 255 - mean) / std.

    Args:
        resample: Pillow's filter by its lower-case name.

    Raises:
        ValueError: no photo can be prepared like this.
    """

    size_px: int
    resize_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resample: Literal["bilinear", "bicubic", "lanczos"] = "bicubic"

    def __post_init__(self) -> None:
        if not 1 <= min(self.size_px, self.resize_px) <= max(self.size_px, self.resize_px) <= MOST_SIDE_PX:
            raise ValueError(f"size_px and resize_px are 1 to {MOST_SIDE_PX}")
        if any(abs(value) > MOST_LEVELS for value in (*self.mean, *self.std)) or min(self.std) < 1 / MOST_LEVELS:
            raise ValueError(f"mean and std are at most {MOST_LEVELS}, and std is at least {1 / MOST_LEVELS}")


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place that a model knows.

    Args:
        id: stable snake_case key, e.g. ``eiffel_tower``.
        country: None if the bundle does not say.
        lat: degrees north, WGS 84; None, like `lon`, if the bundle does not say. Coordinates then say nothing about it.
        lon: degrees east, WGS 84.
        wikidata: a Q-number, only if it is certain.
        names: by language, as its two-letter code; English is `name`.
        cities: the same for `city`.
    """

    id: str
    name: str
    country: str | None = None
    lat: float | None = None
    lon: float | None = None
    city: str | None = None
    aliases: tuple[str, ...] = ()
    wikidata: str | None = None
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    cities: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def position(self) -> Position | None:
        """Where it is; None if unknown."""
        return None if self.lat is None or self.lon is None else Position(self.lat, self.lon)

    @property
    def full_name(self) -> str:
        """Name, city and country, as far as they are known."""
        return ", ".join(filter(None, (self.name, self.city, self.country)))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A landmark that the model suggests for a photo.

    Args:
        rank: 1 is the best.
        score: calibrated probability, 0 to 1.
        is_tag: this and the best score of the photo both reach their landmarks' thresholds.
        visual_score: the model's own score if other evidence changed it, else None.
        evidence: that evidence.
    """

    rank: int
    landmark: Landmark
    score: float
    is_tag: bool
    visual_score: float | None = None
    evidence: Evidence | None = None

    @property
    def seen(self) -> float:
        """The score of the picture alone."""
        return self.score if self.visual_score is None else self.visual_score


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a network makes of a photo, beside its answer.

    Args:
        vector: float16 numbers, see `tagger.model.embedding`.
        taught_share: the part of the answer's probability that taught places have; landmarks have the rest.
        taught_version: of the taught places that competed, see `db.schema.taught`.
    """

    vector: bytes
    taught_share: float = 0.0
    taught_version: int = 0


@dataclass(frozen=True, slots=True)
class Tagged:
    """The best suggestion reaches its landmark's threshold."""

    status: ClassVar[Status] = "tagged"
    suggestions: tuple[Suggestion, ...]
    look: Look = "full"
    embedded: Embedded | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NoLandmark:
    """No known landmark: the suggestions are the nearest, and the best is below its threshold."""

    status: ClassVar[Status] = "none"
    suggestions: tuple[Suggestion, ...]
    look: Look = "full"
    embedded: Embedded | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The photo could not be read, or the model failed on it; not the same as "no landmark".

    Args:
        kind: one of `tagger.image.decode.KINDS`.
        message: a sentence.
    """

    status: ClassVar[Status] = "failed"
    suggestions: ClassVar[tuple[Suggestion, ...]] = ()
    kind: str
    message: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The model had an answer to this photo, but its run was undone."""

    status: ClassVar[Status] = "withdrawn"
    suggestions: ClassVar[tuple[Suggestion, ...]] = ()


Answer = Tagged | NoLandmark | Failed | Withdrawn


class FoundFile(NamedTuple):
    """A scanned file. It is a tuple, since a library has 200,000 of them and a dataclass takes twice as long.

    Attributes:
        path: absolute; symbolic links are not resolved.
        size_bytes: None, like `mtime_ns`, if `stat` failed (the file vanished, or permission is missing).
        ctime_ns: when the system last changed the file or its entry, which no program can set; None if unknown.
    """

    path: str
    size_bytes: int | None
    mtime_ns: int | None
    ctime_ns: int | None = None


class TakenDate(NamedTuple):
    """When a photo was taken, in local time (naive), and where that date comes from."""

    taken_at: datetime
    taken_from: DateSource


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """The metadata of a photo.

    Args:
        width: pixels, upright.
        height: pixels, upright.
        format: Pillow's name, e.g. ``JPEG``.
        taken_at: the camera's local time, naive since cameras rarely know their zone; None if unknown.
        lat: degrees north, WGS 84, of the camera; None, like `lon`, if unknown.
        lon: degrees east.
        phash: perceptual hash of the upright photo, see `tagger.image.phash`; None if not requested.
        taken_from: where `taken_at` comes from; meaningless without it.
    """

    width: int
    height: int
    format: str
    taken_at: datetime | None
    lat: float | None = None
    lon: float | None = None
    phash: int | None = None
    taken_from: DateSource = "exif"


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one input.

    Args:
        path: as given by the caller; undecodable bytes are surrogate-escaped as `os.fsdecode` does.
        sha256: hex digest of the file's bytes; None if they could not be read.
        is_inherited: the content already had an answer, so no inference was needed.
        seconds: to read and decode it.
        file_date: the date from what is beside the file, if nothing of it was needed.
        picture: the hash of its picture, see `tagger.image.picture_hash`; None if it has none.
    """

    path: str
    sha256: str | None
    answer: Answer
    info: PhotoInfo | None = None
    is_inherited: bool = False
    seconds: float = field(default=0.0, compare=False)
    file_date: TakenDate | None = None
    picture: str | None = field(default=None, compare=False)  # it follows from the bytes


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine, and why it was chosen.

    Args:
        device: its name, e.g. ``CPU (AMD EPYC, 2 threads)``.
        precision: float32, bfloat16 or float16.
        reason: a clause.
    """

    name: str
    device: str
    precision: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} on {self.device}, {self.precision}: {self.reason}"
