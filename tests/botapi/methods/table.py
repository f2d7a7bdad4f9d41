"""The table of methods, and those about the bot itself. As in Telegram, names are case-insensitive."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.botapi.chat.state import State
from tests.botapi.http.forms import Parameters
from tests.botapi.methods.errors import bad_request
from tests.botapi.methods.rules import chat_of
from tests.botapi.text.utf16 import utf16_length

Function = Callable[[State, Parameters], Any]


class Method(NamedTuple):
    name: str
    call: Function


METHODS: dict[str, Method] = {}
COMMAND_NAME = re.compile(r"[a-z0-9_]{1,32}")
TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def method(function: Function) -> Function:
    """Add a function to the table: `send_message` is `sendMessage`."""
    first, *rest = function.__name__.split("_")
    name = first + "".join(part.capitalize() for part in rest)
    METHODS[name.lower()] = Method(name, function)
    return function


@method
def get_me(state: State, _: Parameters) -> Any:
    reads_all = not state.privacy_mode
    more = {
        "can_join_groups": True,
        "can_read_all_group_messages": reads_all,
        "supports_inline_queries": state.inline_mode,
    }
    return state.bot | more | {"can_connect_to_business": False, "has_main_web_app": False}


@method
def log_out(_state: State, _: Parameters) -> Any:
    return True


@method
def close(_state: State, _: Parameters) -> Any:
    return True


@method
def set_my_commands(state: State, parameters: Parameters) -> Any:
    commands = parameters.json("commands")
    if not isinstance(commands, list):
        raise bad_request("can't parse commands JSON object")
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        _check_command(command)
    state.profile.commands[_scope(state, parameters)] = commands
    return True


def _check_command(command: Any) -> None:
    if not isinstance(command, dict) or not isinstance(command.get("command"), str):
        raise bad_request("can't parse BotCommand: Can't find field \"command\"")
    if not COMMAND_NAME.fullmatch(command["command"].removeprefix("/")):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= utf16_length(str(command.get("description", ""))) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")


def _scope(state: State, parameters: Parameters) -> tuple[str, str]:
    """The key of a list of commands. The scope of a chat needs the chat."""
    scope = parameters.json("scope") or {"type": "default"}
    if not isinstance(scope, dict) or not isinstance(scope.get("type"), str):
        raise bad_request("can't parse BotCommandScope: Can't find field \"type\"")
    if scope["type"].startswith("chat"):
        chat_of(state, Parameters(scope), open_only=False)
    return " ".join(str(scope[key]) for key in sorted(scope)), _language(parameters)


def _language(parameters: Parameters) -> str:
    language = parameters.text("language_code")
    if not re.fullmatch(r"([a-z]{2})?", language):
        raise bad_request("invalid language code specified")
    return language


@method
def get_my_commands(state: State, parameters: Parameters) -> Any:
    return state.profile.commands.get(_scope(state, parameters), [])


@method
def delete_my_commands(state: State, parameters: Parameters) -> Any:
    state.profile.commands.pop(_scope(state, parameters), None)
    return True


def _set_text(name: str) -> Function:
    def function(state: State, parameters: Parameters) -> Any:
        text = parameters.text(name)
        if utf16_length(text) > TEXT_LIMITS[name]:
            raise bad_request(f"BOT_{name.upper()}_TOO_LONG")
        state.profile.texts[name, _language(parameters)] = text
        return True

    function.__name__ = f"set_my_{name}"
    return function


def _get_text(name: str) -> Function:
    def function(state: State, parameters: Parameters) -> Any:
        texts, language = state.profile.texts, _language(parameters)
        default = str(state.bot["first_name"]) if name == "name" else ""
        return {name: texts.get((name, language)) or texts.get((name, "")) or default}

    function.__name__ = f"get_my_{name}"
    return function


for text_name in TEXT_LIMITS:
    method(_set_text(text_name))
    method(_get_text(text_name))


@method
def get_file(state: State, parameters: Parameters) -> Any:
    if not parameters.has("file_id"):
        raise bad_request("invalid file_id")
    return state.files.link(parameters.text("file_id"))
