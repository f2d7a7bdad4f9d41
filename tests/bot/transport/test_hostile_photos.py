"""Photos that hang or kill their decoder: they cost their sender an answer, and nobody else anything."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.bombs import png
from tests.bot.conftest import Start
from tests.bot.running import RED, answer, picture
from tests.botapi import BotApiServer
from tests.hostile_photos import HANG, KILL, KILL_ALL, hostile_codec

TIMEOUT_S = 20.0  # on a busy machine a sound photo takes seconds


@pytest.fixture(autouse=True)
def _hostile_codec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", hostile_codec(tmp_path / "codec"))


def test_photos_that_hang_their_decoders_cannot_be_read_and_hold_up_nobody(server: BotApiServer, start: Start) -> None:
    start(photo_timeout_s=TIMEOUT_S, decode_threads=1)
    ana, ben = server.person(1, "Ana"), server.person(2, "Ben")
    answer(ben.private(), ben.private().send_photo(ben, picture(RED)))  # by then the decoders are ready
    hanging, *_ = [ana.private().send_document(ana, HANG, "a.bmp", "image/bmp") for _ in range(3)]
    server.wait_until_confirmed(60)
    quick = answer(ben.private(), ben.private().send_photo(ben, picture(RED, 1)))
    late = answer(ana.private(), hanging)
    assert "I cannot read it" in late.text
    assert late.at - hanging.at >= TIMEOUT_S
    assert quick.text.startswith("🏛 Eiffel Tower")
    assert quick.at < late.at


def test_a_photo_that_kills_its_decoder_cannot_be_read(server: BotApiServer, start: Start) -> None:
    start()
    ana = server.person(1, "Ana")
    chat = ana.private()
    assert "I cannot read it" in answer(chat, chat.send_document(ana, KILL, "a.bmp", "image/bmp")).text
    assert answer(chat, chat.send_photo(ana, picture(RED))).text.startswith("🏛 Eiffel Tower")


def test_a_photo_with_more_pixels_than_strangers_may_send_is_too_large(server: BotApiServer, start: Start) -> None:
    start()
    ana = server.person(1, "Ana")
    chat = ana.private()
    assert "too many pixels" in answer(chat, chat.send_document(ana, png(9000, 9000), "a.png", "image/png")).text


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells how much memory processes take")
def test_ten_bombs_at_a_time_take_little_memory(server: BotApiServer, start: Start) -> None:
    bot = start()
    people = [server.person(number, f"Person {number}") for number in range(1, 11)]
    answer(people[0].private(), people[0].private().send_photo(people[0], picture(RED)))
    bomb = png(60_000, 60_000, colour_type=0, bits=1)  # 437 kB, 3.6 GB when decoded
    with server.state.changed:
        sent = [one.private().send_document(one, bomb, "a.png", "image/png") for one in people]
    assert all("too many pixels" in answer(one.private(), photo).text for one, photo in zip(people, sent, strict=True))
    assert bot.process is not None
    assert peak_mb(bot.process.pid) <= 600


def peak_mb(pid: int) -> float:
    """The most memory that a process and its children have taken, each at its own time."""
    found = [status(file) for file in Path("/proc").glob("[0-9]*/status")]
    tree = [one for one in found if str(pid) in (one.get("Pid"), one.get("PPid")) and "VmHWM" in one]
    assert len(tree) > 1
    return sum(int(one["VmHWM"].split()[0]) for one in tree) / 1024


def status(file: Path) -> dict[str, str]:
    """What Linux tells of a process; nothing if it has ended."""
    with suppress(OSError):
        lines = (line.split(":", 1) for line in file.read_text().splitlines())
        return {name: value.strip() for name, value in lines}
    return {}


def test_a_photo_that_kills_the_bot_twice_cannot_be_read_and_others_are_answered(
    server: BotApiServer, start: Start
) -> None:
    bot = start()
    ana, ben = server.person(1, "Ana"), server.person(2, "Ben")
    deadly = ana.private().send_document(ana, KILL_ALL, "a.bmp", "image/bmp")
    for deaths in (1, 2):
        assert bot.wait_for_death() < 0, f"death {deaths}"
        if deaths == 1:
            photos = [ben.private().send_photo(ben, picture(RED, number)) for number in range(3)]
        bot.start()
    assert "I cannot read it" in answer(ana.private(), deadly).text
    assert all(answer(ben.private(), photo).text.startswith("🏛 Eiffel Tower") for photo in photos)
    assert "the photo of update" in bot.output
