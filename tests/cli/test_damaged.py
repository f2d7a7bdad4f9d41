"""Commands on a database that may only be read, and on one that is damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
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


@pytest.mark.parametrize(
    ("damage", "command"),
    [
        ("UPDATE photo SET taken_at = 'yester'", "query"),
        ("UPDATE file SET path = 7 WHERE id = 1", "query --json"),
        ("UPDATE landmark SET name = CAST(x'ff' AS TEXT)", "labels"),
        ("UPDATE landmark SET aliases = '[\"half'", "labels"),
        ("UPDATE suggestion SET reason = 'abc'", "query"),
        ("UPDATE suggestion SET score = x'00'", "query"),
        ("UPDATE run SET started_at = ''", "runs"),
        ("UPDATE run SET report = '{'", "runs show 1"),
    ],
)
def test_a_damaged_value_is_one_sentence(
    tagger: Tagger, library: Path, tmp_path: Path, damage: str, command: str
) -> None:
    tagger("tag", library)
    with closing(sqlite3.connect(tmp_path / "tags.sqlite", isolation_level=None)) as connection:
        connection.execute(damage)
    done = tagger(*command.split())
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "database may be damaged: it contains an unusable value" in done.stderr or "unexpected" in done.stderr
