"""Updates by webhook: each is posted, in order, until the bot answers 200."""

from __future__ import annotations

import http.client
import re
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from tests.botapi.chat.state import State, Webhook
from tests.botapi.http.forms import Parameters
from tests.botapi.http.updates import Update
from tests.botapi.methods.errors import bad_request
from tests.botapi.methods.table import method

LOOPBACK = ("127.0.0.1", "localhost", "::1")
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0


@method
def set_webhook(state: State, parameters: Parameters) -> Any:
    """Telegram requires HTTPS; plain HTTP is accepted on loopback, where a test's bot listens."""
    url, secret = parameters.text("url"), parameters.text("secret_token")
    parts = urlsplit(url)
    if url and parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    if not 1 <= parameters.integer("max_connections", 40) <= 100:
        raise bad_request("max_connections is out of range")
    set_allowed(state, parameters)
    _switch(state, parameters, Webhook(url, secret, parameters.integer("max_connections", 40)))
    return True


@method
def delete_webhook(state: State, parameters: Parameters) -> Any:
    _switch(state, parameters, Webhook())
    return True


@method
def get_webhook_info(state: State, _: Parameters) -> Any:
    hook = state.webhook
    info: dict[str, Any] = {"url": hook.url, "has_custom_certificate": False}
    info["pending_update_count"] = len(state.updates.pending)
    if state.updates.allowed:
        info["allowed_updates"] = sorted(state.updates.allowed)
    if hook.url:
        info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook.last_error:
        info |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
    return info


def set_allowed(state: State, parameters: Parameters) -> None:
    """Settings that are not given stay as they were; updates that wait already are not affected."""
    allowed = parameters.json("allowed_updates")
    if allowed is None:
        return
    if not isinstance(allowed, list):
        raise bad_request("can't parse allowed updates JSON object")
    state.updates.allowed = frozenset(map(str, allowed))


def _switch(state: State, parameters: Parameters, hook: Webhook) -> None:
    state.webhook = hook
    state.updates.webhook = bool(hook.url)
    if parameters.flag("drop_pending_updates"):
        state.updates.forget()
    state.changed.notify_all()
    state.updates.arrived.notify_all()


class Postman:
    """The thread that posts updates to the webhook, one after another."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        with self.state.changed:
            self.state.updates.arrived.notify_all()
        self._thread.join()

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._stopped.is_set():
            update, hook = self._next()
            if update is None:
                continue
            if self._post(hook, update):
                pause_s = FIRST_PAUSE_S
            else:
                self._stopped.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _next(self) -> tuple[Update | None, Webhook]:
        updates = self.state.updates
        with self.state.changed:
            if not (updates.webhook and updates.pending):
                updates.arrived.wait(0.5)
            waiting = updates.pending if updates.webhook else []
            return (waiting[0] if waiting else None), self.state.webhook

    def _post(self, hook: Webhook, update: Update) -> bool:
        """Post an update; if the bot accepts it, confirm it and return True."""
        self.state.updates.note_handed_out(update)
        error = _posted(hook, update)
        with self.state.changed:
            if error:
                hook.last_error, hook.last_error_at = error, int(time.time())
            elif update in self.state.updates.pending:
                self.state.updates.confirm_one(update)
        return not error


def _posted(hook: Webhook, update: Update) -> str:
    """The error, or an empty string."""
    parts = urlsplit(hook.url)
    secret = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(str(parts.hostname), parts.port, timeout=10)
    try:
        headers = {"Content-Type": "application/json"} | secret
        connection.request("POST", parts.path or "/", update.json.encode(), headers)
        status = connection.getresponse().status
        return "" if 200 <= status < 300 else f"Wrong response from the webhook: {status}"
    except (OSError, http.client.HTTPException) as error:
        return f"Connection failed: {error}"
    finally:
        connection.close()
