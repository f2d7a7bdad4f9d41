"""A person's data: /export hands all of it out, /forget deletes it.

The one rule: /forget asks once, and then leaves nothing: no row, no photo, no trace in the file's free space.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from db.telegram import answers, inbox, questions
from db.telegram.privacy import answers_decided_by, forget_unsent
from db.telegram.privacy import export as export_rows
from db.telegram.privacy import forget as forget_rows
from tagger.bot.context import UpdateContext
from tagger.bot.handlers.my_photos import only_here
from tagger.bot.open_work import Sender
from tagger.bot.render.processed import ProcessedPhoto
from tagger.bot.render.replies import refresh_in_group
from tagger.bot.services import Services
from tagger.bot.transport.message import Button
from tagger.bot.transport.receiver import REMEMBERED
from tagger.core.errors import StoreError

log = logging.getLogger(__name__)

TIDY_EVERY_S = 60.0
MAX_REFRESHED = 50  # messages, the newest
EMPTY_LOG_TRIES = 20  # another process that reads the database can prevent it


async def export(context: UpdateContext) -> None:
    """Send all rows about a person as a file; in a group only those about what they sent there."""
    user_id, group = context.user_id, None if context.is_private else context.chat_id
    kept = str(context.services.downloads.kept.absolute())
    rows = await context.services.db.read(lambda connection: export_rows(connection, user_id, kept=kept, chat_id=group))
    document = {"telegram_user": user_id, **rows}
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    caption = only_here(context, "export").strip() or context._("Everything that I know about you.")
    await context.send_file("landmark-tagger.json", content, caption)


async def forget(context: UpdateContext) -> None:
    """Ask; only a tap deletes."""
    text = context._(
        "Shall I delete everything that I know about you? Your photos, answers and decisions will be gone."
    )
    yes = Button(context._("Yes, delete everything"), "forget:")
    no = Button(context._("No, keep it"), "keep:")
    await context.reply(text, ((yes,), (no,)))


async def keep_data(context: UpdateContext) -> None:
    await context.edit(context._("Nothing was deleted."))
    await context.answer_callback()


async def forget_person(context: UpdateContext) -> None:
    """Delete everything, and the tap itself last, so that it is repeated if the process ends in between."""
    services, user_id, update_id = context.services, context.user_id, context.update.update_id
    await services.chat_queue.wait_turn(update_id)  # what is being answered now must be deleted, too
    await services.open_work.stop(context.sender)  # and so is what they sent to other chats
    kept = str(services.downloads.kept.absolute())
    decided = await services.db.read(lambda connection: answers_decided_by(connection, user_id, MAX_REFRESHED))
    contents = await services.db.write(
        lambda connection: forget_rows(connection, user_id, kept=kept, keep_update=update_id)
    )
    await _forget_contents(services, contents)
    services.forget_person(user_id)
    services.start(_refresh(context, decided))
    await services.follow_examples()
    await context.edit(context._("Everything that I knew about you has been deleted."))
    await context.answer_callback()
    await services.db.write(lambda connection: inbox.drop(connection, update_id))
    services.outbox.finished.add(update_id)
    await asyncio.to_thread(_empty_log, services)


async def _refresh(context: UpdateContext, decided: Sequence[tuple[int, int]]) -> None:
    """Let messages in groups no longer show what a person decided, nor their name."""
    for chat_id, answer_id in decided:
        stored = await context.services.db.read(partial(answers.get_answer, answer_id=answer_id, chat_id=chat_id))
        if stored is not None:
            await refresh_in_group(context.services, context.language, stored)


async def forget_results(services: Services, sender: Sender, results: Sequence[ProcessedPhoto | BaseException]) -> None:
    """Delete photos whose answer was not sent, if their sender asked to be forgotten meanwhile."""
    if not services.open_work.is_forgotten(sender):
        return
    tagged = [photo.result.sha256 for photo in results if isinstance(photo, ProcessedPhoto)]
    kept = str(services.downloads.kept.absolute())
    contents = await services.db.write(
        lambda connection: forget_unsent(connection, [sha256 for sha256 in tagged if sha256 is not None], kept=kept)
    )
    await _forget_contents(services, contents)


async def _forget_contents(services: Services, contents: list[str]) -> None:
    """Forget photos that are no longer in the store."""
    services.batcher.forget(contents)
    await asyncio.to_thread(services.downloads.forget, contents)


async def tidy(services: Services) -> None:
    """Delete what is no longer needed, also from the database's log, until cancelled."""
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        before = datetime.now(UTC) - REMEMBERED
        await services.db.write(partial(inbox.drop_answered, before=before))
        await services.db.write(partial(questions.drop, before=before))
        with contextlib.suppress(StoreError):
            await asyncio.to_thread(services.store.empty_log)


def _empty_log(services: Services) -> None:
    """Remove what was deleted from the write-ahead log, too."""
    for _ in range(EMPTY_LOG_TRIES):
        if services.store.empty_log():
            return
    log.warning("Another process is reading the database; the deleted data stays in the log until that has ended")
