"""One call of the bot, from its parameters to its reply.

The one rule: every refusal that is the bot's fault becomes a violation, except for a repeated call that took effect
before and whose answer was lost. A refusal with parameters says what happened in the chat, which is not its fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.botapi.chat.state import Json, Request, State, Violation
from tests.botapi.http import webhook
from tests.botapi.http.forms import Parameters
from tests.botapi.http.wire import Reply
from tests.botapi.methods import editing, sending
from tests.botapi.methods.errors import ApiError
from tests.botapi.methods.table import METHODS

PARTS = (editing, sending, webhook)  # importing them fills the table
VIOLATIONS = (400, 404, 413)


class Calls:
    def __init__(self, state: State) -> None:
        self.state = state
        self._unanswered: list[tuple[str, Json]] = []  # what took effect although the bot got no answer

    def lost(self, request: Request) -> None:
        """Remember a call whose answer the bot never got: repeating it is no violation."""
        self._unanswered.append((request.method, request.parameters))

    def perform(self, request: Request, parameters: Parameters, alive: Callable[[], bool]) -> Reply:
        """Carry out the method, or refuse."""
        try:
            if request.method == "getUpdates":
                return self._get_updates(parameters, alive)
            with self.state.changed:
                method = METHODS.get(request.method.lower())
                if method is None:
                    raise ApiError(404, "Not Found")
                self.state.arrived_at = request.at
                return Reply.json({"ok": True, "result": method.call(self.state, parameters)})
        except ApiError as refusal:
            self._refused(request, refusal)
            return Reply.json(refusal.body, refusal.code)

    def _refused(self, request: Request, refusal: ApiError) -> None:
        request.description = refusal.description
        repeated = (request.method, request.parameters) in self._unanswered
        if refusal.code in VIOLATIONS and not repeated and not refusal.parameters:
            self.state.violations.append(Violation(request.method, refusal.description, request.parameters))

    def _get_updates(self, parameters: Parameters, alive: Callable[[], bool]) -> Reply:
        updates = self.state.updates
        webhook.set_allowed(self.state, parameters)
        offset, limit = parameters.integer("offset"), parameters.integer("limit", 100)
        taken = updates.take(offset, limit, min(parameters.integer("timeout"), 50), alive)
        return Reply(200, f'{{"ok":true,"result":[{",".join(update.json for update in taken)}]}}'.encode())


def method_name(name: str) -> str:
    """The method's name as in the documentation, whatever case the bot used."""
    lower = name.lower()
    return "getUpdates" if lower == "getupdates" else METHODS[lower].name if lower in METHODS else name


def chat_id_of(values: dict[str, Any]) -> int | None:
    try:
        return int(values["chat_id"])
    except (KeyError, TypeError, ValueError):
        return None


def readable(values: dict[str, Any]) -> Json:
    """A form's values with the JSON in them parsed, so that tests see lists and objects."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
