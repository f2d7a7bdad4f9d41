"""Methods for messages that exist: a bot may edit only its own, and an edit must change something."""

from __future__ import annotations

import time
from typing import Any

from tests.botapi.chat.chats import Chat, Event
from tests.botapi.chat.messages import Message
from tests.botapi.chat.state import State
from tests.botapi.chat.taps import TOO_OLD
from tests.botapi.http.forms import Parameters
from tests.botapi.methods.errors import bad_request
from tests.botapi.methods.rules import caption_of, chat_of, markup_of, text_of, with_entities
from tests.botapi.methods.table import method
from tests.botapi.text.utf16 import utf16_length

Json = dict[str, Any]

UNCHANGED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
TEXT_FIELDS = frozenset(["text", "entities"])
CAPTION_FIELDS = frozenset(["caption", "caption_entities"])
REACTIONS = frozenset("👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🙏👌🥱🥴😍🌚💯🤣⚡🏆💔🤨😐👀🙈😇🤝✍🤗🗿🆒🙉🙊😎🤷")
ADMIN_RIGHTS = (
    "can_be_edited", "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip


def _own(state: State, parameters: Parameters, to: str) -> tuple[Chat, Message]:
    chat = chat_of(state, parameters)
    if not parameters.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.find(parameters.integer("message_id"))
    if message is None:
        raise bad_request(f"message to {to} not found")
    return chat, message


def _edit(state: State, parameters: Parameters, gone: frozenset[str], new: Json) -> Any:
    """Replace the fields in `gone` and the keyboard; without a new keyboard the old one disappears."""
    chat, message = _own(state, parameters, "edit")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    gone |= {"reply_markup", "edit_date"}
    before = {name: value for name, value in message.json.items() if name != "edit_date"}
    after = {name: value for name, value in message.json.items() if name not in gone} | new
    if before == after:
        raise bad_request(UNCHANGED)
    message.edit(after | {"edit_date": int(time.time())}, state.arrived_at)
    chat.note(Event("edit", message.json))
    return message.json


@method
def edit_message_text(state: State, parameters: Parameters) -> Any:
    if state.confirms_any_edit:
        found = chat_of(state, parameters).find(parameters.integer("message_id"))
        if found is None or not found.from_bot:
            return True
    _, message = _own(state, parameters, "edit")
    if message.from_bot and "text" not in message.json:
        raise bad_request("there is no text in the message to edit")
    new = with_entities("text", "entities", text_of(parameters)) | markup_of(parameters, inline_only=True)
    return _edit(state, parameters, TEXT_FIELDS, new)


@method
def edit_message_caption(state: State, parameters: Parameters) -> Any:
    _, message = _own(state, parameters, "edit")
    if message.from_bot and not {"photo", "document", "video"} & message.json.keys():
        raise bad_request("there is no caption in the message to edit")
    new = caption_of(parameters) | markup_of(parameters, inline_only=True)
    return _edit(state, parameters, CAPTION_FIELDS, new)


@method
def edit_message_reply_markup(state: State, parameters: Parameters) -> Any:
    return _edit(state, parameters, frozenset(), markup_of(parameters, inline_only=True))


@method
def delete_message(state: State, parameters: Parameters) -> Any:
    """In a group, a bot that is not an administrator may delete only its own messages; in a private chat, all."""
    chat, message = _own(state, parameters, "delete")
    if not message.from_bot and not chat.private:
        raise bad_request("message can't be deleted")
    message.deleted = True
    chat.note(Event("delete", message.json))
    return True


@method
def answer_callback_query(state: State, parameters: Parameters) -> Any:
    tap = state.taps.get(parameters.text("callback_query_id"))
    if tap is None:
        raise bad_request(TOO_OLD)
    if utf16_length(parameters.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    tap.accept(dict(parameters.values))
    chat = state.chats[tap.message.chat_id]
    chat.note(Event("answer", tap.message.json, note=parameters.text("text")))
    return True


@method
def set_message_reaction(state: State, parameters: Parameters) -> Any:
    """A bot may set one of a list of emoji; without a reaction, the earlier one is taken back."""
    chat, message = _own(state, parameters, "react")
    emoji = [str(reaction.get("emoji")) for reaction in parameters.json("reaction") or []]
    if len(emoji) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if not REACTIONS.issuperset(emoji):
        raise bad_request("REACTION_INVALID")
    message.reactions = emoji
    chat.note(Event("reaction", message.json, note="".join(emoji)))
    return True


@method
def answer_inline_query(state: State, parameters: Parameters) -> Any:
    query = state.inline_queries.get(parameters.text("inline_query_id"))
    if query is None:
        raise bad_request(TOO_OLD)
    results = parameters.json("results")
    if not isinstance(results, list) or len(results) > 50:
        raise bad_request("RESULTS_TOO_MUCH")
    if len({result["id"] for result in results}) < len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    for result in results:
        if not 1 <= len(result["id"].encode()) <= 64:
            raise bad_request("RESULT_ID_INVALID")
        if result["type"] == "venue" and not (result["title"] and result["address"]):
            raise bad_request("VENUE_INVALID")
    query.accept(results)
    return True


@method
def get_chat(state: State, parameters: Parameters) -> Any:
    """A ChatFullInfo with the required fields."""
    chat = chat_of(state, parameters)
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
    )
    return chat.json | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}


@method
def get_chat_member(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    person = state.people.get(parameters.integer("user_id"))
    if parameters.integer("user_id") == state.bot["id"]:
        return {"user": state.bot, "status": "member"}
    if person is None:
        raise bad_request("member not found")
    if person.id in getattr(chat, "anonymous_admins", ()):
        return {"user": person.json, "status": "administrator", "is_anonymous": True} | dict.fromkeys(
            ADMIN_RIGHTS, True
        )
    is_in = person.id == chat.id or person in getattr(chat, "members", [])
    return {"user": person.json, "status": "member" if is_in else "left"}


@method
def leave_chat(state: State, parameters: Parameters) -> Any:
    chat = chat_of(state, parameters)
    if chat.private:
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_status = "left"
    return True
