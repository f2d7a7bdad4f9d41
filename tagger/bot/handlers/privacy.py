"""A person's own data: /export hands all of it out, /forget deletes it.

The one rule: forgetting asks once, and then leaves nothing: no row, no photo, and no trace in the file's free space.
"""

from __future__ import annotations

import asyncio
import json
import logging

from db.telegram import inbox
from db.telegram.privacy import export as exported
from db.telegram.privacy import forget as forgotten
from tagger.bot.context import UpdateContext
from tagger.bot.services import Services
from tagger.bot.transport.message import Button

log = logging.getLogger(__name__)

TRIES = 20  # to empty the log while other processes read


async def export(visit: UpdateContext) -> None:
    user_id = visit.user.id
    rows = await visit.services.desk.read(lambda connection: exported(connection, user_id))
    document = {"telegram_user": user_id, **rows}
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    await visit.send_file("landmark-tagger.json", content, visit._("Everything that I know of you."))


async def forget(visit: UpdateContext) -> None:
    """Ask; only a tap deletes."""
    text = visit._("Shall I delete everything that I know of you? Your photos, answers and decisions are then gone.")
    yes = Button(visit._("Yes, delete everything"), f"forget:{visit.user.id}")
    no = Button(visit._("No, keep it"), "keep:")
    await visit.say(text, ((yes,), (no,)))


async def keep_tapped(visit: UpdateContext) -> None:
    await visit.edit(visit._("Nothing was deleted."))
    await visit.toast()


async def forget_tapped(visit: UpdateContext) -> None:
    """Delete; the tap itself last, so that it is repeated if the process ends in between."""
    services, user_id, update_id = visit.services, visit.user.id, visit.update.update_id
    if visit.arguments != str(user_id):  # in a group, somebody else's question
        await visit.toast(visit._("This question is not for you."))
        return
    await services.turns.wait(update_id)  # what is being answered at the moment is forgotten, too
    kept = str(services.spool.kept.absolute())
    gone = await services.desk.write(
        lambda connection: forgotten(connection, user_id, kept=kept, keep_update=update_id)
    )
    services.model.forget(gone)
    await asyncio.to_thread(services.spool.forget, gone)
    services.chosen.pop(user_id, None)
    await visit.edit(visit._("Everything that I knew of you is deleted."))
    await visit.toast()
    await services.desk.write(lambda connection: inbox.drop(connection, update_id))
    services.outbox.finished.add(update_id)
    await asyncio.to_thread(_empty_log, services)


def _empty_log(services: Services) -> None:
    """From the write-ahead log, too, what was deleted is to vanish."""
    for _ in range(TRIES):
        if services.store.empty_log():
            return
    log.warning("Another process reads the database: what was deleted leaves its log when that is done")
