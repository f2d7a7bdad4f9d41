"""`tagger`, with a bot that waits less than people do: what the tests start as a process."""

from __future__ import annotations

import os

from tagger.bot.handlers import admin
from tagger.bot.transport import client, outbox, retry
from tagger.cli import main

if __name__ == "__main__":
    admin.POLL_EVERY_S = 0.2
    outbox.MAY_STILL_ARRIVE_S = float(os.environ.get("BOT_MAY_STILL_ARRIVE_S", 0.5))
    retry.MIN_DELAY_S = 0.05
    client.READ_S = float(os.environ.get("BOT_READ_S", client.READ_S))
    client.SEND_READ_S = float(os.environ.get("BOT_READ_S", client.SEND_READ_S))
    main(prog_name="tagger")
