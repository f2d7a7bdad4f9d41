"""The server: sockets, threads, and the path of a request through the faults to its method.

A bot sees only HTTP; tests see the same state from the other side.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self
from urllib.parse import unquote, urlsplit

from tests.botapi.chat.controls import ServerControls
from tests.botapi.chat.state import Request, State
from tests.botapi.http.control import control
from tests.botapi.http.faults import Fault, Faults
from tests.botapi.http.forms import Parameters, parameters
from tests.botapi.http.webhook import Postman
from tests.botapi.http.wire import Connection, HttpRequest, Reply
from tests.botapi.methods.calls import Calls, chat_id_of, method_name, readable
from tests.botapi.methods.errors import ApiError

TOKEN = "1234567:TEST-token_of_the_bot_under_test_000"


class BotApiServer(ServerControls):
    """A Bot API server on loopback, as a context manager."""

    def __init__(
        self, *, token: str = TOKEN, port: int = 0, username: str = "landmark_bot", privacy_mode: bool = False
    ) -> None:
        super().__init__(State(token, username, privacy_mode=privacy_mode))
        self.token = token
        self.port = port
        self.faults = Faults()
        self.stopped = threading.Event()
        self._calls = Calls(self.state)
        self._listener: socket.socket | None = None
        self._threads: dict[threading.Thread, Connection | None] = {}
        self._postman = Postman(self.state)

    @property
    def url(self) -> str:
        """The root URL; a bot appends `/bot<token>/…` and `/file/bot<token>/…`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """As python-telegram-bot's `base_url` wants it."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.url}/file/bot"

    def __enter__(self) -> Self:
        self.listen()
        self._postman.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.stopped.set()
        self._postman.stop()
        self.hang_up()

    def listen(self) -> None:
        """Accept connections, on the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        self.port = self._listener.getsockname()[1]
        self._start(threading.Thread(target=self._accept, args=(self._listener,), daemon=True), None)

    def hang_up(self) -> None:
        """Close all connections and accept no more; the state stays."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
            self._listener.close()
        self._join([thread for thread, connection in self._threads.copy().items() if connection is None])
        connections = self._threads.copy()
        for connection in connections.values():
            if connection is not None:
                connection.interrupt()
        with self.state.changed:
            self.state.changed.notify_all()
            self.state.updates.arrived.notify_all()
        self._join(list(connections))

    def _join(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(timeout=5)

    @contextmanager
    def dead_network(self) -> Iterator[None]:
        """Refuse connections while the context lasts."""
        self.hang_up()
        try:
            yield
        finally:
            self.listen()

    def _start(self, thread: threading.Thread, connection: Connection | None) -> None:
        self._threads[thread] = connection
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        try:
            while True:
                connection = Connection(listener.accept()[0])
                self._start(threading.Thread(target=self._serve, args=(connection,), daemon=True), connection)
        except OSError:
            self._threads.pop(threading.current_thread(), None)  # the listener was closed

    def _serve(self, connection: Connection) -> None:
        try:
            while (request := connection.read()) is not None and self._answer(request, connection):
                pass
        except OSError:
            pass  # the bot has gone
        finally:
            connection.close()
            self._threads.pop(threading.current_thread(), None)

    def _answer(self, request: HttpRequest, connection: Connection) -> bool:
        """Answer one request; whether the connection stays open."""
        path = unquote(urlsplit(request.target).path)
        if path.startswith("/control/"):
            reply: Reply | None = control(self, path, request)
        elif path.startswith("/file/bot"):
            reply = self._download(path.removeprefix("/file/bot"), request, connection)
        elif path.startswith("/bot"):
            reply = self._call(path.removeprefix("/bot"), request, connection)
        else:
            reply = _refusal(ApiError(404, "Not Found"))
        if reply is None:
            return False
        connection.send(reply)
        return request.headers.get("connection", "").lower() != "close"

    def _call(self, path: str, request: HttpRequest, connection: Connection) -> Reply | None:
        token, _, name = path.partition("/")
        try:
            given = parameters(request)
        except ApiError as error:
            return _refusal(error)
        uploads = {name: len(upload.content) for name, upload in given.files.items()}
        entry = Request(method_name(name), readable(given.values), uploads, request.at)
        if token != self.token:
            return self._log(entry, _refusal(ApiError(401, "Unauthorized")))
        return self._with_fault(entry, given, connection)

    def _with_fault(self, entry: Request, given: Parameters, connection: Connection) -> Reply | None:
        self.state.requests.append(entry)
        fault = self.faults.take(entry.method, chat_id_of(given.values))
        if fault is None:
            return self._log(entry, self._calls.perform(entry, given, connection.alive))
        entry.fault = type(fault).__name__
        return self._log(entry, fault.happen(lambda: self._perform_unheard(entry, given, connection), connection))

    def _perform_unheard(self, entry: Request, given: Parameters, connection: Connection) -> Reply:
        reply = self._calls.perform(entry, given, connection.alive)
        if reply.status == 200:
            self._calls.lost(entry)
        return reply

    def _log(self, entry: Request, reply: Reply | None) -> Reply | None:
        with self.state.changed:
            if reply is not None:
                entry.status, entry.answered_at = reply.status, time.monotonic()
            self.state.changed.notify_all()
        return reply

    def _download(self, path: str, request: HttpRequest, connection: Connection) -> Reply | None:
        token, _, file_path = path.partition("/")
        entry = Request("download", {"file_path": file_path}, {}, request.at)
        self.state.requests.append(entry)
        fault = self.faults.take("download", None) or Fault(after=True)
        if type(fault) is not Fault:
            entry.fault = type(fault).__name__
        return self._log(entry, fault.happen(lambda: self._file(token, file_path), connection))

    def _file(self, token: str, file_path: str) -> Reply:
        try:
            if token != self.token:
                raise ApiError(401, "Unauthorized")
            return Reply(200, self.state.files.open(file_path), "application/octet-stream")
        except ApiError as error:
            return _refusal(error)


def _refusal(error: ApiError) -> Reply:
    return Reply.json(error.body, error.code)
