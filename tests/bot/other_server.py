"""A Bot API server as somebody else may have written it: all that the Bot API leaves open is unlike `tests.botapi`.

It speaks HTTP/1.0 without lengths, never waits for updates, gives all chats' messages numbers of one row, marks no
commands, says more than a bot knows, and has no method but those that a conversation needs.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

TOKEN = "42:other_server"
FILE_PATH = "some folder/ünïcode & more/1.jpg"

Json = dict[str, Any]


class OtherServer(ThreadingHTTPServer):
    """Ana, who is number 7, and her chat with the bot."""

    daemon_threads = True

    def __init__(self, photo: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.photo = photo
        self.file_path = FILE_PATH
        self.sent_bytes = 0  # of files
        self.url = f"http://127.0.0.1:{self.server_port}/a/root/of/its/own"
        self.updates: list[Json] = []
        self.calls: list[tuple[str, Json]] = []
        self._numbers = iter(range(100, 1_000_000, 3))

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def happens(self, kind: str, content: Json) -> None:
        self.updates.append({"update_id": 5 + len(self.updates), kind: content, "news_of_2030": [{}]})

    def message(self, **content: Any) -> Json:
        """One of Ana's."""
        ana = {"id": 7, "is_bot": False, "first_name": "Ana", "language_code": "en", "mood": "sunny"}
        place = {"id": 7, "type": "private", "theme": {"dark": True}}
        return {"message_id": next(self._numbers), "date": 1_700_000_000, "from": ana, "chat": place, **content}

    def said(self, method: str, count: int = 1, within_s: float = 120.0) -> Json:
        """What the bot gave with its call of a method, the one with this number."""
        until = time.monotonic() + within_s
        while len(found := [given for name, given in self.calls if name == method]) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"the bot never called {method}, only {[name for name, _ in self.calls]}")
            time.sleep(0.05)
        return found[count - 1]

    def result(self, method: str, given: Json) -> Any:
        """What a method answers; None if there is no such method."""
        if method == "getMe":
            return {"id": 42, "is_bot": True, "first_name": "Landmarks", "username": "other_bot", "age": 3}
        if method == "getUpdates":
            return [update for update in self.updates if update["update_id"] >= int(given.get("offset", 0))]
        if method == "getFile":
            return {"file_id": given["file_id"], "file_unique_id": "u1", "file_path": self.file_path}
        if method in ("sendMessage", "editMessageText"):
            return self.message(text="…")
        return True if method in ("answerCallbackQuery", "sendChatAction") else None


class _Handler(BaseHTTPRequestHandler):
    server: OtherServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        method, given = urlsplit(self.path).path.rpartition("/")[2], dict(parse_qsl(body))
        self.server.calls.append((method, given))
        result = self.server.result(method, given)
        if self.path.startswith(f"/a/root/of/its/own/bot{TOKEN}/") and result is not None:
            self._say(200, json.dumps({"ok": True, "result": result, "took_ms": 1}).encode())
        else:
            self._say(404, b'{"ok": false, "error_code": 404, "description": "Not Found"}')

    def do_GET(self) -> None:
        is_photo = unquote(self.path) == f"/a/root/of/its/own/file/bot{TOKEN}/{FILE_PATH}"
        self._say(200 if is_photo else 404)
        for start in range(0, len(self.server.photo) if is_photo else 0, 65_536):
            self.wfile.write(piece := self.server.photo[start : start + 65_536])
            self.server.sent_bytes += len(piece)

    def _say(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
