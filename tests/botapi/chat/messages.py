"""A message with all its versions. `json` is what Telegram would send; everything else is read from it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

KINDS = ("photo", "document", "sticker", "video", "voice", "venue", "location", "text")


@dataclass(slots=True, eq=False)
class Message:
    """A message in a chat.

    Attributes:
        at: Monotonic; when the bot's request arrived, or when the person sent it.
        versions: Its earlier forms, the oldest first.
        update_id: The update that told the bot of it; None for the bot's own.
    """

    json: Json
    at: float
    versions: list[Json] = field(default_factory=list)
    edited_at: list[float] = field(default_factory=list)
    update_id: int | None = None
    deleted: bool = False
    reactions: list[str] = field(default_factory=list)  # the bot's

    @property
    def id(self) -> int:
        return int(self.json["message_id"])

    @property
    def chat_id(self) -> int:
        return int(self.json["chat"]["id"])

    @property
    def from_bot(self) -> bool:
        return bool(self.json["from"]["is_bot"])

    @property
    def text(self) -> str:
        """The text, or the caption, or nothing."""
        return str(self.json.get("text", self.json.get("caption", "")))

    @property
    def marks(self) -> list[Json]:
        """The entities of the text or caption."""
        return list(self.json.get("entities") or self.json.get("caption_entities") or [])

    @property
    def kind(self) -> str:
        return next((kind for kind in KINDS if kind in self.json), "service")

    @property
    def reply_to(self) -> int | None:
        """The id of the message that this one answers."""
        answered = self.json.get("reply_to_message")
        return int(answered["message_id"]) if answered else None

    @property
    def keyboard(self) -> list[list[Json]]:
        return list(self.json.get("reply_markup", {}).get("inline_keyboard", []))

    @property
    def buttons(self) -> list[list[str]]:
        """The texts of the inline buttons, row by row."""
        return [[str(button["text"]) for button in row] for row in self.keyboard]

    def button(self, wanted: str) -> Json:
        """The button with this text or callback data; a part of the text is enough if only one has it.

        Raises:
            LookupError: There is none, or more than one.
        """
        buttons = [button for row in self.keyboard for button in row]
        exact = [button for button in buttons if wanted in (button["text"], button.get("callback_data"))]
        matches = exact or [button for button in buttons if wanted in button["text"]]
        if len(matches) != 1:
            raise LookupError(f"{wanted!r} is {len(matches)} of the buttons {self.buttons}")
        return matches[0]

    def edit(self, json: Json, at: float | None = None) -> None:
        self.versions.append(self.json)
        self.json = json
        self.edited_at.append(time.monotonic() if at is None else at)

    def quoted(self) -> Json:
        """The message inside another one's reply_to_message: without its own reply_to_message."""
        return {name: value for name, value in self.json.items() if name != "reply_to_message"}
