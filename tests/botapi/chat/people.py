"""The people's side of a chat: what a test does on behalf of a person.

Each action results in the update that Telegram would send, or in none if the bot would not learn of it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.botapi.chat.chats import BotStatus, Chat, Event, in_topic
from tests.botapi.chat.messages import Message
from tests.botapi.chat.state import State
from tests.botapi.chat.taps import InlineQuery, Tap
from tests.botapi.text.entities import found

Json = dict[str, Any]


@dataclass(slots=True, eq=False)
class Person:
    """A user of Telegram; the one that stands for a chat sends in its name."""

    state: State
    json: Json
    sender_chat: Json | None = None

    @property
    def id(self) -> int:
        return int(self.json["id"])

    @property
    def name(self) -> str:
        return str(self.json["first_name"])

    def private(self, *, started: bool = True) -> PeopleChat:
        """The chat with the bot; if it was not started, the bot cannot write until the person does."""
        existing = self.state.chats.get(self.id)
        if isinstance(existing, PeopleChat):
            return existing
        names = {name: self.json[name] for name in ("first_name", "username") if name in self.json}
        chat = {"id": self.id, "type": "private"} | names
        return PeopleChat(self.state, chat, "member" if started else "stranger")

    def type_inline(self, text: str) -> InlineQuery:
        """Type something after the bot's name, in any chat."""
        with self.state.changed:
            query = InlineQuery(str(8_000_000_000 + next(self.state.numbers)), self.state)
            self.state.inline_queries[query.id] = query
            content = {"id": query.id, "from": self.json, "query": text, "offset": "", "chat_type": "private"}
            self.state.updates.put("inline_query", content)
        return query


class PeopleChat(Chat):
    """A chat in which people act. Every method that sends returns the message."""

    def send_text(
        self, person: Person, text: str, *, reply_to: Message | None = None, quoting: Message | None = None
    ) -> Message:
        """Send a text; `quoting` is a message of another chat that it replies to."""
        quoted = {} if quoting is None else {"external_reply": _external(quoting)}
        return self._send(person, {"text": text} | _marked("entities", text) | quoted, reply_to=reply_to)

    def send_photo(
        self,
        person: Person,
        content: bytes,
        caption: str | None = None,
        *,
        media_group_id: str | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        media = {"photo": self.state.files.photo(content)}
        return self._send(person, media | _extras(caption, media_group_id), reply_to=reply_to)

    def send_document(
        self,
        person: Person,
        content: bytes,
        file_name: str,
        mime_type: str,
        caption: str | None = None,
        *,
        media_group_id: str | None = None,
        reply_to: Message | None = None,
        file_size: int | None = None,
    ) -> Message:
        """Send a file; `file_size` may claim another size than the content's, to stand for a huge file."""
        media = {"document": self._document(content, file_name, mime_type, file_size)}
        return self._send(person, media | _extras(caption, media_group_id), reply_to=reply_to)

    def _document(self, content: bytes, file_name: str, mime_type: str, file_size: int | None) -> Json:
        stored = self.state.files.add(content, "documents", file_name.rpartition(".")[2] or "bin", file_size)
        return stored.json | {"file_name": file_name, "mime_type": mime_type}

    def send_sticker(self, person: Person, emoji: str = "🗼") -> Message:
        stored = self.state.files.add(b"RIFF sticker", "stickers", "webp")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._send(person, {"sticker": stored.json | kind | {"emoji": emoji}})

    def send_video(
        self,
        person: Person,
        caption: str | None = None,
        *,
        file_size: int = 3_000_000,
        media_group_id: str | None = None,
    ) -> Message:
        stored = self.state.files.add(b"ftyp video", "videos", "mp4", file_size)
        video = stored.json | {"width": 1280, "height": 720, "duration": 5, "mime_type": "video/mp4"}
        return self._send(person, {"video": video} | _extras(caption, media_group_id))

    def send_animation(self, person: Person) -> Message:
        """The message also contains it as a file, for apps without animations."""
        stored = self.state.files.add(b"ftyp animation", "animations", "mp4").json | {"mime_type": "video/mp4"}
        animation = stored | {"width": 320, "height": 240, "duration": 2}
        return self._send(person, {"animation": animation, "document": stored})

    def send_video_note(self, person: Person) -> Message:
        stored = self.state.files.add(b"ftyp note", "video_notes", "mp4")
        return self._send(person, {"video_note": stored.json | {"length": 240, "duration": 2}})

    def send_audio(self, person: Person) -> Message:
        stored = self.state.files.add(b"ID3 audio", "music", "mp3")
        return self._send(person, {"audio": stored.json | {"duration": 3, "mime_type": "audio/mpeg"}})

    def send_voice(self, person: Person) -> Message:
        stored = self.state.files.add(b"OggS voice", "voice", "oga")
        return self._send(person, {"voice": stored.json | {"duration": 3, "mime_type": "audio/ogg"}})

    def send_location(self, person: Person, latitude: float, longitude: float) -> Message:
        return self._send(person, {"location": {"latitude": latitude, "longitude": longitude}})

    def send_service(self, person: Person, **content: Any) -> Message:
        """A message about an event in the chat, such as `new_chat_title="Trip"`."""
        return self._send(person, content)

    def send_album(
        self, person: Person, photos: Sequence[bytes], caption: str | None = None, *, order: Sequence[int] | None = None
    ) -> list[Message]:
        """Send photos as one group, with the caption on the first; `order` is the order of their updates (indices)."""
        group = f"{1_3000_0000_0000_0000 + next(self.state.numbers)}"
        with self.state.changed:
            messages = [
                self.add(person.json, {"photo": self.state.files.photo(content)} | _extras(caption_here, group))
                for content, caption_here in zip(photos, [caption] + [None] * len(photos), strict=False)
            ]
            for index in range(len(messages)) if order is None else order:
                self._tell(messages[index])
        return messages

    def edit_text(self, person: Person, message: Message, text: str, photo: bytes | None = None) -> None:
        """Edit the text or caption of the person's own message, or put another photo into it."""
        name = "text" if "text" in message.json else "caption"
        plain = {key: value for key, value in message.json.items() if not key.endswith("entities")}
        mark = _marked("entities" if name == "text" else "caption_entities", text)
        with self.state.changed:
            media = {} if photo is None else {"photo": self.state.files.photo(photo)}
            message.edit(plain | media | {name: text, "edit_date": message.json["date"]} | mark)
            self.note(Event("edit", message.json, person.name))
            if self.private or not self.state.privacy_mode or self._meant(message):
                self.state.updates.put("edited_message", message.json)

    def tap(self, person: Person, message: Message, button: str) -> Tap:
        """Press an inline button, named by its text (or a part of it) or its callback data.

        Raises:
            LookupError: There is no such button, or it sends nothing to the bot.
        """
        pressed = message.button(button)
        if "callback_data" not in pressed:
            raise LookupError(f"{button!r} opens something: {pressed}")
        with self.state.changed:
            tap = Tap(str(4_000_000_000_000_000_000 + next(self.state.numbers)), self.state, message, pressed)
            self.state.taps[tap.id] = tap
            query = {"id": tap.id, "from": person.json, "message": message.json, "chat_instance": str(self.id)}
            self.note(Event("tap", message.json, person.name, pressed["text"]))
            tap.update_id = self.state.updates.put("callback_query", query | {"data": pressed["callback_data"]})
        return tap

    def delete(self, message: Message) -> None:
        """Delete a message; the bot gets no update about that."""
        with self.state.changed:
            message.deleted = True
            self.note(Event("delete", message.json))

    def set_bot_status(self, person: Person, status: BotStatus) -> None:
        """Block or unblock the bot, or remove it from or add it to a group: a my_chat_member update."""
        old, self.bot_status = self.bot_status, status
        change = {"chat": self.json, "from": person.json, "date": int(time.time())}
        members = {"old_chat_member": self._member(old), "new_chat_member": self._member(status)}
        self.state.updates.put("my_chat_member", change | members)

    def _member(self, status: BotStatus) -> Json:
        known = {"member": "member", "left": "left", "stranger": "left"}.get(status, "kicked")
        until = {"until_date": 0} if known == "kicked" else {}
        return {"user": self.state.bot, "status": known} | until

    def _send(self, person: Person, content: Json, *, reply_to: Message | None = None) -> Message:
        with self.state.changed:
            if self.bot_status == "stranger":
                self.bot_status = "member"
            in_name_of = {"sender_chat": person.sender_chat} if person.sender_chat else {}
            message = self.add(person.json, content | in_name_of | in_topic(self.topic), reply_to=reply_to)
            self._tell(message)
            return message

    def _tell(self, message: Message) -> None:
        if self.bot_status == "member" and (self.private or not self.state.privacy_mode or self._meant(message)):
            message.update_id = self.state.updates.put("message", message.json)

    def _meant(self, message: Message) -> bool:
        """Whether a bot in privacy mode gets a group's message: commands, mentions and replies to it."""
        marks = message.marks
        is_command = any(mark["type"] == "bot_command" and mark["offset"] == 0 for mark in marks)
        is_reply = message.json.get("reply_to_message", {}).get("from") == self.state.bot
        return is_command or is_reply or f"@{self.state.bot['username']}".lower() in message.text.lower()


def _external(message: Message) -> Json:
    """A message of another chat, as a reply shows it."""
    origin = {"type": "user", "sender_user": message.json["from"], "date": message.json["date"]}
    media = {kind: message.json[kind] for kind in ("photo", "document") if kind in message.json}
    return {"origin": origin} | media


def _extras(caption: str | None, media_group_id: str | None) -> Json:
    words = {} if caption is None else {"caption": caption} | _marked("caption_entities", caption)
    return words | ({} if media_group_id is None else {"media_group_id": media_group_id})


def _marked(name: str, text: str) -> Json:
    entities = found(text)
    return {name: entities} if entities else {}
