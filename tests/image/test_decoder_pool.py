"""A photo that hangs or kills its decoder costs itself and nothing else."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tagger.core.errors import DecoderUnavailable
from tagger.core.types import Failed
from tagger.image.decoder_pool import DecoderPool
from tagger.image.loader import Content, InProcessLoader, LoadedPhoto, Part, always
from tagger.model.pipeline import Pipeline
from tests.drawn import ColourEngine, card, jpeg, photos
from tests.hostile_photos import HANG, KILL, hostile_codec
from tests.image.conftest import LIMITS, PATIENCE_S, MakeDecoders, kind


def test_a_decoder_says_what_a_thread_says(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = [*photos(tmp_path / "good", 2), tmp_path / "text.jpg", tmp_path / "gone.jpg", tmp_path / "\udcff \n.jpg"]
    files[2].write_text("no photo")
    files[4].write_bytes(jpeg(size=(300, 200)))
    here, pool = InProcessLoader(card().input, LIMITS), decoders(count=1)
    for file in files:
        near, far = here.load(str(file), always), pool.load(str(file), always)
        assert (far.sha256, far.info, far.failure) == (near.sha256, near.info, near.failure)
        assert (far.pixels is None) == (near.pixels is None)
        assert near.pixels is None or (far.pixels == near.pixels).all()  # type: ignore[union-attr]


def test_a_preview_shows_the_whole_photo(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "wide.jpg").write_bytes(jpeg(size=(300, 150)))
    photo = decoders(count=1).load(str(tmp_path / "wide.jpg"), lambda _content: "preview")
    assert photo.pixels is not None and photo.info is not None
    assert (photo.pixels.shape, photo.info.width) == ((8, 16, 3), 300)


def test_known_content_is_not_decoded(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "kill.bmp").write_bytes(KILL)
    photo = decoders().load(str(tmp_path / "kill.bmp"), lambda _content: "nothing")
    assert photo == LoadedPhoto(Content(hashlib.sha256(KILL).hexdigest(), None))


def test_a_decoder_loads_nothing_that_is_slow_to_import() -> None:
    code = "import sys, tagger.image.decoder_worker; print({'pydantic', 'torch', 'openvino'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_photo_that_hangs_its_decoder_times_out(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "hang.bmp").write_bytes(HANG)
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    pool.load(str(good), always)  # it has begun: what follows is the photo's own time
    pool._timeout_s = 0.5
    photo = pool.load(str(tmp_path / "hang.bmp"), always)
    pool._timeout_s = PATIENCE_S
    assert photo.failure == Failed("timed_out", "decoding took longer than 0.5 s")
    assert photo.sha256 is not None
    assert kind(pool.load(str(good), always)) == "sound"


def test_a_photo_that_kills_its_decoder_is_told_with_the_signal(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "kill.bmp").write_bytes(KILL)
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    photo = pool.load(str(tmp_path / "kill.bmp"), always)
    assert photo.failure == Failed("decoder_crashed", "its decoder died: SIGSEGV")
    assert kind(pool.load(str(good), always)) == "sound"


def test_a_decoder_that_dies_while_idle_costs_no_photo(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    pool.load(str(good), always)
    for decoder in pool._processes:
        decoder._process.kill()
        decoder._process.wait()
    assert kind(pool.load(str(good), always)) == "sound"


@pytest.mark.slow
def test_a_run_answers_every_photo_beside_those_that_hang_and_kill(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = photos(tmp_path / "good", 12)
    for name, content in (("00003k.bmp", KILL), ("00005h.bmp", HANG), ("00007k.bmp", KILL + b"2")):
        (tmp_path / "good" / name).write_bytes(content)
        files.append(tmp_path / "good" / name)
    files.sort()
    pool = decoders(timeout_s=5)
    results = list(Pipeline(ColourEngine(), card(), LIMITS, loader=pool).run(map(str, files)))
    assert [result.path for result in results] == [str(file) for file in files]
    failures = {Path(r.path).name: r.answer.kind for r in results if isinstance(r.answer, Failed)}
    assert failures == {"00003k.bmp": "decoder_crashed", "00005h.bmp": "timed_out", "00007k.bmp": "decoder_crashed"}


def test_leaving_early_does_not_wait_for_a_photo_that_hangs(tmp_path: Path, decoders: MakeDecoders) -> None:
    files = photos(tmp_path / "good", 2)
    files.append(tmp_path / "hang.bmp")
    files[-1].write_bytes(HANG)
    before = threading.active_count()
    results = Pipeline(ColourEngine(batch_size=1), card(), LIMITS, loader=decoders()).run(map(str, files))
    next(results)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < PATIENCE_S / 2
    assert threading.active_count() == before


def test_what_a_codec_prints_does_not_disturb_the_answers(tmp_path: Path, decoders: MakeDecoders) -> None:
    (tmp_path / "chatty.bmp").write_bytes(b"TALK")
    assert kind(decoders().load(str(tmp_path / "chatty.bmp"), always)) == "corrupt"


@pytest.mark.parametrize("error", [ZeroDivisionError, ValueError, KeyError])
def test_an_error_of_the_one_who_asks_reaches_them_and_the_next_photo_is_sound(
    tmp_path: Path, decoders: MakeDecoders, error: type[Exception]
) -> None:
    def does_not_know(_content: Content) -> Part:
        raise error

    one, other = photos(tmp_path / "good", 2)
    pool = decoders(count=1)
    with pytest.raises(error):
        pool.load(str(one), does_not_know)
    here = InProcessLoader(card().input, LIMITS).load(str(other), always)
    assert pool.load(str(other), always).sha256 == here.sha256


def test_where_no_process_can_be_started_that_is_an_error_not_every_photos_fault(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (good,) = photos(tmp_path / "good", 1)
    with pytest.raises(DecoderUnavailable, match="it exited with code 7"):
        decoders().load(str(good), always)


def test_signals_that_stop_a_run_leave_the_deciding_to_it(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    pool.load(str(good), always)
    (decoder,) = pool._processes
    assert os.getsid(decoder._process.pid) != os.getsid(0)
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        decoder._process.send_signal(stop)
    assert kind(pool.load(str(good), always)) == "sound"
    assert pool._processes == {decoder}


def test_a_decoder_is_given_no_setting_and_so_no_secret(
    decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAGGER_BOT_TOKEN", "1234:hush")
    monkeypatch.setenv("tagger_bot_webhook_secret", "hush")  # settings may be written small
    pool = decoders(count=1)
    pool.wait_ready()
    (decoder,) = pool._processes
    variables = Path(f"/proc/{decoder._process.pid}/environ").read_bytes().split(b"\0")
    assert [variable for variable in variables if b"hush" in variable] == []


OWNER = """
import sys
from tagger.image.decoder_pool import DecoderPool
from tagger.core.run_options import Limits
from tests.drawn import card
pool = DecoderPool(card().input, Limits(threads=1), photos=1, timeout_s=3)
(decoder,) = pool._processes
decoder.wait_ready()
print(decoder._process.pid, flush=True)
pool.load(sys.argv[1], lambda _content: "pixels") if sys.argv[1:] else sys.stdin.read()
"""


@pytest.mark.parametrize("content", [None, HANG], ids=["idle", "hanging"])
def test_decoders_do_not_outlive_a_run_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setenv("PYTHONPATH", hostile_codec(tmp_path / "codec"))
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
    """A zombie that nobody has waited for yet is not alive."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_thumbnail_is_kept_of_each_photo_whose_pixels_are_needed(tmp_path: Path) -> None:
    first, second = photos(tmp_path / "photos", 2)
    with DecoderPool(card().input, LIMITS, timeout_s=PATIENCE_S, thumbnails=tmp_path / "cache") as pool:
        sha256 = pool.load(str(first), always).sha256
        pool.load(str(second), lambda _content: "metadata")
    assert sha256 is not None
    assert [file.name for file in (tmp_path / "cache").rglob("*.webp")] == [f"{sha256}.webp"]
