"""A real server on loopback that can cut its answers, forget ranges and refuse."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Server(ThreadingHTTPServer):
    """Sends one content.

    Args:
        cut_after: bytes after which each answer ends; None sends all.
        knows_ranges: whether a Range header is obeyed.
        status: an error to answer with.
    """

    def __init__(
        self, content: bytes, *, cut_after: int | None = None, knows_ranges: bool = True, status: int = 200
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = content
        self.cut_after, self.knows_ranges, self.status = cut_after, knows_ranges, status
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data/landmark%20images.zip?version=1"

    def __enter__(self) -> Server:
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content, asked = self.server.content, self.headers.get("Range")
        self.server.ranges.append(asked)
        if self.server.status != 200:
            return self.send_error(self.server.status)
        start = int(re.findall(r"\d+", asked)[0]) if asked and self.server.knows_ranges else 0
        if start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        end = len(content) if self.server.cut_after is None else start + self.server.cut_after
        self.wfile.write(content[start:end])
        return None

    def log_message(self, *_: object) -> None:
        pass
