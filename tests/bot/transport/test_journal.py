"""The journal of sent messages, as the next process finds it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tagger.bot.transport import journal
from tagger.bot.transport.journal import SendJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tags.sqlite.bot.sends"


@pytest.fixture(autouse=True)
def _machine_with_a_boot_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boot_id").write_text("this boot\n")
    monkeypatch.setattr(journal, "BOOT_ID", tmp_path / "boot_id")


def killed(path: Path) -> None:
    """A process that began four messages, of which two had a known end, and was killed."""
    process = SendJournal(path)
    process.adopt([], [])
    for number in (1, 2, 3, 4):
        process.begin(number)
    process.refused(1)
    process.delivered(2, 77)
    process.begin(1)
    process.refused(1)


def test_the_next_process_knows_what_left_and_what_came_back(path: Path) -> None:
    killed(path)
    found = SendJournal(path)
    found.adopt([1, 2, 3, 5], sending=[1, 2, 3, 5])
    assert found.attempt(1) is None
    assert found.attempt(2) == (0.0, 77)
    assert (attempt := found.attempt(3)) is not None
    assert attempt.message_id is None
    assert time.time() - 60 < attempt.started_at <= time.time()
    assert found.attempt(4) is None  # the store knows that it was answered
    assert found.attempt(5) is None  # stored, but its request never left


def test_a_process_that_is_killed_at_once_leaves_what_it_found(path: Path) -> None:
    killed(path)
    SendJournal(path).adopt([2, 3], sending=[2, 3])
    again = SendJournal(path)
    again.adopt([2, 3], sending=[2, 3])
    assert again.attempt(2) == (0.0, 77)
    assert again.attempt(3) is not None


@pytest.mark.parametrize("lost", ["the file", "the machine's cache"])
def test_after_a_power_cut_everything_stored_is_in_doubt_except_what_certainly_arrived(
    lost: str, path: Path, tmp_path: Path
) -> None:
    killed(path)
    if lost == "the file":
        path.unlink()
    else:
        (tmp_path / "boot_id").write_text("the next boot\n")
    for _ in range(2):  # also for a process after one that was killed at once
        found = SendJournal(path)
        found.adopt([1, 2, 5], sending=[1, 2, 5])
        assert [found.attempt(number) is not None for number in (1, 2, 5)] == [True] * 3
    assert found.attempt(2) == ((0.0, 77) if lost != "the file" else found.attempt(2))


def test_a_long_journal_is_written_anew_without_what_the_store_knows(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_BYTES", 1000)
    process = SendJournal(path)
    process.adopt([], [])
    for number in range(100):
        process.begin(number)
        if number < 98:
            process.delivered(number, number)
    assert process.is_long
    process.drop(process.recorded())
    assert not process.is_long
    assert [number for number in range(100) if SendJournal(path).attempt(number)] == [98, 99]


def test_a_journal_that_cannot_be_written_is_not_believed(path: Path) -> None:
    process = SendJournal(path)
    process.adopt([], [])
    process.close()
    path.unlink()
    path.mkdir()
    SendJournal(path).begin(1)  # logs a warning
