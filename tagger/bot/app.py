"""Running the bot: everything is made, wired, run until a signal comes, and ended in order.

The one rule: a stop finishes what is in flight and loses nothing; what is not finished in time is in the inbox.

The loop has no handlers of signals of its own. They would take the place of the process's, which end all that runs
beside the bot, and a signal that came before them would be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from telegram.error import InvalidToken, TelegramError
from telegram.ext import Application

from db.engine import Store
from db.read import catalog
from db.write.runs import finish_run, start_run
from tagger.bot.batcher import MicroBatcher
from tagger.bot.db_executor import DbExecutor
from tagger.bot.handlers.admin import pass_digests_on, report_runs
from tagger.bot.handlers.routes import add_handlers
from tagger.bot.render.languages import Languages
from tagger.bot.render.profile import introduce
from tagger.bot.services import Services
from tagger.bot.transport.chat_queue import ChatQueue
from tagger.bot.transport.client import bot_of, files_of
from tagger.bot.transport.downloads import Downloads
from tagger.bot.transport.outbox import Outbox
from tagger.bot.transport.receiver import ALLOWED, Processor, Receiver
from tagger.bot.transport.retry import with_retries
from tagger.config.settings import Settings
from tagger.core.errors import ConfigError
from tagger.library.recorder import new_start, register
from tagger.model.predictor import Tagger

log = logging.getLogger(__name__)

FINISH_S = 30.0
LOOK_S = 0.1  # how often the loop looks whether it is to stop
SWITCH_S = 0.0005  # the loop gives the interpreter up at each request; Python would let it wait 5 ms for it
ROOT = "telegram"  # what the bot's run says it walked over, and what started it

App = Application[Any, Any, Any, Any, Any, Any]


async def serve(settings: Settings, token: str, store: Store, tagger: Tagger, stop: threading.Event) -> None:
    """Run until a stop is asked for.

    Args:
        stop: set from anywhere, also before this begins.

    Raises:
        ConfigError: the server refuses the token, or a setting that is needed is missing.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # else the library warns of its own future at every 429
    sys.setswitchinterval(SWITCH_S)
    if stop.is_set():
        return
    async with _services(settings, token, store, tagger) as services:
        queue: asyncio.Queue[object] = asyncio.Queue()
        inlet = Receiver(services.bot, services.desk, services.turns, queue)
        processor = Processor(inlet, services.desk, services.turns, services.outbox)
        builder = Application.builder().bot(services.bot).updater(None).job_queue(None)
        application: App = (
            builder.update_queue(queue).concurrent_updates(processor).post_init(_introduce(services)).build()
        )
        add_handlers(application, services)
        if await _unless(stop, _connect(application)):
            try:
                await _run(application, services, inlet, stop)
            finally:
                await application.shutdown()


async def _run(application: App, services: Services, inlet: Receiver, stop: threading.Event) -> None:
    await application.start()
    log.info("@%s is ready", services.bot.username)
    assert application.post_init is not None
    background = [asyncio.ensure_future(application.post_init(application))]
    if services.settings.bot_report_runs and services.settings.bot_admin_chat is not None:
        background.append(asyncio.create_task(report_runs(services)))
    if services.settings.bot_admin_chat is not None:
        background.append(asyncio.create_task(pass_digests_on(services)))
    try:
        await _unless(stop, _receive(services, inlet))
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await _finish(application, services)


async def _receive(services: Services, inlet: Receiver) -> None:
    """Take updates in until cancelled: by webhook where one is set, else by polling."""
    settings = services.settings
    if settings.bot_webhook_url is None:
        await _leave_webhook(services)
        await inlet.fetch_waiting()
        await inlet.go_on()
        await inlet.poll()
        return
    from tagger.bot.transport import webhook

    assert settings.bot_webhook_secret is not None
    url, secret = settings.bot_webhook_url, settings.bot_webhook_secret.get_secret_value()
    await inlet.go_on()
    try:
        server = webhook.listen(inlet, url=url, secret=secret, address=settings.bot_webhook_listen)
    except OSError as error:
        raise ConfigError(
            f"The webhook cannot listen on {settings.bot_webhook_listen}: {error.strerror}. Check bot_webhook_listen."
        ) from error
    try:
        await with_retries(lambda: services.bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED))
        await asyncio.Event().wait()
    except TelegramError as error:
        raise ConfigError(f"The Bot API's server refuses the webhook {url}: {error}. Check bot_webhook_url.") from error
    finally:
        server.stop()


async def _leave_webhook(services: Services) -> None:
    """One that an earlier start set; a server that has no webhooks has none to delete."""
    try:
        await with_retries(services.bot.delete_webhook)
    except TelegramError as error:
        log.warning("The webhook could not be deleted: %s", error)


async def _finish(application: App, services: Services) -> None:
    if waiting := len(services.turns):
        log.info("Stopping; %d updates are in work", waiting)
    try:
        await asyncio.wait_for(application.stop(), FINISH_S)
    except TimeoutError:
        log.warning("%d updates are not answered yet; the next start goes on with them", len(services.turns))


async def _connect(application: App) -> None:
    """Ask who the bot is, until the server answers."""
    try:
        await with_retries(application.initialize)
    except InvalidToken as error:
        raise ConfigError(
            "The Bot API's server refuses the token. Check TAGGER_BOT_TOKEN, or ask @BotFather."
        ) from error
    except TelegramError as error:
        raise ConfigError(f"The Bot API's server does not say who the bot is: {error}. Check bot_api_url.") from error


async def _unless(stop: threading.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Work until a stop is asked for; whether it was done before that."""
    task, stopped = asyncio.create_task(work), asyncio.create_task(_asked_for(stop))
    await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, TelegramError):
        await task
    return False


async def _asked_for(stop: threading.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(LOOK_S)


@contextlib.asynccontextmanager
async def _services(settings: Settings, token: str, store: Store, tagger: Tagger) -> AsyncIterator[Services]:
    """Everything that the handlers use; the bot's run in the store begins and ends with it."""
    bot, files = bot_of(settings, token), files_of(settings, token)
    desk, turns, k = DbExecutor(store), ChatQueue(), settings.top_k
    number = register(store, tagger.bundle)
    info = tagger.engine.info
    start = new_start((ROOT,), k, info, job=ROOT, settings_hash=settings.fingerprint())
    run = await desk.write(lambda connection: start_run(connection, start, model=number))
    landmarks = await desk.read(catalog.landmarks)
    of_key = {row.key: each for each, row in landmarks.items()}
    model = MicroBatcher(tagger, store, desk, model=number, run=run, k=k, gather_ms=settings.bot_gather_ms)
    try:
        yield Services(
            settings=settings,
            bot=bot,
            store=store,
            desk=desk,
            model=model,
            turns=turns,
            outbox=Outbox(bot, desk, turns),
            spool=Downloads(settings.bot_folder, files, keep=settings.bot_keep_photos),
            languages=Languages(),
            landmarks=landmarks,
            numbers={known.id: of_key[known.id] for known in tagger.bundle.card.classes},
            run=run,
        )
    finally:
        await bot.shutdown()
        await files.request.shutdown()
        model.close()
        await desk.write(lambda connection: finish_run(connection, run, status="done", counts=model.counts))
        desk.close()


def _introduce(services: Services) -> Callable[[App], Coroutine[Any, Any, None]]:
    async def post_init(_application: App) -> None:
        await introduce(services.bot, services.languages)

    return post_init
