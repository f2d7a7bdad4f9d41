"""The fake Bot API server fails like Telegram and the network, and another process can drive it."""

from __future__ import annotations

import http.client
import http.server
import json
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from tests.botapi import (
    BotApiServer,
    Fault,
    Garbage,
    GatewayError,
    PeopleChat,
    Person,
    Rates,
    Refused,
    Reset,
    Silent,
    Slow,
    Throttled,
    Truncated,
    too_many,
)
from tests.botapi.http.raw import call, done, download, post
from tests.drawn import jpeg, photos


def test_a_method_fails_so_often_and_then_works(server: BotApiServer, chat: PeopleChat) -> None:
    server.faults.next("sendMessage", too_many(3), Refused(403, "Forbidden: no"), chat_id=chat.id)
    limited = call(server, "sendMessage", chat_id=chat.id, text="a")
    assert limited["parameters"] == {"retry_after": 3}
    assert limited["description"] == "Too Many Requests: retry after 3"
    assert call(server, "sendMessage", chat_id=chat.id, text="a")["description"] == "Forbidden: no"
    done(server, "sendMessage", chat_id=chat.id, text="a")
    assert server.faults.left == 0
    assert (len(chat.messages), server.violations) == (1, [])


def test_a_gateway_error_is_a_page_and_no_json(server: BotApiServer) -> None:
    server.faults.next("*", GatewayError(500), GatewayError())
    pages = [post(server, f"/bot{server.token}/getMe", {}) for _ in range(2)]
    assert [status for status, _ in pages] == [500, 502]
    assert b"<h1>502 Bad Gateway</h1>" in pages[1][1]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", [Reset, Silent, Truncated])
def test_an_answer_is_lost_before_or_after_the_message_was_sent(
    server: BotApiServer, chat: PeopleChat, kind: type[Fault], after: bool
) -> None:
    fault = kind(after=after or kind is Truncated)
    server.faults.next("sendMessage", fault)
    with pytest.raises((OSError, http.client.HTTPException)):
        call(server, "sendMessage", chat_id=chat.id, text="a", timeout_s=0.3)
    assert len(chat.messages) == fault.after


def test_repeating_what_was_lost_is_no_violation(server: BotApiServer, chat: PeopleChat) -> None:
    done(server, "sendMessage", chat_id=chat.id, text="a")
    server.faults.next("editMessageText", Reset(after=True))
    edit: dict[str, Any] = {"chat_id": chat.id, "message_id": 1, "text": "b"}
    with pytest.raises((OSError, http.client.HTTPException)):
        call(server, "editMessageText", **edit)
    assert call(server, "editMessageText", **edit)["error_code"] == 400
    assert server.violations == []


def test_slow_answers_are_right_and_late(server: BotApiServer) -> None:
    server.faults.next("getMe", Slow(0.3))
    start = time.monotonic()
    assert done(server, "getMe")["username"] == "landmark_bot"
    assert time.monotonic() - start >= 0.3
    assert server.requests[-1].fault == "Slow"


def test_downloads_break_in_all_ways(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    content = jpeg(size=(500, 400))
    file_id = chat.send_photo(ana, content).json["photo"][-1]["file_id"]
    path = done(server, "getFile", file_id=file_id)["file_path"]
    server.faults.next("download", Truncated(0.5), Garbage(), Throttled(4 * len(content)), GatewayError())
    with pytest.raises(http.client.IncompleteRead) as broken:
        download(server, path)
    assert broken.value.partial == content[: len(content) // 2]
    garbage = download(server, path)
    assert (len(garbage), garbage != content) == (len(content), True)
    start = time.monotonic()
    assert download(server, path) == content
    assert time.monotonic() - start > 0.2
    assert b"502" in download(server, path)
    assert download(server, path) == content
    assert len(server.calls("download")) == 5


def test_messages_are_limited_per_chat_and_over_all(server: BotApiServer, chat: PeopleChat) -> None:
    server.faults.limit_rates(Rates(chat_burst=2))
    answers = [call(server, "sendMessage", chat_id=chat.id, text="a") for _ in range(3)]
    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[2]["parameters"]["retry_after"] == 1
    assert call(server, "sendChatAction", chat_id=chat.id, action="typing")["ok"]


def test_a_dead_network_refuses_connections_and_comes_back_with_all_it_knew(
    server: BotApiServer, ana: Person, chat: PeopleChat
) -> None:
    chat.send_text(ana, "before")
    with server.dead_network():
        chat.send_text(ana, "meanwhile")
        with pytest.raises(ConnectionRefusedError):
            call(server, "getMe")
    assert [update["message"]["text"] for update in done(server, "getUpdates")] == ["before", "meanwhile"]


def test_updates_come_twice_on_command(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    server.state.updates.doubled = True
    chat.send_text(ana, "a")
    assert [update["message"]["text"] for update in done(server, "getUpdates")] == ["a", "a"]


def test_a_caller_that_died_in_a_long_poll_takes_nothing_with_it(
    server: BotApiServer, ana: Person, chat: PeopleChat
) -> None:
    with pytest.raises(TimeoutError):
        call(server, "getUpdates", timeout=5, timeout_s=0.2)
    sent = chat.send_text(ana, "a")
    time.sleep(0.2)
    assert server.handed_out(sent) == []


class Hook(http.server.BaseHTTPRequestHandler):
    """A bot's webhook that answers 500 to the first post."""

    def do_POST(self) -> None:
        self.server.got.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], self._update()))  # type: ignore[attr-defined]
        self.send_response(500 if len(self.server.got) == 1 else 200)  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _update(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))["message"]["text"]

    def log_message(self, *_: object) -> None:
        pass


def test_a_webhook_gets_updates_until_it_takes_them(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Hook) as hook:
        hook.got = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=hook.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        done(server, "setWebhook", url=f"http://127.0.0.1:{hook.server_port}/", secret_token="abc")
        chat.send_text(ana, "a")
        chat.send_text(ana, "b")
        server.wait_until_confirmed()
        hook.shutdown()
        thread.join()
        assert hook.got == [("abc", "a"), ("abc", "a"), ("abc", "b")]  # type: ignore[attr-defined]
    assert call(server, "getUpdates")["error_code"] == 409
    assert done(server, "getWebhookInfo")["last_error_message"] == "Wrong response from the webhook: 500"
    done(server, "deleteWebhook")
    assert done(server, "getUpdates") == []


def test_another_process_can_drive_it(tmp_path: Any) -> None:
    files = [str(path) for path in photos(tmp_path, 4)]
    command = [sys.executable, "-m", "tests.botapi", "--token", "7:secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        elsewhere = BotApiServer(token="7:secret", port=started["port"])  # not started: only says where to call

        def control(name: str, **values: Any) -> Any:
            return json.loads(post(elsewhere, f"/control/{name}", values)[1])["result"]

        sent = control("photos", files=files, chats=2)
        assert [(one["chat_id"], one["message_id"]) for one in sent] == [(10000, 1), (10001, 1), (10000, 2), (10001, 2)]
        control("fault", method="sendMessage", kind="Refused", arguments={"code": 403, "description": "Forbidden: x"})
        assert len(done(elsewhere, "getUpdates")) == 4
        reply: dict[str, Any] = {"chat_id": 10001, "text": "hi", "reply_parameters": {"message_id": 2}}
        assert call(elsewhere, "sendMessage", **reply)["error_code"] == 403
        done(elsewhere, "sendMessage", **reply)
        answer = control("answers")[3]
        assert answer["answers"][0]["text"] == "hi"
        assert answer["handed_out"][0] < answer["answers"][0]["at"] < time.monotonic()
        assert control("state")["answered"] == 1
        assert "> hi" in control("markdown", chat_id=10001)
        assert control("requests", start=2)[0]["method"] == "sendMessage"
        control("stop")
        assert process.wait(timeout=5) == 0
