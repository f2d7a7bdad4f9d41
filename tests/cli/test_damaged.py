"""Commands on a database that may only be read, and on one that is damaged."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.conftest import Tagger, lines

COMMANDS = (("query",), ("query", "--none"), ("runs",), ("runs", "show", "1"), ("jobs",))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_on_a_read_only_drive_can_be_asked(
    tagger: Tagger,
    library: Path,
    public_folder: Path,
    without_privileges: Callable[[], AbstractContextManager[None]],
    command: tuple[str, ...],
) -> None:
    tagger("tag", library)
    file, settings = public_folder / "tags.sqlite", public_folder / "tagger.toml"
    shutil.copy(library.parent / "tags.sqlite", file)
    settings.touch()
    file.chmod(0o444)
    public_folder.chmod(0o555)
    with without_privileges():
        done = tagger(*command, "--db", file, "--config", settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
    assert sorted(os.listdir(public_folder)) == ["tagger.toml", "tags.sqlite"]


def test_an_emptied_database_is_not_filled_again_and_the_backup_is_named(tagger: Tagger, library: Path) -> None:
    tagger("tag", library)
    assert tagger("jobs", "run", "backup").returncode == 0
    (backup,) = (library.parent / "backups").iterdir()
    database = library.parent / "tags.sqlite"
    os.truncate(database, 0)
    for command in (("tag", library), ("query",), ("doctor",)):
        done = tagger(*command)
        assert done.returncode == 1
        assert f"cp {backup} {database}" in done.stdout + done.stderr
    assert database.stat().st_size == 0
    shutil.copy(backup, database)
    assert len(lines(tagger("query", "--json"))) == 9
