"""Photos that attack their decoder: they hang it, kill it, write to its standard output, or forge its answer.

A `sitecustomize.py` on PYTHONPATH makes Pillow's BMP reader do so in every process that is started.
"""

from __future__ import annotations

import os
from pathlib import Path

HANG = b"HANG" + bytes(60)
KILL = b"KILL" + bytes(60)
KILL_ALL = b"DOOM" + bytes(60)  # the process that started the decoder as well
LIES = b"LIES"  # followed by the frame that the decoder sends as its answer

SITECUSTOMIZE = """
import __main__, os, signal, time
from PIL import BmpImagePlugin, Image

def accept(prefix):
    return prefix[:4] in (b"HANG", b"KILL", b"DOOM", b"TALK", b"LIES") or prefix[:2] == b"BM"

def opened(file, name):
    magic = file.read(4)
    if magic == b"HANG":
        time.sleep(10_000)
    if magic == b"KILL":
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(10_000)
    if magic == b"DOOM":
        os.kill(os.getppid(), signal.SIGKILL)
        os._exit(1)
    if magic == b"TALK":
        os.write(1, b"warning: a codec with a voice" * 100)
        raise OSError("said too much")
    if magic == b"LIES":
        lie = file.read()
        __main__.encode_photo = lambda photo: lie
        raise OSError("taken over")
    file.seek(0)
    return BmpImagePlugin.BmpImageFile(file, name)

Image.register_open("BMP", opened, accept)
"""


def hostile_codec(folder: Path) -> str:
    """A value of PYTHONPATH under which these photos attack; its module is written into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
