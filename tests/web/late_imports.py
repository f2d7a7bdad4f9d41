"""Serve a gallery, use it, and print what its process imports after its start.

`python -m tests.web.late_imports DATABASE BUNDLE FOLDER`, which ends by itself.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from db.engine import open_store
from tagger.config.settings import load_settings
from tagger.core.run_options import Limits
from tagger.image.decoder_pool import DecoderPool
from tagger.model.bundle import open_bundle
from tagger.model.predictor import Tagger
from tagger.serving.model_thread import ModelThread
from tagger.serving.thumbnails import Thumbnails
from tagger.web.server import serve
from tests.library.taught.palette import PaletteEngine

API = "/api/v1"
PAGES = (
    "/",
    "/review",
    "/map",
    "/landmarks",
    "/runs",
    "/runs/1",
    "/try",
    "/share",
    "/login",
    "/unknown/places",
    "/world.json",
)
DATA = ("photos", "photos/timeline", "places", "review", "taught", "unknown", "landmarks", "runs", "health", "metrics")
STARTED = "/static/js/app.js"


def ask(url: str, body: object = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", "Accept-Language": "ja, de;q=0.5"}
    with urlopen(Request(url, data, headers, method=method), timeout=120) as answer:
        content = answer.read()
    return json.loads(content) if content[:1] in b"[{" else content


def use(address: str) -> Iterator[str]:
    """Use all of the gallery; says what was used."""
    for path in (*PAGES, *(f"{API}/{name}" for name in DATA), f"{API}/openapi.json", "/complete?query=country:f"):
        ask(address + path)
        yield path
    found = ask(f"{address}{API}/photos?query=file:violet*")["photos"]
    photos = [photo["sha256"] for photo in found]
    for path in (f"/photo/{photos[0]}", f"{API}/photos/{photos[0]}", f"{API}/photos/{photos[0]}/thumbnail"):
        ask(address + path)
        yield path
    ask(f"{address}{API}/photos/{photos[0]}/decisions", {"verdict": "none"})
    yield "decisions"
    ask(f"{address}{API}/taught", {"name": "Grandma's House", "photos": photos[:3]})
    ask(f"{address}{API}/taught/grandmas_house", method="DELETE")
    yield "taught"


def watch(address: str, stop: threading.Event) -> None:
    try:
        ask(address + STARTED)
        known = set(sys.modules)
        for what in use(address):
            late = {name for name in set(sys.modules) - known if name.partition(".")[0] not in sys.stdlib_module_names}
            known |= late
            if late:
                print(what, *sorted(late))
    finally:
        stop.set()


def main() -> None:
    database, bundle, folder = sys.argv[1:]
    stop = threading.Event()
    settings = load_settings({"web_listen": "127.0.0.1:0", "web_folder": f"{folder}/web", "db_url": database})
    tagger = Tagger(open_bundle(Path(bundle)), PaletteEngine(), Limits())
    contract = tagger.bundle.card.input
    with (
        open_store(database) as store,
        DecoderPool(contract, tagger.limits, timeout_s=60) as loader,
        ModelThread(tagger, loader, k=3) as model,
        Thumbnails(Path(folder) / "thumbnails", 10**9, loader) as thumbnails,
    ):
        serve(
            settings,
            store,
            model,
            thumbnails,
            stop,
            on_ready=lambda address: threading.Thread(target=watch, args=(address, stop)).start(),
        )


if __name__ == "__main__":
    main()
