"""Photos on disk: downloaded, tagged and deleted.

A photo's file is deleted once it was read, unless the operator keeps photos; whatever a killed process left behind is
deleted at the next start.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from telegram.error import TelegramError, TimedOut

from tagger.bot.transport.client import BotClient
from tagger.bot.transport.retry import NotDelivered, back_off, backoff_delays, is_transient
from tagger.core.private import private
from tagger.core.types import Failed
from tagger.image.formats import usual_suffix

log = logging.getLogger(__name__)

MAX_PARALLEL = 32  # each download stays in memory until a loader thread writes it
MAX_TRIES = 24  # about three minutes with the delays; failures while the network is down do not count
MAX_WRONG_SIZES = 3  # tries until a download is taken although its size differs from the announced one
READ_S = 30.0


class Downloads:
    """A folder for photos in progress, and one for those that are kept.

    Args:
        folder: the settings' folder, which several bots may share.
        database: the file of the bot's store, which no other bot uses: photos in progress are in a folder of its own.
        client: downloads the files.
        keep: whether photos are kept.
    """

    def __init__(self, folder: Path, database: str, client: BotClient, *, keep: bool) -> None:
        self._client = client
        self._folder = folder / "spool" / hashlib.sha256(os.path.realpath(database).encode()).hexdigest()[:16]
        self.kept = folder / "kept"
        self._keep = keep
        self._names = itertools.count()  # unique, because the folder is emptied at every start of this bot
        self._slots = asyncio.Semaphore(MAX_PARALLEL)
        shutil.rmtree(self._folder, ignore_errors=True)
        for private_folder in (folder, self._folder.parent, self._folder):
            private_folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def fetch(self, file_id: str, size_bytes: int | None) -> bytes | Failed:
        """Download a file.

        Args:
            file_id: Telegram's name for it.
            size_bytes: its size according to Telegram; a download of another size is repeated.

        Returns:
            Its bytes, or why there are none: "file_too_large", "refused", or "io_error" if Telegram did not answer.
        """
        for number, delay_s in enumerate(backoff_delays(), start=1):
            try:
                async with self._slots:
                    data = await self._download(file_id)
                if not size_bytes or len(data) == size_bytes or number >= MAX_WRONG_SIZES:
                    return data
                log.warning("A download ended after %d of %d bytes; trying again", len(data), size_bytes)
                await asyncio.sleep(delay_s)
            except TelegramError as error:
                if not is_transient(error) or (number >= MAX_TRIES and not isinstance(error, NotDelivered)):
                    log.warning("A file cannot be downloaded: %s", error)
                    return Failed(_kind(error), f"it could not be downloaded: {error}")
                await back_off(error, delay_s)
        raise AssertionError("the delays never end")

    def new_path(self) -> Path:
        """A separate path for a photo in progress."""
        return self._folder / str(next(self._names))

    @contextmanager
    def on_disk(self, path: Path, data: bytes) -> Iterator[None]:
        """A file while the context lasts, and longer if photos are kept."""
        try:
            with open(path, "wb", opener=private) as opened:
                opened.write(data)
            yield
        finally:
            if not self._keep:
                path.unlink(missing_ok=True)

    async def discard(self, path: Path) -> None:
        """Delete a photo's file if there still is one."""
        if self._keep:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def keep(self, path: Path, sha256: str, image_format: str | None) -> Path | None:
        """Move a photo to the folder of kept photos.

        Returns:
            Its new path, or None if photos are not kept.
        """
        if not self._keep:
            return None
        return await asyncio.to_thread(self._move, path, f"{sha256}{usual_suffix(image_format)}")

    def forget(self, contents: list[str]) -> None:
        """Delete the kept photos with these SHA-256 digests."""
        for sha256 in contents:
            for file in self.kept.glob(f"{sha256}.*"):
                file.unlink(missing_ok=True)

    async def _download(self, file_id: str) -> bytes:
        try:
            return await self._client.download(file_id, read_s=READ_S)
        except TelegramError:
            raise
        except Exception as error:  # the server's reply makes no sense
            raise TimedOut(f"{type(error).__name__}") from error

    def _move(self, path: Path, name: str) -> Path:
        self.kept.mkdir(mode=0o700, exist_ok=True)
        return path.rename(self.kept / name)


def _kind(error: TelegramError) -> str:
    if is_transient(error):
        return "io_error"
    return "file_too_large" if "too big" in error.message.lower() else "refused"
