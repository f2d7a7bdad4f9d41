"""Photos on the disk: fetched, looked at, and deleted.

The one rule: a photo's file is gone when its answer is out, unless keeping was asked for; and what a killed process
left is gone when the next one starts.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import shutil
from pathlib import Path

from telegram.error import TelegramError, TimedOut

from tagger.bot.transport.client import NEVER_SENT, Link
from tagger.bot.transport.retry import is_late, pauses, rest
from tagger.image.formats import usual_suffix

log = logging.getLogger(__name__)

AT_ONCE = 32  # downloads: each is held in memory until it is written
TRIES = 12  # with the pauses between them about three minutes; a network that is down is not counted
READ_S = 30.0


class Downloads:
    """A folder for photos in work, and one for those that are kept."""

    def __init__(self, folder: Path, bot: Link, *, keep: bool) -> None:
        self._bot = bot
        self._folder = folder / "spool"
        self.kept = folder / "kept"
        self._keep = keep
        self._names = itertools.count()  # the folder is emptied when the bot starts
        self._at_once = asyncio.Semaphore(AT_ONCE)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)

    async def fetch(self, file_id: str, size_bytes: int | None) -> Path | None:
        """Download a file.

        Args:
            size_bytes: what Telegram says; an answer of another length is asked for again.

        Returns:
            Where it lies; None where Telegram does not hand it out.
        """
        for tried, pause in enumerate(pauses(), start=1):
            try:
                async with self._at_once:
                    data = await self._download(file_id)
                if not size_bytes or len(data) == size_bytes or tried >= 3:
                    return await asyncio.to_thread(self._write, data)
                log.warning("A download ended after %d of %d bytes; asking again", len(data), size_bytes)
                await asyncio.sleep(pause)
            except TelegramError as error:
                if not is_late(error) or (tried >= TRIES and not _is_down(error)):
                    log.warning("A file cannot be downloaded: %s", error)
                    return None
                await rest(error, pause)
        return None

    async def discard(self, path: Path) -> None:
        await asyncio.to_thread(path.unlink, missing_ok=True)

    async def keep(self, path: Path, sha256: str, image_format: str | None) -> Path | None:
        """Put a photo where it stays, if photos are kept.

        Returns:
            Where it lies now; None where it is not kept.
        """
        if not self._keep:
            return None
        return await asyncio.to_thread(self._move, path, f"{sha256}{usual_suffix(image_format)}")

    def forget(self, contents: list[str]) -> None:
        """Delete kept photos."""
        for sha256 in contents:
            for file in self.kept.glob(f"{sha256}.*"):
                file.unlink(missing_ok=True)

    async def _download(self, file_id: str) -> bytes:
        try:
            return await self._bot.download(file_id, read_s=READ_S)
        except TelegramError:
            raise
        except Exception as error:  # a server that sends no sensible file
            raise TimedOut(f"{type(error).__name__}") from error

    def _write(self, data: bytes) -> Path:
        path = self._folder / str(next(self._names))
        path.write_bytes(data)
        return path

    def _move(self, path: Path, name: str) -> Path:
        self.kept.mkdir(parents=True, exist_ok=True)
        return path.rename(self.kept / name)


def _is_down(error: TelegramError) -> bool:
    """Whether the way to Telegram is cut, rather than this file broken."""
    return str(error).startswith(NEVER_SENT)
