"""`tagger`, with a bot that waits less than people do: what the tests start as a process."""

from __future__ import annotations

import os
import time
from functools import partial

from tagger.bot.batcher import MicroBatcher
from tagger.bot.handlers import admin, privacy
from tagger.bot.transport import client, outbox, retry
from tagger.cli import main
from tagger.core.types import Result
from tagger.library.locks import bot as bot_lock
from tagger.serving.model_thread import Request

TAG = MicroBatcher._tag


def tag_slowly(batcher: MicroBatcher, requests: list[Request]) -> list[Result]:
    time.sleep(float(os.environ.get("BOT_TAG_S", 0)))
    return TAG(batcher, requests)


if __name__ == "__main__":
    admin.POLL_EVERY_S = 0.2
    privacy.TIDY_EVERY_S = float(os.environ.get("BOT_TIDY_EVERY_S", privacy.TIDY_EVERY_S))
    MicroBatcher._tag = tag_slowly  # type: ignore[method-assign, assignment]
    if lease_s := os.environ.get("BOT_LEASE_S"):
        bot_lock.server_lock = partial(bot_lock.server_lock, lease_s=float(lease_s))  # type: ignore[attr-defined]
    outbox.MAY_STILL_ARRIVE_S = float(os.environ.get("BOT_MAY_STILL_ARRIVE_S", 0.5))
    retry.MIN_DELAY_S = 0.05
    client.READ_S = float(os.environ.get("BOT_READ_S", client.READ_S))
    client.SEND_READ_S = float(os.environ.get("BOT_READ_S", client.SEND_READ_S))
    main(prog_name="tagger")
