"""`/control/<command>` in JSON, to drive the server from another process.

Every command does what a method of the server does. Times are monotonic and comparable between processes.
"""

from __future__ import annotations

import json
import mimetypes
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.botapi.chat.messages import Message
from tests.botapi.chat.people import PeopleChat, Person
from tests.botapi.chat.transcript import transcript
from tests.botapi.http import faults
from tests.botapi.http.wire import HttpRequest, Reply

if TYPE_CHECKING:
    from tests.botapi.http.server import BotApiServer

Json = dict[str, Any]
Command = Callable[["BotApiServer", Json], Any]

COMMANDS: dict[str, Command] = {}


def control(server: BotApiServer, path: str, request: HttpRequest) -> Reply:
    """Run one command; if it fails, answer 400 with the reason."""
    command = COMMANDS.get(path.removeprefix("/control/"))
    if command is None:
        return Reply.json({"ok": False, "description": f"the commands are {', '.join(COMMANDS)}"}, 404)
    try:
        return Reply.json({"ok": True, "result": command(server, json.loads(request.body or b"{}"))})
    except (KeyError, LookupError, TypeError, ValueError, OSError) as error:
        return Reply.json({"ok": False, "description": f"{type(error).__name__}: {error}"}, 400)


def _command(function: Command) -> Command:
    COMMANDS[function.__name__] = function
    return function


def _who(server: BotApiServer, given: Json) -> tuple[Person, PeopleChat]:
    """{"person": 5, "name": "Ana", "chat_id": …}: by default the private chat."""
    person = server.person(int(given["person"]), str(given.get("name", f"Person {given['person']}")))
    chat = server.state.chats[given["chat_id"]] if "chat_id" in given else person.private()
    assert isinstance(chat, PeopleChat)
    return person, chat


def _sent(message: Message) -> Json:
    return {"chat_id": message.chat_id, "message_id": message.id, "update_id": message.update_id}


@_command
def photos(server: BotApiServer, given: Json) -> Any:
    """Send many photos at once: {"files": […], "chats": 50}; file i goes to chat i % chats, in order."""
    people = [server.person(10_000 + number, f"Person {number}") for number in range(int(given.get("chats", 1)))]
    contents = [Path(file).read_bytes() for file in given["files"]]
    with server.state.changed:
        senders = [people[number % len(people)] for number in range(len(contents))]
        return [
            _sent(person.private().send_photo(person, content))
            for person, content in zip(senders, contents, strict=True)
        ]


@_command
def documents(server: BotApiServer, given: Json) -> Any:
    """Send one file from many people at once: {"file": …, "people": 10}."""
    content, name = Path(given["file"]).read_bytes(), Path(given["file"]).name
    people = [server.person(20_000 + number, f"Person {number}") for number in range(int(given.get("people", 1)))]
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    with server.state.changed:
        return [_sent(person.private().send_document(person, content, name, kind)) for person in people]


@_command
def text(server: BotApiServer, given: Json) -> Any:
    person, chat = _who(server, given)
    return _sent(chat.send_text(person, given["text"]))


@_command
def flood(server: BotApiServer, given: Json) -> Any:
    """Send many texts in groups at once, in turns: {"groups": 10, "texts": 300, "text": "/help"}."""
    person = server.person(9_999, "Flooder")
    groups = [
        server.group(-1_000_000_000_001 - number, f"Group {number}", [person]) for number in range(int(given["groups"]))
    ]
    with server.state.changed:
        for _ in range(int(given["texts"])):
            for group in groups:
                group.send_text(person, given["text"])


@_command
def tap(server: BotApiServer, given: Json) -> Any:
    """{"person": …, "message_id": …, "button": "✔"}"""
    person, chat = _who(server, given)
    message = chat.find(int(given["message_id"]))
    if message is None:
        raise LookupError("there is no such message")
    return chat.tap(person, message, given["button"]).id


@_command
def fault(server: BotApiServer, given: Json) -> Any:
    """{"method": "sendMessage", "kind": "Reset", "arguments": {"after": true}, "times": 3, "chat_id": 5}.

    Times 0: until cleared. Without a chat, in every chat.
    """
    kind, chat_id = getattr(faults, str(given["kind"])), given.get("chat_id")
    made = kind(**given.get("arguments", {}))
    if given.get("times", 1):
        server.faults.next(given["method"], made, times=int(given.get("times", 1)), chat_id=chat_id)
    else:
        probability = float(given.get("probability", 1))
        server.faults.always(given["method"], made, chat_id=chat_id, probability=probability)


@_command
def limit_rates(server: BotApiServer, _: Json) -> Any:
    server.faults.limit_rates()


@_command
def clear_faults(server: BotApiServer, _: Json) -> Any:
    server.faults.clear()


@_command
def offline(server: BotApiServer, given: Json) -> Any:
    """{"seconds": 5}: refuse connections for this long, soon after this answer."""

    def away() -> None:
        with server.dead_network():
            server.stopped.wait(float(given["seconds"]))

    threading.Timer(0.05, away).start()


@_command
def state(server: BotApiServer, _: Json) -> Any:
    """The bot's progress."""
    received = answered = 0
    for chat in list(server.state.chats.values()):  # a benchmark asks often, so this is quick
        people = {message.id for message in chat.messages if not message.from_bot}
        received += len(people)
        answered += len(people & {message.reply_to for message in chat.from_bot})
    return {
        "pending": len(server.state.updates.pending),
        "received": received,
        "answered": answered,
        "calls": Counter(request.method for request in server.requests),
        "violations": [str(violation) for violation in server.violations],
    }


@_command
def answers(server: BotApiServer, _: Json) -> Any:
    """Each message of a person: when it was handed out, and when each answer to it arrived."""
    return [
        _sent(message)
        | {
            "kind": message.kind,
            "handed_out": server.handed_out(message),
            "answers": [
                {"message_id": answer.id, "at": answer.at, "edited_at": answer.edited_at, "text": answer.text}
                for answer in chat.answers_to(message)
            ],
        }
        for chat in server.state.chats.values()
        for message in chat.messages
        if not message.from_bot
    ]


@_command
def requests(server: BotApiServer, given: Json) -> Any:
    """The bot's calls, all or from this index on: {"start": 0}."""
    return [asdict(request) for request in server.requests[int(given.get("start", 0)) :]]


@_command
def wait(server: BotApiServer, given: Json) -> Any:
    """Wait until the bot is quiet: {"quiet_s": 0.5, "timeout_s": 60}."""
    server.wait_until_quiet(float(given.get("quiet_s", 0.3)), float(given.get("timeout_s", 60)))


@_command
def markdown(server: BotApiServer, given: Json) -> Any:
    return transcript(server.state.chats[int(given["chat_id"])])


@_command
def stop(server: BotApiServer, _: Json) -> Any:
    threading.Timer(0.05, server.stopped.set).start()  # after this answer
