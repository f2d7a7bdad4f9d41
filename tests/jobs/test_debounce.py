"""A changed file settles when it stands still, a deleted one when it stays away."""

from __future__ import annotations

from pathlib import Path

from tagger.jobs.debounce import Debouncer


def test_a_file_settles_when_it_stands_still(tmp_path: Path) -> None:
    settling, file = Debouncer(5), tmp_path / "a.jpg"
    file.write_bytes(b"1")
    settling.add(str(file), now=0)
    assert settling.settled(now=4) == []
    file.write_bytes(b"12")
    assert settling.settled(now=6) == []
    assert settling.settled(now=10) == []
    assert settling.settled(now=11) == [str(file)]
    assert (settling.settled(now=20), len(settling)) == ([], 0)


def test_a_file_that_vanishes_is_not_waited_for(tmp_path: Path) -> None:
    settling, file = Debouncer(5), tmp_path / "a.jpg"
    file.touch()
    settling.add(str(file), now=0)
    file.unlink()
    assert (settling.settled(now=9), len(settling)) == ([], 0)


def test_a_deleted_file_settles_when_it_stays_away(tmp_path: Path) -> None:
    settling, file = Debouncer(5), tmp_path / "a.jpg"
    settling.add(str(file), now=0)
    assert settling.settled(now=4) == []
    assert settling.settled(now=5) == [str(file)]
    settling.add(str(file), now=10)
    file.touch()
    assert settling.settled(now=15) == []
    assert settling.settled(now=20) == [str(file)]
