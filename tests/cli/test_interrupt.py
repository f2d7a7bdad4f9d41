"""Ctrl-C, wherever it arrives."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tagger.cli.process import interrupt_on_signals, stop_on_signals

pytestmark = pytest.mark.usefixtures("terminal")


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
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


def test_a_terminal_that_is_closed_interrupts_once() -> None:
    came = interrupt_on_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)  # of the shell, then of its terminal
    assert came == [signal.SIGHUP]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_asks_for_a_stop_and_says_how_to_end_now(number: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    stop_on_signals(stop := threading.Event())
    signal.raise_signal(number)
    assert stop.wait(10)
    assert caplog.messages == ["Finishing the work in progress; interrupt again to stop immediately"]
    after = signal.SIG_IGN if number == signal.SIGHUP else signal.SIG_DFL
    assert signal.getsignal(number) == after


WITHIN_WAIT = """
import signal, threading
from tagger.cli.process import stop_on_signals
stop_on_signals(stop := threading.Event())
with stop._cond:  # as Event.wait has it, before and after it sleeps
    signal.raise_signal(signal.SIGTERM)
assert stop.wait(10)
"""


@pytest.mark.process
def test_a_signal_stops_a_process_that_is_just_about_to_wait_for_one() -> None:
    subprocess.run([sys.executable, "-c", WITHIN_WAIT], check=True, timeout=60)


@pytest.mark.parametrize("listen", [interrupt_on_signals, lambda: stop_on_signals(threading.Event())])
def test_what_was_started_to_outlive_its_terminal_does(listen: Callable[[], object]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    listen()
    signal.raise_signal(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_in_a_destructor_is_remembered() -> None:
    came = interrupt_on_signals()
    _LastWords()
    assert came == [signal.SIGINT]
