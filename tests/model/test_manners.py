"""A host process that uses the library stays as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from tests.drawn import colour_bundle, photos

HOST = """
import gc, json, logging, os, signal, sys, threading, warnings
import numpy, pydantic  # what these change when they are imported is not ours
from PIL import Image, ImageFile, PngImagePlugin

Image.init()

def state():
    return {
        "Pillow": (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, PngImagePlugin.MAX_TEXT_CHUNK),
        "formats": (sorted(Image.OPEN), sorted(Image.SAVE)),
        "warnings": [*warnings.filters],
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "log": (logging.root.level, [*logging.root.handlers], logging.getLogger("PIL").level),
        "environment": dict(os.environ),
        "hooks": (sys.excepthook, threading.excepthook, sys.unraisablehook),
        "garbage": (gc.get_threshold(), gc.isenabled()),
        "blocked modules": [name for name, module in sys.modules.items() if module is None],
    }

before = state()
import tagger
statuses = []
if sys.argv[1:]:
    model = tagger.load(sys.argv[1], engine="openvino")
    with Image.open(sys.argv[2]) as image:
        statuses += [model.suggest(sys.argv[2]).status, model.suggest(image).status]
    statuses += [result.answer.status for result in model.tag(sys.argv[2:])]
after = state()
print(json.dumps([statuses, [name for name in before if before[name] != after[name]]]))
"""


def changed(*arguments: object, host: str = HOST) -> tuple[list[str], list[str]]:
    """What a fresh process answers for photos, and what changed in it meanwhile."""
    command = [sys.executable, "-c", host, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    statuses, names = json.loads(done.stdout)
    return statuses, names


def test_importing_the_library_changes_nothing_in_the_process() -> None:
    assert changed() == ([], [])


def test_importing_what_watches_folders_changes_nothing_either() -> None:
    pytest.importorskip("watchdog", reason="the extra 'watch' is not installed")
    assert changed(host=HOST.replace("import tagger\n", "import tagger.jobs.watch\n")) == ([], [])


def test_loading_suggesting_and_tagging_change_nothing_in_the_process(tmp_path: Path) -> None:
    folder = colour_bundle(tmp_path / "bundle").folder
    (photo,) = photos(tmp_path, 1)
    assert changed(folder, photo, tmp_path / "gone.jpg") == (["tagged", "tagged", "tagged", "failed"], [])


def test_decoding_heic_changes_nothing_in_the_process(tmp_path: Path) -> None:
    folder = colour_bundle(tmp_path / "bundle").folder
    (photo,) = photos(tmp_path, 1)
    pillow_heif.from_pillow(Image.open(photo)).save(tmp_path / "photo.heic", quality=95)
    statuses, names = changed(folder, photo, tmp_path / "photo.heic")
    assert (statuses[3], names) == ("tagged", [])


TWO_MODELS = """
import signal, sys, tagger
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
first, second = tagger.load(sys.argv[1], engine="openvino"), tagger.load(sys.argv[1], engine="openvino")
del first
del second
signal.raise_signal(signal.SIGTERM)
"""


def test_signals_are_handled_after_two_models_were_closed(tmp_path: Path) -> None:
    folder = colour_bundle(tmp_path / "bundle").folder
    done = subprocess.run([sys.executable, "-c", TWO_MODELS, str(folder)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "handled\n")
