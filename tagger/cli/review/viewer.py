"""The system's viewer of photos."""

from __future__ import annotations

import shutil
import subprocess
import sys

COMMAND = "open" if sys.platform == "darwin" else "xdg-open"


class Viewer:
    """Opens photos in the program that the system has for them."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def open(self, path: str) -> str:
        """Open a photo without waiting; the answer is why that failed, or empty.

        Args:
            path: absolute.
        """
        self._started = [process for process in self._started if process.poll() is None]
        program = shutil.which(COMMAND)
        if program is None:
            return f"No viewer opens here: there is no {COMMAND}."
        nowhere = subprocess.DEVNULL
        try:
            self._started.append(
                subprocess.Popen([program, path], stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)
            )
        except (OSError, ValueError) as error:
            return f"No viewer opens here: {error}."
        return ""
