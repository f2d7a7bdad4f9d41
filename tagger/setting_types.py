"""What one setting may be. A type brings a value into one form, and its error says how the value is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from tagger.times import OFF, TIME_OF_DAY, parse


def _at_home(path: Path) -> Path:
    """``~`` is the user's home, as in a shell; nothing else would ever look there."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("~ is nobody's home here; write the whole path") from error


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("no such time zone; write one as Europe/Berlin") from error
    return name


def _times(text: str) -> str:
    parse(text)
    return text


def _time_or_off(text: str) -> str:
    if text != OFF and not TIME_OF_DAY.fullmatch(text):
        raise ValueError("write a time of day as 06:00, or off")
    return _times(text)


AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Place = Annotated[Path, AfterValidator(_at_home)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Times = Annotated[str, AfterValidator(_times)]
TimeOrOff = Annotated[str, AfterValidator(_time_or_off)]
Root = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/[^\s?#]*)?$")]
Address = Annotated[str, Field(pattern=r"^[^\s/]*:\d+$")]
AddressOrOff = Annotated[str, Field(pattern=r"^(off|[^\s/]*:\d+)$")]
Device = Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?)$")]
