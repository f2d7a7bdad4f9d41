"""Methods that send something. Everything is checked before anything is changed."""

from __future__ import annotations

import io
import time
from typing import Any

from PIL import Image, UnidentifiedImageError

from tests.botapi.chat.chats import Chat, in_topic
from tests.botapi.chat.state import State
from tests.botapi.http.forms import Parameters
from tests.botapi.methods.errors import ApiError, bad_request
from tests.botapi.methods.files import StoredFile
from tests.botapi.methods.rules import (
    answered,
    caption_of,
    chat_of,
    markup_of,
    place_of,
    text_of,
    topic_of,
    with_entities,
)
from tests.botapi.methods.table import method

Json = dict[str, Any]

UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes
PHOTO_LIMIT = 10 * 1024 * 1024
ACTIONS = frozenset([
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document",
    "choose_sticker", "find_location", "record_video_note", "upload_video_note",
])  # fmt: skip


def _post(state: State, chat: Chat, parameters: Parameters, content: Json) -> Json:
    markup, reply_to = markup_of(parameters), answered(chat, parameters)
    content |= markup | in_topic(topic_of(chat, parameters, reply_to))
    return chat.add(state.bot, content, reply_to=reply_to, at=state.arrived_at).json


@method
def send_message(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    return _post(state, chat, parameters, with_entities("text", "entities", text_of(parameters)))


@method
def send_chat_action(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    if parameters.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    topic_of(chat, parameters, None)
    chat.actions.append((parameters.text("action"), time.monotonic()))
    return True


@method
def send_location(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    return _post(state, chat, parameters, {"location": place_of(parameters)})


@method
def send_venue(state: State, parameters: Parameters) -> Any:
    """The message also contains the place as a location, for apps without venues."""
    chat = chat_of(state, parameters)
    place = place_of(parameters)
    for name in ("title", "address"):
        if not parameters.text(name).strip():
            raise bad_request(f"venue {name} must be non-empty")
    venue = {"location": place, "title": parameters.text("title"), "address": parameters.text("address")}
    return _post(state, chat, parameters, {"venue": venue, "location": place})


@method
def send_document(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    stored, name, mime_type = _file(state, parameters, "document", UPLOAD_LIMIT)
    document = stored.json | {"file_name": name, "mime_type": mime_type}
    return _post(state, chat, parameters, {"document": document} | caption_of(parameters))


@method
def send_photo(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    stored, _, _ = _file(state, parameters, "photo", PHOTO_LIMIT)
    _check_photo(stored.read())
    return _post(state, chat, parameters, {"photo": state.files.photo(stored.read())} | caption_of(parameters))


def _check_photo(content: bytes) -> None:
    try:
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def _file(state: State, parameters: Parameters, name: str, limit: int) -> tuple[StoredFile, str, str]:
    """An upload, or a file that Telegram already has, by its file_id; URLs are not supported."""
    upload = parameters.upload(name)
    if upload is None:
        if not parameters.has(name):
            raise bad_request(f"there is no {name} in the request")
        return state.files.get(parameters.text(name)), "file", "application/octet-stream"
    if len(upload.content) > UPLOAD_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    if len(upload.content) > limit:
        raise bad_request(f"file of size {len(upload.content)} bytes is too big for a {name}")
    if not upload.content:
        raise bad_request("file must be non-empty")
    extension = upload.name.rpartition(".")[2] or "bin"
    return state.files.add(upload.content, f"{name}s", extension), upload.name, upload.mime_type
