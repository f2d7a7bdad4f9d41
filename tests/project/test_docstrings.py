"""Docstrings parse: a reader, an editor and a documentation tool see every parameter that is documented."""

from __future__ import annotations

from collections.abc import Iterator

import griffe
import pytest

from tests.project.graph import ROOT

PACKAGES = ("tagger", "db", "training")
SECTIONS = {"Args:", "Attributes:", "Returns:", "Yields:", "Raises:", "Source:"}


def within(parent: griffe.Object) -> Iterator[griffe.Object]:
    """A module, class or function, and all that is defined in it."""
    yield parent
    for member in parent.members.values():
        if isinstance(member, griffe.Object):
            yield from within(member)


@pytest.fixture(scope="module")
def objects() -> dict[str, griffe.Object]:
    loaded = (griffe.load(name, search_paths=[ROOT], docstring_parser="google") for name in PACKAGES)
    return {item.path: item for package in loaded if isinstance(package, griffe.Object) for item in within(package)}


def test_every_module_says_what_is_there(objects: dict[str, griffe.Object]) -> None:
    assert [path for path, item in objects.items() if item.is_module and not item.docstring] == []


def test_every_docstring_begins_with_a_summary(objects: dict[str, griffe.Object]) -> None:
    first = {path: item.docstring.lines[0] for path, item in objects.items() if item.docstring}
    assert [path for path, line in first.items() if line in SECTIONS] == []


def test_every_section_is_read_and_every_documented_parameter_exists(
    objects: dict[str, griffe.Object], caplog: pytest.LogCaptureFixture
) -> None:
    unread = [
        path
        for path, item in objects.items()
        for section in (item.docstring.parsed if item.docstring else ())
        if isinstance(section, griffe.DocstringSectionText)
        and SECTIONS & {line.strip() for line in section.value.splitlines()}
    ]
    assert unread == []
    assert caplog.messages == []
