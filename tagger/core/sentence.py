"""A sentence whose values are inserted last, so that a surface can translate it first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Sentence:
    """A sentence in English; as a `str`, with its values.

    Attributes:
        template: with the names of the values in braces.
        values: by name; several alternatives are a list.
    """

    def __init__(self, template: str, **values: str | int | Sequence[str]) -> None:
        self.template = template
        self.values: dict[str, Any] = values

    def __str__(self) -> str:
        return self.template.format(**{name: _shown(value) for name, value in self.values.items()})


def ask_which(names: Sequence[str]) -> tuple[Sentence, ...]:
    """The question after a sentence about an unknown name; nothing if no name is similar."""
    return (Sentence("Did you mean {names}?", names=[*map(repr, names)]),) if names else ()


def _shown(value: str | int | Sequence[str]) -> str:
    if isinstance(value, str | int):
        return str(value)
    *others, last = value
    return f"{', '.join(others)} or {last}" if others else last
