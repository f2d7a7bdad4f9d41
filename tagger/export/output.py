"""Files that take their name only once they are complete."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from db.location import sync_folder


@contextmanager
def complete_file(path: str) -> Iterator[BinaryIO]:
    """Write a file. At the end it replaces the one with its name; after an exception that one stays.

    A link stays a link, and a device or a pipe is written to as it is.

    Raises:
        OSError: it cannot be written.
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        with open(target, "wb") as device:
            yield device
        return
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".tagger-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            if os.path.exists(target):
                os.chmod(temporary, os.stat(target).st_mode & 0o777)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and error.filename == temporary:
            error.filename = path  # the name that the user knows
        raise
    with suppress(OSError):  # some network drives cannot
        sync_folder(Path(folder))
