"""The types of settings. A type normalises a value, and its error shows the format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from tagger.config.cron import OFF, TIME_OF_DAY, parse


def _not_empty(path: object) -> object:
    """Reject the empty string, which would be the current folder."""
    if path == "":
        raise ValueError("write a path; an empty string is not a folder")
    return path


def _at_home(path: Path) -> Path:
    """Expand ``~`` to the user's home, as a shell does."""
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("this user has no home folder here; write the whole path") from error


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("there is no such time zone; write one like Europe/Berlin") from error
    return name


def _text(value: object) -> object:
    """Reject TOML's own times and booleans, which must be text here."""
    if not isinstance(value, str):
        raise ValueError('write it in quotes: "02:00", five cron fields, or "off"')
    return value.strip().lower()


def _times(text: str) -> str:
    parse(text)
    return text


def _time_or_off(text: str) -> str:
    if text != OFF and not TIME_OF_DAY.fullmatch(text):
        raise ValueError("write a time of day as 06:00, or off")
    return _times(text)


def _off(text: object) -> object:
    return OFF if isinstance(text, str) and text.strip().lower() == OFF else text


def _matches(pattern: str, advice: str) -> AfterValidator:
    """Text that matches a pattern; the error shows the format."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(advice)
        return text

    return AfterValidator(check)


def _network(text: object) -> object:
    """A network as 10.0.0.0/8, or a single address."""
    try:
        return ip_network(text, strict=False) if isinstance(text, str) else text
    except ValueError as error:
        raise ValueError("write an address, or a network as 10.0.0.0/8") from error


APP = "landmark-tagger"  # the name of the user's own folders
HOST_AND_PORT = r"[^\s/]*:\d+"

AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Place = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(_at_home)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Times = Annotated[str, BeforeValidator(_text), AfterValidator(_times)]
TimeOrOff = Annotated[str, BeforeValidator(_text), AfterValidator(_time_or_off)]
Root = Annotated[str, _matches(r"https?://[^\s/]+(/[^\s?#]*)?", "write an address as https://api.telegram.org")]
Address = Annotated[str, _matches(HOST_AND_PORT, "write host and port as 127.0.0.1:8443")]
AddressOrOff = Annotated[
    str, BeforeValidator(_off), _matches(f"{OFF}|{HOST_AND_PORT}", "write host and port as 127.0.0.1:9464, or off")
]
PathPair = Annotated[str, _matches(r"/[^=]*=/[^=]*", "write /folder/here=/folder/in/the/database")]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
Device = Annotated[str, _matches(r"auto|cpu|cuda(:\d+)?", "write auto, cpu, cuda or cuda:0")]

_NUMBER = "write a number"
_QUOTED = "write it in quotes"
_SWITCH = "write true or false"
_WHOLE = "write a whole number"
ADVICE = {  # by pydantic's type of error; what is in braces comes from the error's context
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "greater_than": "write more than {gt:g}",
    "greater_than_equal": "write {ge:g} or more",
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "less_than_equal": "write {le:g} or less",
    "literal_error": "write {expected}",
    "model_type": "write a table, [jobs], with a line for each job",
    "path_type": _QUOTED,
    "string_type": _QUOTED,
    "value_error": "{error}",
}


def how_to_write(kind: str, value: object, context: Mapping[str, object], message: str) -> str:
    """How a setting is written, for an error about its value.

    Args:
        kind: the type of pydantic's error.
        value: what is wrong.
        context: of pydantic's error.
        message: of pydantic's error; returned if there is no better advice.
    """
    if kind == "tuple_type":
        return f"write a list, as {json.dumps([value], default=str)}"
    return ADVICE[kind].format(**context) if kind in ADVICE else message
