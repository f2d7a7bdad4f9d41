"""Runs the bot: creates and wires its parts, works until it is told to stop, and shuts down in order.

A stop finishes what is in progress and loses nothing; what is not finished in time stays in the inbox.

The event loop does not have its own signal handlers. They would replace those of the process, which also stop whatever
runs beside the bot, and a signal that arrived before them would be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from db.engine import Store
from db.read import catalog
from db.write.runs import finish_run, start_run
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.handlers.admin import forward_digests, report_runs
from tagger.bot.handlers.privacy import tidy
from tagger.bot.handlers.routes import add_handlers
from tagger.bot.render.languages import Languages
from tagger.bot.render.profile import set_profile
from tagger.bot.services import Services
from tagger.bot.transport.chat_queue import ChatQueue, FairSlots
from tagger.bot.transport.client import create_clients
from tagger.bot.transport.crash_journal import CrashJournal
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.journal import SendJournal
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.receiver import ALLOWED_UPDATES, Receiver, UpdateProcessor
from tagger.bot.transport.retry import with_retries
from tagger.config.settings import Settings
from tagger.core.errors import ConfigError
from tagger.core.text import without_secrets
from tagger.library.min_score import apply_min_score
from tagger.library.recorder import new_start, register
from tagger.model.languages import languages
from tagger.serving.model_thread import ModelThread

log = logging.getLogger(__name__)

SHUTDOWN_S = 3.0  # for the work in progress; a service manager waits longer, people at a terminal do not
MAX_PHOTOS, MAX_PHOTOS_OF_CHAT = 32, 32  # downloaded and tagged at a time
STOP_POLL_S = 0.1
SWITCH_S = 0.0005  # how soon a thread yields to the event loop; Python's default is 5 ms
ROOT = "telegram"  # the bot's run is stored with this root and this job

App = Application[Any, Any, Any, Any, Any, Any]


async def serve(settings: Settings, token: str, store: Store, model: ModelThread, stop: threading.Event) -> None:
    """Run the bot until `stop` is set.

    Args:
        model: tags the photos: strangers send them, so its loader should be a `DecoderPool`.
        stop: may be set from any thread, even before this is called.

    Raises:
        ConfigError: the server rejects the token, or a required setting is missing.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # otherwise the library warns of a deprecation at every 429
    sys.setswitchinterval(SWITCH_S)
    if stop.is_set():
        return
    async with _services(settings, token, store, model) as services:
        queue: asyncio.Queue[object] = asyncio.Queue()
        receiver = Receiver(
            services.bot, services.db, services.chat_queue, services.outbox, services.crash_journal, queue
        )
        processor = UpdateProcessor(receiver, services.db, services.outbox, services.open_work)
        builder = Application.builder().bot(services.bot).updater(None).job_queue(None)
        application: App = builder.update_queue(queue).concurrent_updates(processor).build()
        add_handlers(application, services)
        if await _run_until(stop, _connect(application)):
            try:
                await _run(application, services, receiver, processor, stop)
            finally:
                await application.shutdown()


async def _run(
    application: App, services: Services, receiver: Receiver, processor: UpdateProcessor, stop: threading.Event
) -> None:
    await application.start()
    log.info("@%s is ready", services.bot.username)
    background = [asyncio.create_task(set_profile(services.bot, services.languages))]
    background.append(asyncio.create_task(tidy(services)))
    if services.settings.bot_report_runs and services.settings.bot_admin_chat is not None:
        background.append(asyncio.create_task(report_runs(services)))
    if services.settings.bot_admin_chat is not None:
        background.append(asyncio.create_task(forward_digests(services)))
    try:
        await _run_until(stop, _receive(services, receiver))
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        receiver.close()
        await _finish(application, services, processor)


async def _receive(services: Services, receiver: Receiver) -> None:
    """Receive updates until cancelled: by webhook if one is set, else by polling."""
    settings = services.settings
    if settings.bot_webhook_url is None:
        await _delete_webhook(services)
        await receiver.store_pending()
        await receiver.resume()
        await receiver.poll()
        return
    from tagger.bot.transport import webhook

    assert settings.bot_webhook_secret is not None
    url, secret = settings.bot_webhook_url, settings.bot_webhook_secret.get_secret_value()
    await receiver.resume()
    try:
        server = webhook.listen(receiver, url=url, secret=secret, address=settings.bot_webhook_listen)
    except OSError as error:
        raise ConfigError(
            f"The webhook cannot listen on {settings.bot_webhook_listen}: {error.strerror}. Check bot_webhook_listen."
        ) from error
    try:
        await with_retries(lambda: services.bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES))
        await asyncio.Event().wait()
    except TelegramError as error:
        raise ConfigError(
            f"The Bot API server refuses the webhook {without_secrets(url)}: {error}. Check bot_webhook_url."
        ) from error
    finally:
        server.stop()


async def _delete_webhook(services: Services) -> None:
    """Delete the webhook of an earlier start; a server without webhooks refuses, which does no harm."""
    try:
        await with_retries(services.bot.delete_webhook)
    except TelegramError as error:
        log.warning("The webhook could not be deleted: %s", error)


async def _finish(application: App, services: Services, processor: UpdateProcessor) -> None:
    """Finish what is in progress, and leave what takes too long to the next start."""
    if waiting := len(services.chat_queue):
        log.info("Stopping; %d updates are in progress", waiting)
    stopped = asyncio.create_task(application.stop())
    await asyncio.wait((stopped,), timeout=SHUTDOWN_S)
    if not stopped.done():
        log.warning("%d updates are not answered yet; the next start continues with them", len(services.chat_queue))
        await processor.cancel()
    await stopped


async def _connect(application: App) -> None:
    """Ask the server who the bot is, until it answers."""
    try:
        await with_retries(application.initialize)
    except InvalidToken as error:
        raise ConfigError("The Bot API server refuses the token. Check TAGGER_BOT_TOKEN, or ask @BotFather.") from error
    except TelegramError as error:
        raise ConfigError(f"The Bot API server does not say who the bot is: {error}. Check bot_api_url.") from error


async def _run_until(stop: threading.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Run `work` until it ends or `stop` is set.

    Returns:
        Whether it ended by itself.
    """
    task, stopped = asyncio.create_task(work), asyncio.create_task(_wait_for(stop))
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, TelegramError):
        await task
    return False


async def _wait_for(stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(STOP_POLL_S)


@contextlib.asynccontextmanager
async def _services(settings: Settings, token: str, store: Store, model: ModelThread) -> AsyncIterator[Services]:
    """What the handlers use. The bot's run in the store lasts as long as this context."""
    bot, file_client = create_clients(settings, token)
    journal = SendJournal(Path(f"{os.path.realpath(store.file)}.bot.sends"))
    crash_journal = CrashJournal(Path(f"{os.path.realpath(store.file)}.bot.crashes"))
    db, chat_queue, tagger = DbExecutor(store), ChatQueue(), model.tagger
    model_id = register(store, tagger.bundle)
    apply_min_score(store, tagger.bundle.card, model=model_id, min_score=settings.min_score)
    start = new_start((ROOT,), model.k, tagger.engine.info, job=ROOT, settings_hash=settings.fingerprint())
    run_id = await db.write(lambda connection: start_run(connection, start, model=model_id))
    landmarks = await db.read(catalog.landmarks)
    id_of_key = {landmark.id: landmark_id for landmark_id, landmark in landmarks.items()}
    batcher = MicroBatcher(model, store, db, model_id=model_id, run_id=run_id)
    try:
        yield Services(
            settings=settings,
            bot=bot,
            store=store,
            db=db,
            batcher=batcher,
            chat_queue=chat_queue,
            outbox=Outbox(bot, db, chat_queue, journal),
            crash_journal=crash_journal,
            downloads=Downloads(settings.bot_folder, store.file, file_client, keep=settings.bot_keep_photos),
            photo_slots=FairSlots(MAX_PHOTOS, MAX_PHOTOS_OF_CHAT),
            decoder_slots=FairSlots(model.decoders, model.decoders),
            languages=Languages(languages(landmarks.values())),
            landmarks=landmarks,
            landmark_ids={landmark.id: id_of_key[landmark.id] for landmark in tagger.bundle.card.classes},
            run_id=run_id,
        )
    finally:
        await bot.shutdown()
        await file_client.request.shutdown()
        batcher.close()
        await db.write(lambda connection: finish_run(connection, run_id, status="done", counts=batcher.counts))
        db.close()
        journal.close()
        crash_journal.close()
