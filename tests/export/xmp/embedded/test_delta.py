"""The earlier version of a file comes back from the later one, and takes little room if most bytes are the same."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagger.export.xmp.delta import difference, restored

PIXELS = random.Random(1).randbytes(300_000)
XMP = b"<x:xmpmeta>" + b"<rdf:li>Eiffel Tower</rdf:li>" * 200

parts = st.lists(st.one_of(st.binary(max_size=200), st.just(PIXELS[:3000]), st.just(XMP[:500])), max_size=6)


@given(parts, parts)
def test_any_file_comes_back(old: list[bytes], new: list[bytes]) -> None:
    before, after = b"".join(old), b"".join(new)
    assert restored(after, difference(after, before)) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"head" + PIXELS, b"head" + XMP + PIXELS),
        (b"size 1" + PIXELS, b"size 2" + PIXELS + XMP),
        (b"a" + PIXELS[:1000] + XMP + PIXELS[1000:], b"b" + PIXELS[:1000] + XMP[::-1] + PIXELS[1000:]),
        (XMP + PIXELS, PIXELS),
    ],
)
def test_what_both_have_is_not_kept_twice(old: bytes, new: bytes) -> None:
    packed = difference(new, old)
    assert len(packed) < 3000
    assert restored(new, packed) == old
