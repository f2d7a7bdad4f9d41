"""Photos that do to a decoder what no honest file should: hang it, kill it, take its voice, take it over.

A `sitecustomize.py` on PYTHONPATH gives Pillow's BMP reader these manners in every process that is started.
"""

from __future__ import annotations

from pathlib import Path

HANG = b"HANG" + bytes(60)
KILL = b"KILL" + bytes(60)
LIES = b"LIES"  # and behind it the frame that the decoder gives for its answer

SITECUSTOMIZE = """
import __main__, os, signal, time
from PIL import BmpImagePlugin, Image

def accept(prefix):
    return prefix[:4] in (b"HANG", b"KILL", b"TALK", b"LIES") or prefix[:2] == b"BM"

def opened(file, name):
    magic = file.read(4)
    if magic == b"HANG":
        time.sleep(10_000)
    if magic == b"KILL":
        os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(10_000)
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


def standins(folder: Path) -> str:
    """Makes a folder for PYTHONPATH.

    Returns:
        Its path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return str(folder)
