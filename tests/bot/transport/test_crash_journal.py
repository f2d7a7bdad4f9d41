"""A photo that kills the bot is known after two deaths; those beside it are not blamed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tagger.bot.transport.crash_journal import CrashJournal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


async def tag(journal: CrashJournal, *updates: int, dies: bool = False) -> None:
    """Tag photos at the same time; a process that dies writes no more."""
    begun = [journal.watch(update) for update in updates]
    for watch in begun:
        await watch.__aenter__()
    if dies:
        journal.close()
    else:
        for watch in begun:
            await watch.__aexit__(None, None, None)


def test_a_photo_in_progress_at_two_deaths_is_fatal(path: Path) -> None:
    asyncio.run(tag(CrashJournal(path), 7, dies=True))
    assert not CrashJournal(path).is_fatal(7)
    asyncio.run(tag(CrashJournal(path), 7, dies=True))
    assert CrashJournal(path).is_fatal(7)


def test_one_of_several_photos_is_fatal_only_after_two_deaths_of_its_own(path: Path) -> None:
    asyncio.run(tag(CrashJournal(path), 7, 8, 9, dies=True))
    asyncio.run(tag(CrashJournal(path), 8, dies=True))
    assert not any(CrashJournal(path).is_fatal(number) for number in (7, 8, 9))
    asyncio.run(tag(CrashJournal(path), 8, 10, dies=True))  # beside one that is no suspect
    assert [number for number in (7, 8, 9, 10) if CrashJournal(path).is_fatal(number)] == [8]


def test_a_photo_that_was_tagged_in_between_is_not(path: Path) -> None:
    asyncio.run(tag(CrashJournal(path), 7, dies=True))
    asyncio.run(tag(CrashJournal(path), 7))
    asyncio.run(tag(CrashJournal(path), 7, dies=True))
    assert not CrashJournal(path).is_fatal(7)


def test_after_a_death_photos_that_were_in_progress_are_tagged_one_at_a_time(path: Path) -> None:
    asyncio.run(tag(CrashJournal(path), 7, 8, dies=True))
    journal, together = CrashJournal(path), []

    async def one(update: int) -> None:
        async with journal.watch(update):
            together.append(update)
            await asyncio.sleep(0.01)
            assert together[-1] == update

    async def both() -> None:
        await asyncio.gather(one(7), one(8))

    asyncio.run(both())
    assert together == [7, 8]


def test_updates_that_are_answered_are_forgotten(path: Path) -> None:
    asyncio.run(tag(CrashJournal(path), 7, 8, dies=True))
    CrashJournal(path).keep([8])
    assert path.read_text() == "x 8 0\n"


def test_a_long_journal_is_written_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tagger.bot.transport.crash_journal.MAX_BYTES", 100)
    journal = CrashJournal(path)
    for update in range(100):
        asyncio.run(tag(journal, update))
    assert path.stat().st_size <= 110


@pytest.mark.parametrize("content", ["", "nonsense\n", "> \n", "x 1\n", "> 7", "\0\0\0"])
def test_a_broken_journal_is_no_obstacle(path: Path, content: str) -> None:
    path.write_text(content)
    assert not CrashJournal(path).is_fatal(7)


def test_a_folder_in_its_place_is_no_obstacle(path: Path) -> None:
    path.mkdir()
    asyncio.run(tag(CrashJournal(path), 7))
