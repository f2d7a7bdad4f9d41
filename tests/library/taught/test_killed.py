"""A process that is killed while it teaches a place leaves nothing that the next run would not complete."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.library.taught.conftest import Library

pytestmark = pytest.mark.process

# The photos are scored again two at a time. The process dies in one of these transactions.
TEACH = """
import os, signal, sys
from pathlib import Path
from db.engine import open_store
from tagger.library.taught import rescore
from tagger.model.bundle import open_bundle
from tests.library.taught.conftest import Library
from tests.library.taught.palette import PaletteEngine

url, folder, bundle, deadly, *photos = sys.argv[1:]
rescore.PHOTOS, save, batches = 2, rescore.save_rescored, []

def save_or_die(*arguments, **options):
    save(*arguments, **options)
    batches.append(arguments)
    if len(batches) == int(deadly):
        os.kill(os.getpid(), signal.SIGKILL)

rescore.save_rescored = save_or_die
with open_store(url) as store:
    Library(Path(folder), store, open_bundle(Path(bundle)), PaletteEngine(), photos).teach(photos)
"""


@pytest.mark.parametrize("deadly", [1, 4])
@pytest.mark.parametrize("has_first_look", [False, True])
def test_one_run_after_a_killed_teaching_completes_it(
    library: Library, url: str, deadly: int, has_first_look: bool
) -> None:
    library.has_first_look = has_first_look
    library.run()
    arguments = [url, str(library.folder), str(library.bundle.folder), str(deadly), *library.violet[:3]]
    killed = subprocess.run([sys.executable, "-c", TEACH, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert library.tagged() < 6
    library.run()
    assert library.tagged() == 6
    answers = library.answers()
    library.run()
    assert library.answers() == answers
