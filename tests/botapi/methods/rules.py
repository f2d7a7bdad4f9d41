"""What the Bot API allows in a message: a check raises Telegram's own refusal, or returns the clean value.

Source:
    https://core.telegram.org/bots/api; where it says "exactly one of", this is stricter than Telegram's server.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.botapi.chat.chats import Chat
from tests.botapi.chat.messages import Message
from tests.botapi.chat.state import State
from tests.botapi.http.forms import Parameters
from tests.botapi.methods.errors import bad_request
from tests.botapi.text.entities import Formatted, formatted
from tests.botapi.text.utf16 import utf16_length

Json = dict[str, Any]

TEXT_LIMIT = 4096  # UTF-16 code units, after the mark-up is gone
CAPTION_LIMIT = 1024
CALLBACK_DATA_LIMIT = 64  # bytes
BUTTON_LIMIT = 100
ROW_LIMIT = 8
BUTTON_ACTIONS = frozenset([
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
])  # fmt: skip
LINKS = ("http", "https", "tg", "ton")
BUTTON = "can't parse inline keyboard button: "
OTHER_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")


def chat_of(state: State, parameters: Parameters, *, open_only: bool = True) -> Chat:
    """The chat of a call."""
    if not parameters.has("chat_id"):
        raise bad_request("chat_id is empty")
    number = parameters.text("chat_id")  # a name of a channel is one too, but there are no channels here
    chat = state.chats.get(int(number)) if number.lstrip("-").isdecimal() else None
    if chat is None:
        raise bad_request("chat not found")
    if open_only:
        chat.check_open()
    return chat


def text_of(parameters: Parameters) -> Formatted:
    text = formatted(parameters, "text")
    if not text.text:
        raise bad_request("message text is empty")
    if utf16_length(text.text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return text


def caption_of(parameters: Parameters) -> Json:
    caption = formatted(parameters, "caption", "caption_entities")
    if utf16_length(caption.text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return with_entities("caption", "caption_entities", caption)


def with_entities(name: str, entities_name: str, words: Formatted) -> Json:
    if not words.text:
        return {}
    return {name: words.text} | ({entities_name: words.entities} if words.entities else {})


def answered(chat: Chat, parameters: Parameters) -> Message | None:
    """The message that a new one replies to; reply_to_message_id is the older parameter."""
    given = parameters.json("reply_parameters")
    if given is None and parameters.has("reply_to_message_id"):
        without = parameters.flag("allow_sending_without_reply")
        given = {"message_id": parameters.integer("reply_to_message_id"), "allow_sending_without_reply": without}
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("message_id"), int):
        raise bad_request("can't parse reply parameters: Can't find field \"message_id\"")
    place = chat.state.chats.get(int(given.get("chat_id", chat.id)))
    message = place.find(given["message_id"]) if place is not None else None
    if message is None and not given.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    if message is not None and given.get("quote", "") not in message.text:
        raise bad_request("QUOTE_TEXT_INVALID")
    return message


def topic_of(chat: Chat, parameters: Parameters, reply_to: Message | None) -> int | None:
    """The topic of a new message: the one given, else that of the message that it replies to."""
    given = parameters.integer("message_thread_id") if parameters.has("message_thread_id") else None
    if given is not None and not any(given == message.json.get("message_thread_id") for message in chat.messages):
        raise bad_request("message thread not found")
    replied = reply_to.json if reply_to is not None else {}
    return given or (replied.get("message_thread_id") if replied.get("is_topic_message") else None)


def markup_of(parameters: Parameters, *, inline_only: bool = False) -> Json:
    """The reply markup of a message: only inline keyboards are part of it."""
    markup = parameters.json("reply_markup", "reply keyboard markup")
    if markup is None or markup == {}:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = _rows(markup["inline_keyboard"])
        return {"reply_markup": {"inline_keyboard": rows}} if rows else {}
    if inline_only:
        raise bad_request("inline keyboard expected")
    if len([kind for kind in OTHER_MARKUPS if kind in markup]) != 1:
        raise bad_request("can't parse reply keyboard markup JSON object")
    if utf16_length(str(markup.get("input_field_placeholder", ""))) > 64:
        raise bad_request("PLACEHOLDER_TOO_LONG")
    return {}


def _rows(rows: Any) -> list[list[Json]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse inline keyboard: expected an Array of Arrays of InlineKeyboardButton")
    if sum(map(len, rows)) > BUTTON_LIMIT or any(len(row) > ROW_LIMIT for row in rows):
        raise bad_request("reply markup is too long")
    for row in rows:
        for button in row:
            _check_button(button)
    return [row for row in rows if row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict):
        raise bad_request(f"{BUTTON}expected an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request(f'{BUTTON}Can\'t find field "text"')
    if not button["text"].strip():
        raise bad_request(f"{BUTTON}the text of a button must be non-empty")
    actions = BUTTON_ACTIONS & button.keys()
    if not actions:
        raise bad_request(f"{BUTTON}Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request(f"{BUTTON}exactly one action is allowed, not {', '.join(sorted(actions))}")
    if "callback_data" in button:
        _check_callback_data(button["callback_data"])
    if "url" in button and not _is_link(button["url"]):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "copy_text" in button and not 1 <= utf16_length(str(button["copy_text"].get("text", ""))) <= 256:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _check_callback_data(data: Any) -> None:
    if not isinstance(data, str):
        raise bad_request(f'{BUTTON}Field "callback_data" must be of type String')
    if not 1 <= len(data.encode()) <= CALLBACK_DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")


def _is_link(url: Any) -> bool:
    if not isinstance(url, str):
        return False
    parts = urlsplit(url if ":" in url else f"https://{url}")
    return parts.scheme in LINKS and (parts.scheme == "tg" or "." in parts.netloc)


def place_of(parameters: Parameters) -> Json:
    """Latitude and longitude, both given and in range."""
    for name, limit in (("latitude", 90), ("longitude", 180)):
        if not parameters.has(name):
            raise bad_request(f"{name} is empty")
        if not -limit <= parameters.number(name) <= limit:
            raise bad_request(f"{name} is out of range")
    return {"latitude": parameters.number("latitude"), "longitude": parameters.number("longitude")}
