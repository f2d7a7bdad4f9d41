"""For operators: /health, /runs, and messages about finished runs and digests.

Only the admin chat gets these; for everybody else the commands do not exist.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import sys
import time
from html import escape
from pathlib import Path

from telegram.error import TelegramError

from db.read import catalog
from db.read.catalog import last_starts
from db.rows import JobRunRow, RunRow
from tagger.bot.context import UpdateContext
from tagger.bot.render.error_texts import OTHER
from tagger.bot.services import Services
from tagger.bot.transport.client import SEND_READ_S
from tagger.core.text import format_bytes, format_duration
from tagger.core.version import __version__

log = logging.getLogger(__name__)

STARTED = time.monotonic()
RUNS_SHOWN = 5
POLL_EVERY_S = 30.0
DIGEST_IDS = -(10**12)  # reports of runs and digests need update numbers: negative ones, and digests below runs
MAX_LENGTH = 4000  # characters; a message may have 4096


async def health(context: UpdateContext) -> None:
    if not context.is_admin:
        await context.reply(context._(OTHER))
        return
    services = context.services
    counts = services.batcher.counts
    free = shutil.disk_usage(Path(services.store.file).parent).free
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    lines = [
        f"landmark-tagger {__version__}, up {format_duration(time.monotonic() - STARTED)}",
        f"engine: {services.batcher.tagger.engine.info}",
        f"since start: {counts.tagged} tagged, {counts.none} without a known landmark, {counts.failed} failed, "
        f"{counts.inherited} known by content",
        f"in progress: {len(services.chat_queue) - 1}",
        f"peak memory {format_bytes(peak)}, disk {format_bytes(free)} free",
        f"database {format_bytes(services.store.size_bytes())}",
    ]
    await context.reply(escape("\n".join(lines), quote=False))


async def runs(context: UpdateContext) -> None:
    if not context.is_admin:
        await context.reply(context._(OTHER))
        return
    rows = await context.services.db.read(lambda connection: catalog.runs(connection, limit=RUNS_SHOWN))
    await context.reply(escape("\n\n".join(map(_run_text, rows)), quote=False))


async def report_runs(services: Services) -> None:
    """Report each run that ends from now on to the admin chat, except the bot's own, until cancelled."""
    open_runs: set[int] = set()
    newest = services.run_id
    while True:
        rows = await services.db.read(lambda connection: catalog.runs(connection, limit=100))
        open_runs |= {row.id for row in rows if row.id > newest}
        newest = max([newest, *(row.id for row in rows)])
        for row in reversed(rows):
            if row.id in open_runs and row.status != "running":
                open_runs.discard(row.id)
                await _send_to_admin(services, -row.id, _run_text(row)[:MAX_LENGTH])
        await asyncio.sleep(POLL_EVERY_S)


async def forward_digests(services: Services) -> None:
    """Send each digest written from now on to the admin chat, until cancelled."""
    newest = await _last_digest(services)
    while True:
        await asyncio.sleep(POLL_EVERY_S)
        last = await _last_digest(services)
        if last is not None and last.status == "done" and (newest is None or last.id > newest.id):
            newest = last
            await _send_to_admin(services, DIGEST_IDS - last.id, (last.message or "")[:MAX_LENGTH])


def _run_text(run: RunRow) -> str:
    """Two lines about a run."""
    counts = run.counts
    duration = f" in {format_duration((run.finished_at - run.started_at).total_seconds())}" if run.finished_at else ""
    heading = f"Run {run.id}, {run.started_at:%Y-%m-%d %H:%M} UTC: {run.status}{duration}"
    photos = (
        f"{counts.tagged} tagged, {counts.none} without a known landmark, {counts.failed} failed, "
        f"{counts.unchanged} unchanged"
    )
    return "\n".join([heading, f"{photos} ({', '.join(run.start.roots)})", *([run.error] if run.error else [])])


async def _last_digest(services: Services) -> JobRunRow | None:
    return (await services.db.read(last_starts)).get("digest")


async def _send_to_admin(services: Services, update_id: int, text: str) -> None:
    """Send a message that does not answer an update.

    Args:
        update_id: a negative number; Telegram's are positive.
    """
    chat_id = services.settings.bot_admin_chat
    assert chat_id is not None
    services.chat_queue.join(update_id, chat_id)
    try:
        await services.outbox.send_unsearchable(
            update_id,
            chat_id,
            lambda chat_id, before: services.bot.send_message(
                chat_id, escape(text, quote=False), "HTML", read_timeout=SEND_READ_S, rate_limit_args=before
            ),
        )
    except TelegramError as error:
        log.warning("The admin chat cannot be reached: %s", error)
    finally:
        services.outbox.finished.discard(update_id)
        services.chat_queue.leave(update_id)
