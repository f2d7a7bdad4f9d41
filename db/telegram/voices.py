"""Whose decisions the bot's answers and lists show.

The one rule: nobody sees another person's decision as if it were their own. In a private chat a decision is the
person's, wherever they send that photo again. In a group it belongs to the message of the bot's answer, which shows
what the last person said; what others said stays, and shows again if that person takes theirs back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from db.rows import Verdict
from db.schema.models import Decision

PREFIX = "telegram:"


class Said(NamedTuple):
    """An active decision on a photo."""

    id: int
    user_id: int
    verdict: Verdict
    landmark_id: int | None


def who(user_id: int) -> str:
    """The name under which a person's decisions are stored."""
    return f"{PREFIX}{user_id}"


def user_id(who: str) -> int:
    """The person whose decisions are stored under a name."""
    return int(who.removeprefix(PREFIX))


def is_private(chat_id: int) -> bool:
    """Whether a chat is with a person; Telegram gives it the person's number, and other chats negative ones."""
    return chat_id > 0


def place(chat_id: int, answer_id: int) -> int:
    """The answer to which a decision in a chat belongs; 0 if it belongs to the person alone."""
    return 0 if is_private(chat_id) else answer_id


def is_own(connection: Connection, decision_id: int, user_id: int) -> bool:
    """Whether a decision is this person's, even if it was revoked."""
    own = select(Decision.id).where(Decision.id == decision_id, Decision.who == who(user_id))
    return connection.execute(own).first() is not None


def is_active(connection: Connection, decision_id: int) -> bool:
    active = select(Decision.id).where(Decision.id == decision_id, Decision.revoked_at.is_(None))
    return connection.execute(active).first() is not None


def of_last_speaker(decisions: Sequence[Said]) -> list[Said]:
    """The decisions of the person who spoke last."""
    last = max(decisions, default=None)
    return [said for said in decisions if last is not None and said.user_id == last.user_id]
