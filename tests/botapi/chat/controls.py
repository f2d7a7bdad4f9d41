"""What tests ask the server for, so that they need not reach into its parts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from tests.botapi.chat.messages import Message
from tests.botapi.chat.people import PeopleChat, Person
from tests.botapi.chat.state import Request, State, Violation

Json = dict[str, Any]


class ServerControls:
    def __init__(self, state: State) -> None:
        self.state = state

    def person(self, person_id: int, first_name: str, language_code: str | None = "en", **more: Any) -> Person:
        """A user; `more` are further fields, such as username or last_name."""
        if person_id not in self.state.people:
            language = {"language_code": language_code} if language_code else {}
            head = {"id": person_id, "is_bot": False, "first_name": first_name}
            self.state.people[person_id] = Person(self.state, head | language | more)
        return self.state.people[person_id]

    def group(self, chat_id: int, title: str, members: Sequence[Person] = ()) -> Group:
        """A group with the bot in it; a supergroup if its id is that low (-100…)."""
        return Group(self.state, chat_id, title, members)

    def anonymous(self, chat: PeopleChat) -> Person:
        """The anonymous admins of a group; everywhere Telegram names the same user for them."""
        bot = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        return Person(self.state, bot, chat.json)

    def channel(self, chat_id: int, title: str, stand_in: int = 136817688) -> Person:
        """A channel in whose name somebody writes in groups; 777000 stands for one that is linked to the group."""
        bot = {"id": stand_in, "is_bot": stand_in != 777000, "first_name": "Channel"}
        return Person(self.state, bot, {"id": chat_id, "type": "channel", "title": title})

    @property
    def requests(self) -> list[Request]:
        """Every call of the bot, in the order in which they arrived."""
        return list(self.state.requests)

    def calls(self, method: str) -> list[Request]:
        return [request for request in self.requests if request.method == method]

    @property
    def violations(self) -> list[Violation]:
        return self.state.violations

    def answers_to(self, message: Message) -> list[Message]:
        return self.state.chats[message.chat_id].answers_to(message)

    def handed_out(self, message: Message) -> list[float]:
        """When (monotonic) the bot was sent an update about a message; several times if it was repeated."""
        return list(self.state.updates.handed_out.get(message.update_id or 0, []))

    def latency_s(self, message: Message) -> float:
        """Seconds from the first update about a message to the arrival of its answer.

        Raises:
            LookupError: It was not handed out, or not answered.
        """
        told, answers = self.handed_out(message), self.answers_to(message)
        if not told or not answers:
            raise LookupError(f"message {message.id} in chat {message.chat_id} has no answer")
        return answers[0].at - told[0]

    def wait_until_confirmed(self, timeout_s: float = 10) -> None:
        """Wait until the bot has confirmed every update, by asking for the next ones or by its webhook."""
        updates = self.state.updates
        self.state.wait(lambda: not updates.pending, timeout_s, "the confirmation of all updates")

    def wait_until_quiet(self, quiet_s: float = 0.3, timeout_s: float = 30) -> None:
        """Wait until everything is confirmed and the bot has called nothing but getUpdates for a while."""
        what = f"{quiet_s} s without a call"
        self.state.wait(lambda: not self.state.updates.pending and self._quiet(quiet_s), timeout_s, what)

    def _quiet(self, quiet_s: float) -> bool:
        calls = [request for request in reversed(self.state.requests[-200:]) if request.method != "getUpdates"]
        busy = any(request.status == 0 and not request.fault for request in calls)
        last = max((max(request.at, request.answered_at or 0) for request in calls), default=0.0)
        newest = max(last, self.state.updates.last_handed_out)
        return not busy and time.monotonic() - newest >= quiet_s


class Group(PeopleChat):
    """A group; `members` are the people in it, and `anonymous_admins` the ids of those who hide their names."""

    def __init__(self, state: State, chat_id: int, title: str, members: Sequence[Person]) -> None:
        kind = "supergroup" if chat_id <= -1_000_000_000_000 else "group"
        super().__init__(state, {"id": chat_id, "title": title, "type": kind})
        self.members = list(members)
        self.anonymous_admins: set[int] = set()

    def migrate(self, person: Person, chat_id: int) -> Group:
        """The group becomes a supergroup. Both chats tell of it, and the old one can no longer be written to."""
        with self.state.changed:
            new = Group(self.state, chat_id, self.json["title"], self.members)
            self.send_service(person, migrate_to_chat_id=chat_id)
            new.send_service(person, migrate_from_chat_id=self.id)
            self.migrated_to = chat_id
        return new
