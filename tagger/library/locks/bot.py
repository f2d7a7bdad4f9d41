"""The locks that allow one bot at a time on a database and on a token."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db.engine import Store
from tagger.core.errors import BotInProgress, ConfigError
from tagger.library.locks.file import acquired, mode_of, place_of
from tagger.library.locks.server import lock_holder, process_text, server_lock

PRIVATE = 0o600
OTHER_DATABASE = "name another one with --db"


@contextmanager
def bot_lock(store: Store, *, server: str, token: str, on_loss: Callable[[], object]) -> Iterator[None]:
    """Lock a store and a token for one bot.

    Args:
        store: whatever path opened it.
        server: the root URL of the Bot API's server.
        token: the bot's.
        on_loss: called in a thread if a bot on another machine has taken the store, which this one could not reach;
            it must end this one.

    Raises:
        BotInProgress: another bot has one of them, or has taken the store meanwhile.
        ConfigError: a lock cannot be created.
    """
    database, what = os.path.realpath(store.file), f"the database {store.name}"
    account = hashlib.sha256(f"{server.rstrip('/')} {token}".encode()).hexdigest()[:16]
    with (
        _on_this_machine(Path(f"{database}.bot.lock"), mode_of(database), what, OTHER_DATABASE),
        _on_this_machine(_shared_folder() / f"bot-{account}.lock", PRIVATE, "this token", "use another token"),
    ):
        if store.is_on_server:
            with _on_all_machines(store, what, on_loss):
                yield
        else:
            yield


@contextmanager
def _on_all_machines(store: Store, what: str, on_loss: Callable[[], object]) -> Iterator[None]:
    is_lost = False

    def lose() -> None:
        nonlocal is_lost
        is_lost = True
        on_loss()

    place = place_of(os.path.realpath(store.file))
    with server_lock(store, "bot", place=place, on_loss=lose) as is_mine:
        if not is_mine:
            raise BotInProgress(what, lock_holder(store, "bot"), OTHER_DATABASE)
        yield
    if is_lost:
        raise BotInProgress(what, lock_holder(store, "bot"), OTHER_DATABASE)


def _shared_folder() -> Path:
    """A folder for locks that all processes of this user on this machine share."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return Path(tempfile.gettempdir()) / f"landmark-tagger-{user}"


@contextmanager
def _on_this_machine(file: Path, mode: int, what: str, advice: str) -> Iterator[None]:
    holder = file.with_suffix(".holder")  # the lock's own file is emptied by whoever tries it
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = acquired(file, mode)
        if lock is None:
            raise BotInProgress(what, holder.read_text() if holder.exists() else "it is just starting", advice)
        holder.touch(mode)
        holder.write_text(process_text())
    except OSError as error:
        raise ConfigError(f"The lock {file} cannot be created: {error.strerror}. Make its folder writable.") from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
