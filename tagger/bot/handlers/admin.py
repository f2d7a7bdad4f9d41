"""What operators ask and are told: /health, /runs, and how each run of the worker ended.

The one rule: only the admin chat is told; to everybody else these commands do not exist.
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
from db.rows import JobRunRow, RunRow
from db.write.jobs import last_starts
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.access import is_admin
from tagger.bot.render.error_texts import OTHER
from tagger.bot.services import Services
from tagger.core.text import format_bytes, format_duration
from tagger.core.version import __version__

log = logging.getLogger(__name__)

STARTED = time.monotonic()
SHOWN = 5
LOOK_EVERY_S = 30.0
DIGESTS = -(10**12)  # below the numbers under which runs are told
LONGEST = 4000  # characters; a message takes 4096


async def health(visit: UpdateContext) -> None:
    if not is_admin(visit):
        await visit.say(visit._(OTHER))
        return
    services = visit.services
    counts = services.model.counts
    free = shutil.disk_usage(Path(services.store.file).parent).free
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    lines = [
        f"landmark-tagger {__version__}, up {format_duration(time.monotonic() - STARTED)}",
        f"engine: {services.model.tagger.engine.info}",
        f"since start: {counts.tagged} tagged, {counts.none} none, {counts.failed} failed, {counts.inherited} recalled",
        f"in work: {len(services.turns) - 1}",
        f"memory at most {format_bytes(peak)}, disk {format_bytes(free)} free",
        f"database {format_bytes(Path(services.store.file).stat().st_size)}",
    ]
    await visit.say(escape("\n".join(lines), quote=False))


async def runs(visit: UpdateContext) -> None:
    if not is_admin(visit):
        await visit.say(visit._(OTHER))
        return
    rows = await visit.services.desk.read(lambda connection: catalog.runs(connection, limit=SHOWN))
    await visit.say(escape("\n\n".join(map(told, rows)), quote=False))


def told(run: RunRow) -> str:
    """A run in two lines."""
    counts = run.counts
    seconds = f" in {format_duration((run.finished_at - run.started_at).total_seconds())}" if run.finished_at else ""
    heading = f"Run {run.id}, {run.started_at:%Y-%m-%d %H:%M} UTC: {run.status}{seconds}"
    told = f"{counts.tagged} tagged, {counts.none} none, {counts.failed} failed, {counts.unchanged} unchanged"
    return "\n".join([heading, f"{told} ({', '.join(run.start.roots)})", *([run.error] if run.error else [])])


async def report_runs(services: Services) -> None:
    """Tell the admin chat of each run that ended since the bot started, until cancelled; its own are no news."""
    chat_id = services.settings.bot_admin_chat
    assert chat_id is not None
    open_runs: set[int] = set()
    newest = services.run
    while True:
        rows = await services.desk.read(lambda connection: catalog.runs(connection, limit=100))
        open_runs |= {row.id for row in rows if row.id > newest}
        newest = max([newest, *(row.id for row in rows)])
        for row in reversed(rows):
            if row.id in open_runs and row.status != "running":
                open_runs.discard(row.id)
                await _report(services, chat_id, row)
        await asyncio.sleep(LOOK_EVERY_S)


async def pass_digests_on(services: Services) -> None:
    """Tell the admin chat each digest that is written after the bot started, until cancelled."""
    chat_id = services.settings.bot_admin_chat
    assert chat_id is not None
    newest = await _last_digest(services)
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        last = await _last_digest(services)
        if last is not None and last.status == "done" and (newest is None or last.id > newest.id):
            newest = last
            await _tell(services, chat_id, DIGESTS - last.id, (last.message or "")[:LONGEST])


async def _last_digest(services: Services) -> JobRunRow | None:
    return (await services.desk.read(last_starts)).get("digest")


async def _report(services: Services, chat_id: int, row: RunRow) -> None:
    await _tell(services, chat_id, -row.id, told(row))


async def _tell(services: Services, chat_id: int, update_id: int, text: str) -> None:
    """Args:
    update_id: a number of its own; no update of Telegram's has a negative one.
    """
    services.turns.take(update_id, chat_id)
    try:
        await services.outbox.post(
            update_id, lambda: services.bot.send_message(chat_id, escape(text, quote=False), "HTML")
        )
    except TelegramError as error:
        log.warning("The admin chat cannot be told: %s", error)
    finally:
        services.outbox.finished.discard(update_id)
        services.turns.done(update_id)
