"""Ctrl-C, wherever it arrives."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tagger.cli.options import interrupt_on_signals


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class _LastWords:
    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_is_raised() -> None:
    came = interrupt_on_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert came == [signal.SIGTERM]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_in_a_destructor_is_remembered() -> None:
    came = interrupt_on_signals()
    _LastWords()
    assert came == [signal.SIGINT]
