"""Put an XMP packet into a photo's file: by exiv2's Python package (extra `embed`), or by an exiftool on the machine.

The one rule: whatever a tool returns is used only if it has the same picture, the packet, and all else as it was.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from tempfile import NamedTemporaryFile

from tagger.core.errors import MissingExtra, PhotoError, SidecarError
from tagger.export.xmp.packet import Packet, root_of
from tagger.image.codecs import jpeg, png
from tagger.image.codecs.webp import is_webp
from tagger.image.metadata.whole import WholeMetadata, read_whole
from tagger.image.picture_hash import picture_hash

Tool = Callable[[bytes, bytes | None], bytes]

EXIFTOOL = "exiftool"
EXIFTOOL_S = 60.0


def require_tool() -> None:
    """Check that there is a tool.

    Raises:
        MissingExtra: neither is installed.
    """
    if find_spec("exiv2") is None and shutil.which(EXIFTOOL) is None:
        raise MissingExtra("Writing into photos, without an exiftool on this machine,", "embed")


def packet_in(data: bytes) -> bytes | None:
    """The packet in a photo's file; None if it has none.

    Raises:
        SidecarError: there is XMP that cannot be kept.
        PhotoError: the file is no photo, or damaged.
    """
    return _kept_packet(read_whole(data))


def embed(data: bytes, packet: bytes | None) -> bytes:
    """A photo's file with a packet in place of its own.

    Args:
        data: the file.
        packet: None removes it.

    Raises:
        SidecarError: no tool can do it without changing anything else.
        PhotoError: the file is no photo, or damaged.
    """
    before, picture = read_whole(data), picture_hash(data)
    _kept_packet(before)
    if picture is None:
        raise SidecarError("only into a sound JPEG, PNG, WebP, HEIC or AVIF can be written")
    problem = "HEIC and AVIF need exiftool, and other formats that or the extra 'embed'"
    for tool in _tools(data):
        try:
            new = tool(data, packet)
            _check(before, read_whole(new), packet)
            if picture_hash(new) != picture:
                raise SidecarError("it would get other pixels")
        except (SidecarError, PhotoError) as error:
            problem = str(error)
        else:
            return new
    raise SidecarError(problem)


def _kept_packet(metadata: WholeMetadata) -> bytes | None:
    if metadata.is_in_parts:
        raise SidecarError("its XMP is in several parts, which would be lost")
    if metadata.packet is not None and (not metadata.packet or Packet(metadata.packet).is_empty):
        raise SidecarError("it has XMP that reads as empty, so it is unknown what would be lost")
    return metadata.packet


def _check(before: WholeMetadata, after: WholeMetadata, packet: bytes | None) -> None:
    found = after.packet
    if (found is None) != (packet is None) or (packet and found and root_of(found) != root_of(packet)):
        raise SidecarError("it would not keep the new XMP")
    if not before.has_same_rest(after):
        raise SidecarError("its other metadata would be changed too")


def _tools(data: bytes) -> Iterator[Tool]:
    is_for_exiv2 = data.startswith((jpeg.START, png.SIGNATURE)) or is_webp(data)
    if is_for_exiv2 and find_spec("exiv2") is not None:
        yield _by_exiv2
    if shutil.which(EXIFTOOL) is not None:
        yield _by_exiftool


def _by_exiv2(data: bytes, packet: bytes | None) -> bytes:
    exiv2 = _exiv2()
    try:
        image = exiv2.ImageFactory.open(data)
        image.readMetadata()
        if image.xmpPacket() and not len(image.xmpData()):
            raise SidecarError("exiv2 reads its XMP as empty, so it is unknown what would be lost")
        image.writeXmpFromPacket(True)
        if packet is None:
            image.clearXmpPacket()
            image.clearXmpData()
        else:
            image.setXmpPacket(packet.decode())
        image.writeMetadata()
        with image.data() as view:
            return bytes(view)
    except (exiv2.Exiv2Error, UnicodeDecodeError) as error:
        raise SidecarError(f"exiv2 cannot write it: {error}") from error


@cache
def _exiv2():  # type: ignore[no-untyped-def]  # a module without types
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)  # what matters is an exception
    return exiv2


def _by_exiftool(data: bytes, packet: bytes | None) -> bytes:
    with NamedTemporaryFile(prefix="tagger-", suffix=".xmp") as file:
        file.write(packet or b"")
        file.flush()
        change = "-xmp:all=" if packet is None else f"-xmp<={file.name}"
        command = [EXIFTOOL, "-q", "-m", change, "-o", "-", "-"]
        try:
            done = subprocess.run(command, input=data, capture_output=True, timeout=EXIFTOOL_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SidecarError(f"exiftool cannot write it: {error}") from error
    if done.returncode or not done.stdout:
        raise SidecarError(f"exiftool cannot write it: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout
