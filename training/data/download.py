"""Download one large file and resume after interruptions.

A file under its own name is complete. An incomplete one has the suffix `.part`, and the next attempt
resumes it if the server can.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import NoReturn

from tqdm import tqdm

from training.data.manifest import DataError

CHUNK_BYTES = 1 << 20
TIMEOUT_S = 60
ATTEMPTS = 5


class Interrupted(Exception):
    """The connection broke; another attempt may help."""


def download(url: str, folder: Path, *, pause_s: float = 2) -> Path:
    """Download a file into a folder, under the last part of its address, unless it exists.

    Args:
        pause_s: between two attempts.

    Raises:
        DataError: the address is invalid, the server refuses, or the connection breaks repeatedly.
    """
    parts = urllib.parse.urlsplit(url)
    name = Path(urllib.parse.unquote(parts.path)).name
    if parts.scheme not in ("http", "https") or not parts.netloc or not name:
        raise DataError(f"{url!r} is not the address of a file. Name one that begins with https:// or http://.")
    file = folder / name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{name}.part")
        _fetch(url, part, pause_s)
        part.replace(file)
    return file


def _fetch(url: str, part: Path, pause_s: float) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _attempt(url, part)
            return
        except Interrupted as error:
            if attempt == ATTEMPTS:
                raise DataError(
                    f"{url}: {error}. {_size(part):,} bytes are kept in {part}; run the same command again to continue."
                ) from error
            time.sleep(pause_s)


def _attempt(url: str, part: Path) -> None:
    """Resume where the last attempt ended."""
    have = _size(part)
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:
            start, total = _start_and_total(response, have)
            with part.open("ab" if start else "wb") as file, _bar(part, start, total) as bar:
                while chunk := response.read(CHUNK_BYTES):
                    file.write(chunk)
                    bar.update(len(chunk))
    except urllib.error.HTTPError as error:
        _check_refusal(url, part, error)
        return
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise Interrupted(f"the connection failed ({getattr(error, 'reason', None) or error!r})") from error
    except OSError as error:
        raise DataError(f"{part} cannot be written ({error.strerror or error}). Make room, and run again.") from error
    if total is not None and _size(part) != total:
        raise Interrupted(f"it ended after {_size(part):,} of {total:,} bytes")


def _start_and_total(response: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """The byte that the response starts at (0 if the server ignores ranges), and the file's size if it is known."""
    content_range = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if response.status == 206 and content_range and int(content_range[1]) == have:
        return have, None if content_range[2] == "*" else int(content_range[2])
    if response.status == 206:
        raise Interrupted(f"the server did not send the part that starts at byte {have:,}")
    length = response.headers.get("Content-Length")
    return 0, int(length) if length else None


def _check_refusal(url: str, part: Path, error: urllib.error.HTTPError) -> None:
    """Raise a server's error; ignore 416 (no such range) if the file is already complete."""
    with error:
        content_range = error.headers.get("Content-Range", "")
    if error.code == 416 and content_range == f"bytes */{_size(part)}":
        return
    if error.code == 416:
        part.unlink(missing_ok=True)
        raise Interrupted("the partial file does not match the server's file, and was deleted") from error
    if error.code < 500:
        raise DataError(f"{url}: the server answered {error.code} {error.reason}. Check the address.") from error
    raise Interrupted(f"the server answered {error.code} {error.reason}") from error


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _bar(part: Path, start: int, total: int | None) -> tqdm[NoReturn]:
    return tqdm(desc=part.stem, initial=start, total=total, unit="B", unit_scale=True, disable=None)
