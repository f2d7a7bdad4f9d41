"""A photo that hangs or kills its decoder costs itself and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tagger.decoders import Decoders
from tagger.errors import DecoderUnavailable
from tagger.frames import SIZES, packed
from tagger.look import Here, Looked
from tagger.pipeline import Pipeline
from tagger.types import Failed, Limits
from tests.drawn import ColourEngine, card, jpeg, photos
from tests.standins import HANG, KILL, LIES, standins

LIMITS = Limits(max_pixels=1_000_000, max_file_bytes=1_000_000, threads=2)
PATIENCE_S = 300.0

MakeDecoders = Callable[..., Decoders]


@pytest.fixture
def decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDecoders]:
    """Makes decoders that hang and die on some photos, and sees to their end."""
    monkeypatch.setenv("PYTHONPATH", standins(tmp_path / "standins"))
    made: list[Decoders] = []

    def make(timeout_s: float = PATIENCE_S, count: int = 2) -> Decoders:
        made.append(Decoders(card().input, LIMITS, photos=count, timeout_s=timeout_s))
        return made[-1]

    yield make
    for each in made:
        each.close()


def wanted(_sha256: str) -> bool:
    return True


def kind(looked: Looked) -> str:
    return looked.failure.kind if looked.failure else "sound"


def test_a_decoder_says_what_a_thread_says(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = [*photos(tmp_path / "good", 2), tmp_path / "text.jpg", tmp_path / "gone.jpg", tmp_path / "\udcff \n.jpg"]
    files[2].write_text("no photo")
    files[4].write_bytes(jpeg(size=(300, 200)))
    here, there = Here(card().input, LIMITS), decoders(count=1)
    for file in files:
        near, far = here.look(str(file), wanted), there.look(str(file), wanted)
        assert (far.sha256, far.info, far.failure) == (near.sha256, near.info, near.failure)
        assert (far.pixels is None) == (near.pixels is None)
        assert near.pixels is None or (far.pixels == near.pixels).all()  # type: ignore[union-attr]


def test_known_content_is_not_decoded(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "kill.bmp").write_bytes(KILL)
    looked = decoders().look(str(tmp_path / "kill.bmp"), lambda _sha256: False)
    assert looked == Looked(hashlib.sha256(KILL).hexdigest())


def test_a_photo_that_hangs_its_decoder_times_out(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "hang.bmp").write_bytes(HANG)
    (good,) = photos(tmp_path / "good", 1)
    there = decoders(count=1)
    there.look(str(good), wanted)  # it has begun: what follows is the photo's own time
    there._timeout_s = 0.5
    looked = there.look(str(tmp_path / "hang.bmp"), wanted)
    there._timeout_s = PATIENCE_S
    assert looked.failure == Failed("timed_out", "decoding took longer than 0.5 s")
    assert looked.sha256 is not None
    assert kind(there.look(str(good), wanted)) == "sound"


def test_a_photo_that_kills_its_decoder_is_told_with_the_signal(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "kill.bmp").write_bytes(KILL)
    (good,) = photos(tmp_path / "good", 1)
    there = decoders(count=1)
    looked = there.look(str(tmp_path / "kill.bmp"), wanted)
    assert looked.failure == Failed("decoder_crashed", "its decoder died: SIGSEGV")
    assert kind(there.look(str(good), wanted)) == "sound"


def test_a_decoder_that_dies_while_idle_costs_no_photo(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    there = decoders(count=1)
    there.look(str(good), wanted)
    for decoder in there._all:
        decoder._process.kill()
        decoder._process.wait()
    assert kind(there.look(str(good), wanted)) == "sound"


def test_a_run_answers_every_photo_beside_those_that_hang_and_kill(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = photos(tmp_path / "good", 12)
    for name, content in (("00003k.bmp", KILL), ("00005h.bmp", HANG), ("00007k.bmp", KILL + b"2")):
        (tmp_path / "good" / name).write_bytes(content)
        files.append(tmp_path / "good" / name)
    files.sort()
    there = decoders(timeout_s=20)
    results = list(Pipeline(ColourEngine(), card(), LIMITS, looker=there).run(map(str, files)))
    assert [result.path for result in results] == [str(file) for file in files]
    failures = {Path(r.path).name: r.answer.kind for r in results if isinstance(r.answer, Failed)}
    assert failures == {"00003k.bmp": "decoder_crashed", "00005h.bmp": "timed_out", "00007k.bmp": "decoder_crashed"}


def test_leaving_early_does_not_wait_for_a_photo_that_hangs(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = photos(tmp_path / "good", 2)
    files.append(tmp_path / "hang.bmp")
    files[-1].write_bytes(HANG)
    before = threading.active_count()
    results = Pipeline(ColourEngine(batch_size=1), card(), LIMITS, looker=decoders()).run(map(str, files))
    next(results)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < PATIENCE_S / 2
    assert threading.active_count() == before


@contextmanager
def unkillable(decoders: Decoders) -> Iterator[None]:
    """Its processes do not end when they are killed, as one that waits for a drive that hangs."""
    processes = [decoder._process for decoder in decoders._all]
    for process in processes:
        process.kill = lambda: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_a_decoder_that_does_not_die_is_not_asked_again(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.decoders.END_S", 0.1)
    (tmp_path / "hang.bmp").write_bytes(HANG)
    good = photos(tmp_path / "good", 3)
    there = decoders(count=1)
    there.look(str(good[0]), wanted)
    with unkillable(there):
        there._timeout_s = 0.5
        assert kind(there.look(str(tmp_path / "hang.bmp"), wanted)) == "timed_out"
        there._timeout_s = PATIENCE_S
        assert [kind(there.look(str(photo), wanted)) for photo in good] == ["sound"] * 3
        start = time.monotonic()
        there.close()
        assert time.monotonic() - start < PATIENCE_S / 2


def test_leaving_early_does_not_wait_for_a_decoder_that_does_not_die(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.decoders.END_S", 0.1)
    files = photos(tmp_path / "good", 2)
    files.append(tmp_path / "hang.bmp")
    files[-1].write_bytes(HANG)
    there = decoders()
    with unkillable(there):
        results = Pipeline(ColourEngine(batch_size=1), card(), LIMITS, looker=there).run(map(str, files))
        next(results)
        start = time.monotonic()
        results.close()
        there.close()
        assert time.monotonic() - start < PATIENCE_S / 2


def test_many_decoders_that_do_not_die_are_not_followed_by_ever_more(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.decoders.END_S", 0.1)
    monkeypatch.setattr("tagger.decoders.MOST_UNDYING", 1)
    (good,) = photos(tmp_path / "good", 1)
    (tmp_path / "hang.bmp").write_bytes(HANG)
    there = decoders(count=1)
    with ExitStack() as drives:
        for _ in range(2):
            assert kind(there.look(str(good), wanted)) == "sound"
            drives.enter_context(unkillable(there))
            there._timeout_s = 0.5
            assert kind(there.look(str(tmp_path / "hang.bmp"), wanted)) == "timed_out"
            there._timeout_s = PATIENCE_S
        with pytest.raises(DecoderUnavailable, match="2 that were killed do not end"):
            there.look(str(good), wanted)


def test_a_decoder_that_does_not_listen_is_not_waited_for(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    there = decoders(count=1)
    there.look(str(good), wanted)
    (decoder,) = there._all
    decoder._process.send_signal(signal.SIGSTOP)
    there._timeout_s = 0.5
    assert kind(there.look("/much more than a pipe holds" * 100_000, wanted)) == "timed_out"
    there._timeout_s = PATIENCE_S
    assert kind(there.look(str(good), wanted)) == "sound"


def test_what_a_codec_prints_does_not_disturb_the_answers(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "chatty.bmp").write_bytes(b"TALK")
    assert kind(decoders().look(str(tmp_path / "chatty.bmp"), wanted)) == "corrupt"


INFO = {"width": 4, "height": 3, "format": "BMP", "taken_at": None, "lat": None, "lon": None, "phash": None}
PIXELS = bytes(16 * 16 * 3)


def framed(text: bytes) -> bytes:
    return SIZES.pack(len(text), 0) + text


LYING_FRAMES = {
    "no object": framed(b"[1]"),
    "no JSON": framed(b"\xff{"),
    "too deep": framed(b"[" * 200_000),
    "4 GB": SIZES.pack(2, (1 << 32) - 1) + b"{}",
    "4 GB of text": SIZES.pack((1 << 32) - 1, 0) + b"{}",
    "nothing": packed({}),
    "a question": packed({"sha256": "0" * 64}),
    "no pixels": packed({"info": INFO}),
    "other pixels": packed({"info": INFO}, PIXELS[3:]),
    "no width": packed({"info": {name: value for name, value in INFO.items() if name != "width"}}, PIXELS),
    **{
        f"{name} {json.dumps(value)}": packed({"info": INFO | {name: value}}, PIXELS)
        for name, value in [
            ("width", {}),
            ("width", 0),
            ("height", 1 << 32),
            ("format", "\udcff"),
            ("phash", 1 << 64),
            ("phash", -1),
            ("phash", 0.5),
            ("taken_at", "yesterday"),
            ("taken_at", "2024-05-01T12:00:00+02:00"),
            ("lat", 45.0),
            ("lon", "east"),
        ]
    },
    "nowhere": packed({"info": INFO | {"lat": float("nan"), "lon": 1e999}}, PIXELS),
    **{
        f"failure {json.dumps(failure)}": packed({"failure": failure})
        for failure in (None, [], ["corrupt"], ["corrupt", None], ["cursed", "by a witch"], ["corrupt", "\udcff"])
    },
}


def test_nothing_is_believed_that_a_decoder_says_and_the_photos_beside_it_are_sound(
    tmp_path: Path, decoders: MakeDecoders
) -> None:
    for number, lie in enumerate(LYING_FRAMES.values()):
        (tmp_path / f"{number:05} lies.bmp").write_bytes(LIES + lie)
    photos(tmp_path, len(LYING_FRAMES))
    files = sorted(str(file) for file in tmp_path.glob("*.*"))
    results = list(Pipeline(ColourEngine(), card(), LIMITS, looker=decoders(timeout_s=60)).run(files))
    liars = [r.answer.kind if isinstance(r.answer, Failed) else "believed" for r in results if "lies" in r.path]
    assert dict(zip(LYING_FRAMES, liars, strict=True)) == dict.fromkeys(LYING_FRAMES, "decoder_crashed")
    assert not any(isinstance(r.answer, Failed) for r in results if "lies" not in r.path)


@pytest.mark.parametrize("error", [ZeroDivisionError, ValueError, KeyError])
def test_an_error_of_the_one_who_asks_reaches_them_and_the_next_photo_is_sound(
    tmp_path: Path, decoders: MakeDecoders, error: type[Exception]
) -> None:
    def does_not_know(_sha256: str) -> bool:
        raise error

    one, other = photos(tmp_path / "good", 2)
    there = decoders(count=1)
    with pytest.raises(error):
        there.look(str(one), does_not_know)
    here = Here(card().input, LIMITS).look(str(other), wanted)
    assert there.look(str(other), wanted).sha256 == here.sha256


def test_where_no_process_can_be_started_that_is_an_error_not_every_photos_fault(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (good,) = photos(tmp_path / "good", 1)
    with pytest.raises(DecoderUnavailable, match="it ended with code 7"):
        decoders().look(str(good), wanted)


def test_where_the_system_starts_no_process_the_error_says_so(
    decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DecoderUnavailable, match="No such file or directory"):
        decoders()


def test_a_decoder_that_cannot_be_replaced_leaves_the_work_to_the_others(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files = photos(tmp_path / "good", 12)
    files.insert(3, tmp_path / "good" / "kill.bmp")
    files[3].write_bytes(KILL)
    there = decoders()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    results = list(Pipeline(ColourEngine(), card(), LIMITS, looker=there).run(map(str, files)))
    assert [Path(r.path).name for r in results if isinstance(r.answer, Failed)] == ["kill.bmp"]
    assert "1 go on" in caplog.text


def test_when_the_last_decoder_is_lost_whoever_waits_for_one_is_told(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = photos(tmp_path / "good", 40)
    for number in range(1, 6, 2):
        files.insert(number, tmp_path / "good" / f"kill{number}.bmp")
        files[number].write_bytes(KILL + bytes([number]))
    there, many = decoders(), Limits(threads=8)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DecoderUnavailable, match="No such file or directory"):
        list(Pipeline(ColourEngine(), card(), many, looker=there).run(map(str, files)))


class OneProcess:
    """A system that starts one and then no more."""

    def __init__(self) -> None:
        self._left = [sys.executable]

    @property
    def executable(self) -> str:
        return self._left.pop() if self._left else "/nowhere/python"


def test_a_run_begins_with_as_many_decoders_as_there_can_be(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good,) = photos(tmp_path / "good", 1)
    monkeypatch.setattr("tagger.decoders.sys", OneProcess())
    there = decoders(count=2)
    assert (kind(there.look(str(good), wanted)), len(there._all)) == ("sound", 1)


def test_signals_that_stop_a_run_leave_the_deciding_to_it(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    there = decoders(count=1)
    there.look(str(good), wanted)
    (decoder,) = there._all
    assert os.getsid(decoder._process.pid) != os.getsid(0)
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        decoder._process.send_signal(stop)
    assert kind(there.look(str(good), wanted)) == "sound"
    assert there._all == {decoder}


def test_a_decoder_is_given_no_setting_and_so_no_secret(
    decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BOT_TOKEN", "1234:hush")
    monkeypatch.setenv("tagger_bot_webhook_secret", "hush")  # settings may be written small
    there = decoders(count=1)
    there.wait()
    (decoder,) = there._all
    variables = Path(f"/proc/{decoder._process.pid}/environ").read_bytes().split(b"\0")
    assert [variable for variable in variables if b"hush" in variable] == []


OWNER = """
import sys
from tagger.decoders import Decoders
from tagger.types import Limits
from tests.drawn import card
there = Decoders(card().input, Limits(threads=1), photos=1, timeout_s=3)
(decoder,) = there._all
decoder.make_ready()
print(decoder._process.pid, flush=True)
there.look(sys.argv[1], lambda _sha256: True) if sys.argv[1:] else sys.stdin.read()
"""


@pytest.mark.parametrize("content", [None, HANG], ids=["idle", "hanging"])
def test_decoders_do_not_outlive_a_run_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{standins(tmp_path / 'standins')}:{os.environ.get('PYTHONPATH', '')}")
    photo = tmp_path / "photo.bmp"
    photo.write_bytes(content or b"")
    command = [sys.executable, "-c", OWNER, *([str(photo)] if content else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    deadline = time.monotonic() + PATIENCE_S
    while _is_alive(pid):
        assert time.monotonic() < deadline, "the decoder outlived its run"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    """A zombie that nobody has looked after yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
