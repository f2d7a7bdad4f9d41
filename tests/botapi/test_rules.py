"""The fake Bot API server accepts what Telegram accepts and refuses the rest in Telegram's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.botapi import BotApiServer, PeopleChat, Person
from tests.botapi.http.raw import done, refusal

KEYBOARD = {"inline_keyboard": [[{"text": "✔ right", "callback_data": "yes"}, {"text": "map", "url": "https://a.org"}]]}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "🗼" * 2049}, "message is too long"),
        ({"text": "a", "parse_mode": "Markdown"}, "unsupported parse_mode"),
        ({"text": "a", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "ENTITY_BOUNDS_INVALID"),
        ({"text": "a", "chat_id": 404}, "chat not found"),
        ({"text": "a", "reply_parameters": {"message_id": 9}}, "message to be replied not found"),
    ],
)  # fmt: skip
def test_messages_are_checked(server: BotApiServer, chat: PeopleChat, values: dict[str, Any], why: str) -> None:
    assert refusal(server, "sendMessage", **({"chat_id": chat.id} | values)).startswith(why)


@pytest.mark.parametrize(
    ("mode", "text", "why"),
    [
        ("HTML", "<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("HTML", "<h1>a</h1>", 'Unsupported start tag "h1" at byte offset 0'),
        ("HTML", "1 < 2", "Unclosed start tag at byte offset 2"),
        ("HTML", "é<b><i>a</b></i>", 'Unmatched end tag at byte offset 9, expected "</i>", found "</b>"'),
        ("MarkdownV2", "1.5", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("MarkdownV2", "*a", "Can't find end of Bold entity at byte offset 0"),
    ],
)
def test_broken_mark_up_is_refused(server: BotApiServer, chat: PeopleChat, mode: str, text: str, why: str) -> None:
    refused = refusal(server, "sendMessage", chat_id=chat.id, text=text, parse_mode=mode)
    assert refused == f"can't parse entities: {why}"


@pytest.mark.parametrize(
    ("button", "why"),
    [
        ({"text": "a", "callback_data": "é" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "a"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        (
            {"text": "a", "callback_data": "b", "url": "https://a.org"},
            "can't parse inline keyboard button: exactly one",
        ),
        ({"text": "a", "url": "javascript:1"}, "inline keyboard button URL 'javascript:1' is invalid: Wrong HTTP URL"),
        ({"callback_data": "b"}, "can't parse inline keyboard button: Can't find field \"text\""),
    ],
)
def test_buttons_are_checked(server: BotApiServer, chat: PeopleChat, button: dict[str, Any], why: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert refusal(server, "sendMessage", chat_id=chat.id, text="a", reply_markup=markup).startswith(why)


def test_a_keyboard_has_at_most_a_hundred_buttons(server: BotApiServer, chat: PeopleChat) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]] * 101}
    assert refusal(server, "sendMessage", chat_id=chat.id, text="a", reply_markup=markup) == "reply markup is too long"


def test_only_real_changes_of_own_messages_are_edits(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    theirs, place = chat.send_text(ana, "hi"), {"chat_id": chat.id}
    mine = done(server, "sendMessage", **place, text="a", reply_markup=KEYBOARD)["message_id"]
    edit = {"chat_id": chat.id, "message_id": mine, "text": "a"}
    assert refusal(server, "editMessageText", **edit, reply_markup=KEYBOARD).startswith("message is not modified: spec")
    assert "reply_markup" not in done(server, "editMessageText", **edit)
    assert refusal(server, "editMessageText", **edit | {"message_id": 99}) == "message to edit not found"
    assert refusal(server, "editMessageText", **edit | {"message_id": theirs.id}) == "message can't be edited"
    markup = done(server, "editMessageReplyMarkup", **place, message_id=mine, reply_markup=KEYBOARD)["reply_markup"]
    assert markup == KEYBOARD


def test_a_tap_is_answered_once_and_soon(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    done(server, "sendMessage", chat_id=chat.id, text="a", reply_markup=KEYBOARD)
    tap = chat.tap(ana, chat.wait_for_message(), "yes")
    assert refusal(server, "answerCallbackQuery", callback_query_id=tap.id, text="x" * 201) == "MESSAGE_TOO_LONG"
    done(server, "answerCallbackQuery", callback_query_id=tap.id)
    assert refusal(server, "answerCallbackQuery", callback_query_id=tap.id).startswith("query is too old")
    server.state.tap_lifetime_s = 0
    late = chat.tap(ana, chat.from_bot[0], "✔ right")
    assert refusal(server, "answerCallbackQuery", callback_query_id=late.id).startswith("query is too old")
    with pytest.raises(LookupError):
        chat.tap(ana, chat.from_bot[0], "map")


def test_a_bot_cannot_write_where_it_is_not_wanted(server: BotApiServer, ana: Person) -> None:
    chat = ana.private(started=False)
    assert refusal(server, "sendMessage", chat_id=5, text="a").endswith("bot can't initiate conversation with a user")
    chat.send_text(ana, "/start")
    done(server, "sendMessage", chat_id=5, text="a")
    chat.set_bot_status(ana, "blocked")
    assert refusal(server, "sendMessage", chat_id=5, text="a") == "Forbidden: bot was blocked by the user"
    assert done(server, "getUpdates")[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"


def test_the_other_methods_keep_their_limits(server: BotApiServer, chat: PeopleChat) -> None:
    command, here = {"command": "find", "description": "x"}, {"chat_id": chat.id}
    assert refusal(server, "setMyCommands", commands=[command] * 101) == "BOT_COMMANDS_TOO_MUCH"
    assert refusal(server, "setMyCommands", commands=[command | {"command": "Find"}]) == "BOT_COMMAND_INVALID"
    assert refusal(server, "setMyShortDescription", short_description="x" * 121) == "BOT_SHORT_DESCRIPTION_TOO_LONG"
    assert refusal(server, "sendChatAction", **here, action="think") == "wrong parameter action in request"
    assert refusal(server, "sendVenue", **here, latitude=1, longitude=2, title="a") == "venue address must be non-empty"
    assert refusal(server, "sendVenue", **here, latitude=91, longitude=2, title="a", address="b").endswith("of range")
    assert refusal(server, "sendPhoto", **here, photo="none").startswith("wrong file_id")
    done(server, "setMyCommands", commands=[command], language_code="de", scope={"type": "all_private_chats"})
    assert done(server, "getMyCommands", language_code="de", scope={"type": "all_private_chats"}) == [command]
    assert done(server, "getMyCommands", language_code="fr") == []


def test_mark_up_becomes_entities(server: BotApiServer, chat: PeopleChat) -> None:
    html = '  <b>a<i>🗼</i></b> &lt;&#33; <a href="https://a.org">l</a> <pre>x</pre> '
    markdown = "*a_🗼_* <\\! [l](https://a.org) ```\nx```"
    one = done(server, "sendMessage", chat_id=chat.id, text=html, parse_mode="HTML")
    two = done(server, "sendMessage", chat_id=chat.id, text=markdown, parse_mode="MarkdownV2")
    assert one["text"] == two["text"] == "a🗼 <! l x"
    assert one["entities"] == two["entities"]
    assert [(e["type"], e["offset"], e["length"]) for e in one["entities"]] == [
        ("bold", 0, 3), ("italic", 1, 2), ("text_link", 7, 1), ("pre", 9, 1),
    ]  # fmt: skip
