"""An engine that never answers ends its run, and the process that it hangs in can still end."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.engine import open_store
from db.read import catalog
from db.write.runs import abandoned_files
from tests.drawn import colour_bundle, photos

RUN = """
import signal, sys, threading
from pathlib import Path
import tagger.model.inference
from db.engine import open_store
from tagger.model.bundle import open_bundle
from tagger.model.predictor import Tagger
from tagger.core.run_options import Limits
from tagger.library.runner import LibraryRun
from tests.drawn import ColourEngine

class Hangs(ColourEngine):
    def logits(self, batch):
        if self.photos_seen >= 8:
            print("hangs", flush=True)
            threading.Event().wait()
        return super().logits(batch)

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever starts the tests in the background ignores it
folder, bundle, database, batch_s = sys.argv[1:]
tagger.model.inference.BATCH_TIMEOUT_S, tagger.model.inference.CLOSE_TIMEOUT_S = float(batch_s), 0.5
bundle = open_bundle(Path(bundle))
tagger = Tagger(bundle, Hangs(), Limits(threads=2))
with open_store(database) as store:
    for _ in LibraryRun(store, bundle, [folder], lambda: tagger).results():
        pass
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("batch_s", "stop", "status", "last_words"),
    [(2, None, "failed", "00008.jpg"), (300, signal.SIGINT, "interrupted", "KeyboardInterrupt")],
    ids=["by its limit", "by Ctrl-C"],
)
def test_a_run_whose_engine_hangs_is_ended(
    tmp_path: Path, batch_s: float, stop: signal.Signals | None, status: str, last_words: str
) -> None:
    photos(tmp_path / "library", 20)
    bundle, database = colour_bundle(tmp_path / "bundle").folder, tmp_path / "tags.sqlite"
    arguments = [sys.executable, "-c", RUN, tmp_path / "library", bundle, database, batch_s]
    with subprocess.Popen([*map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        if stop is not None:
            process.send_signal(stop)
        _, stderr = process.communicate(timeout=120)
    assert last_words in stderr.splitlines()[-1]
    with open_store(str(database)) as store, store.read() as connection:
        (run,) = catalog.runs(connection)
        assert (run.status, abandoned_files(connection)) == (status, {})
