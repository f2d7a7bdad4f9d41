"""The bot's rows outlive a move to a server and back, whatever people write."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from db.copying import copy_store
from db.engine import Store, open_store
from db.schema.models import Landmark, Photo
from db.schema.telegram import (
    TelegramAnswer,
    TelegramChat,
    TelegramPerson,
    TelegramPhoto,
    TelegramQuestion,
    TelegramUpdate,
)
from tests.db.samples import assessed, decide, digest, tag_run
from tests.postgres import Server

GROUP = -1001234567890123
AT, LATER = datetime(2026, 3, 29, 2, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 30, 0, 123456, UTC)
CONTENT: dict[str, Any] = {"b": 'é\u2028🗼\0 "quoted" \\', "a": [2**53 + 1, 1e-7, 1.0, None, True, {}], "": "\ud83d"}


def fill(store: Store) -> None:
    """Rows with everything that the two databases keep in different ways."""
    tag_run(store, [assessed("/p/a.jpg"), assessed("/p/b.jpg", None)])
    decide(store, digest("a.jpg"), "shows", "machu_picchu", who="telegram:5")
    rows: dict[Any, list[dict[str, Any]]] = {
        TelegramUpdate: [
            {"update_id": 7, "state": "answered", "received_at": AT},
            {"update_id": 8, "state": "pending", "received_at": LATER, "content": CONTENT, "chat_id": GROUP},
            {"update_id": 9, "state": "sending", "received_at": LATER, "content": {}, "reply": CONTENT, "user_id": 5},
        ],
        TelegramChat: [
            {"chat_id": -4, "last_message_id": 9, "migrated_to": GROUP},
            {"chat_id": 5, "last_message_id": 0},
        ],
        TelegramPerson: [{"user_id": 5, "language": "zh-hans", "day": "2026-03-29", "photos": 3}, {"user_id": 2**52}],
        TelegramAnswer: [
            {"id": 3, "chat_id": GROUP, "user_id": 5, "message_id": -12, "album": "13", "shown": CONTENT},
            {"id": 11, "chat_id": 5, "user_id": 5, "shown": {}},
        ],
        TelegramQuestion: [{"chat_id": 5, "message_id": 40, "user_id": 5, "answer_id": 11, "asked_at": LATER}],
    }
    with store.write() as connection:
        for table, values in rows.items():
            for row in values:
                connection.execute(insert(table).values(row))
        photo, landmark = connection.execute(select(Photo.id)).scalars().first(), select(Landmark.id).limit(1)
        sent = {"photo_id": photo, "answer_id": 3, "chat_id": GROUP, "message_id": 12, "user_id": 5, "received_at": AT}
        scored = {
            "landmark_id": connection.execute(landmark).scalar_one(),
            "score": 0.1 + 0.2,
            "file_unique_id": "AgAD",
        }
        connection.execute(insert(TelegramPhoto).values(sent | scored))
        connection.execute(insert(TelegramPhoto).values(sent | {"message_id": 13}))


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the bot's tables, and what refers to them, as the file has them."""
    with closing(sqlite3.connect(store.file)) as connection:
        listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'telegram%' OR name = 'decision')"
        names = [name for (name,) in connection.execute(listed)]
        assert len(names) == 7
        tables = {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}
        tables["numbers"] = connection.execute("SELECT * FROM sqlite_sequence WHERE seq > 0 ORDER BY name").fetchall()
        return tables


def test_the_bots_rows_survive_a_move_to_a_server_and_back(tmp_path: Path, postgres: Server) -> None:
    with (
        open_store(str(tmp_path / "here.sqlite")) as here,
        postgres.lend() as url,
        open_store(url) as there,
        open_store(str(tmp_path / "back.sqlite")) as back,
    ):
        fill(here)
        for source, target in ((here, there), (there, back)):
            copy_store(source, target, progress=lambda _rows: None)
        before, after = dump(here), dump(back)
        assert after == before
        assert json.loads(before["telegram_answer"][0][-1]) == CONTENT
