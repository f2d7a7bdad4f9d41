"""An update has the numbers of its message and of the bot's answer, which a search for another message skips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for name in ("message_id", "reply_message_id"):
        op.add_column("telegram_update", sa.Column(name, sa.Integer))
