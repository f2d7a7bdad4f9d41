"""Runs the server as a process: it prints its address as one line of JSON.

It ends with its parent (when standard input closes), on `/control/stop`, or on Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from contextlib import suppress

from tests.botapi.http.server import TOKEN, BotApiServer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.botapi", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    arguments = parser.parse_args()
    with BotApiServer(token=arguments.token, port=arguments.port) as server, suppress(KeyboardInterrupt):
        print(json.dumps({"url": server.url, "port": server.port, "token": server.token}), flush=True)
        threading.Thread(target=_watch, args=(server,), daemon=True).start()
        server.stopped.wait()


def _watch(server: BotApiServer) -> None:
    sys.stdin.read()
    server.stopped.set()


if __name__ == "__main__":
    main()
