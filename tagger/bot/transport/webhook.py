"""Updates by webhook: Telegram calls the bot, through a proxy that terminates TLS.

A call is answered with 200 only once its update is in the database; Telegram repeats all others.
"""

from __future__ import annotations

import hmac
import json
import logging
from urllib.parse import urlsplit

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from tagger.bot.transport.receiver import Receiver

log = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BODY_BYTES = 1_000_000  # an update has a few kilobytes


class _WebhookHandler(RequestHandler):
    def initialize(self, receiver: Receiver, secret: str) -> None:
        self._receiver = receiver
        self._secret = secret

    async def post(self) -> None:
        if not hmac.compare_digest(self.request.headers.get(HEADER, "").encode(), self._secret.encode()):
            self.set_status(403)
            return
        try:
            update = json.loads(self.request.body)
            int(update["update_id"])
        except (ValueError, TypeError, KeyError):
            self.set_status(400)
            return
        await self._receiver.accept([update])


def listen(receiver: Receiver, *, url: str, secret: str, address: str) -> HTTPServer:
    """Serve the webhook until the returned server's `stop` is called.

    Args:
        receiver: accepts the updates.
        url: the public URL; its path is served here.
        secret: what Telegram sends with every call.
        address: host and port.

    Raises:
        OSError: the address cannot be bound.
    """
    path = urlsplit(url).path or "/"
    host, _, port = address.rpartition(":")
    arguments = {"receiver": receiver, "secret": secret}
    server = HTTPServer(
        Application([(path, _WebhookHandler, arguments)], log_function=lambda _: None), max_body_size=MAX_BODY_BYTES
    )
    server.listen(int(port), host)
    log.info("The webhook listens on %s", address)
    return server
