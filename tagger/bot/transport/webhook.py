"""Updates by webhook: Telegram calls the bot, through whatever ends TLS in front of it.

The one rule: a call is answered with 200 only when its update is in the database; Telegram repeats every other.
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
LARGEST_BYTES = 1_000_000  # an update is a few kilobytes


class _Call(RequestHandler):
    def initialize(self, inlet: Receiver, secret: str) -> None:
        self._inlet = inlet
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
        await self._inlet.take([update])


def listen(inlet: Receiver, *, url: str, secret: str, address: str) -> HTTPServer:
    """Serve the webhook until `stop` is called on what is returned.

    Args:
        url: the public one; its path is served here.
        address: host and port.

    Raises:
        OSError: the address cannot be had.
    """
    path = urlsplit(url).path or "/"
    host, _, port = address.rpartition(":")
    arguments = {"inlet": inlet, "secret": secret}
    server = HTTPServer(
        Application([(path, _Call, arguments)], log_function=lambda _: None), max_body_size=LARGEST_BYTES
    )
    server.listen(int(port), host)
    log.info("The webhook listens on %s", address)
    return server
