"""A decoder that does not die, does not listen or cannot be replaced costs the run no more than itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tagger.core.errors import DecoderUnavailable
from tagger.core.run_options import Limits
from tagger.core.types import Failed
from tagger.image.decoder_pool import DecoderPool
from tagger.image.decoder_protocol import encode_frame
from tagger.image.loader import always
from tagger.model.pipeline import Pipeline
from tests.drawn import ColourEngine, card, photos
from tests.hostile_photos import HANG, KILL
from tests.image.conftest import LIMITS, PATIENCE_S, MakeDecoders, kind


@contextmanager
def unkillable(decoders: DecoderPool) -> Iterator[None]:
    """Its processes do not end when they are killed, as one that waits for a drive that hangs."""
    processes = [decoder._process for decoder in decoders._processes]
    for process in processes:
        process.kill = lambda: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def test_a_decoder_whose_run_has_died_ends_without_a_word() -> None:
    setup = {"contract": asdict(card().input), "limits": asdict(LIMITS), "timeout_s": 60, "thumbnails": None}
    command = [sys.executable, "-P", "-m", "tagger.image.decoder_worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as decoder:  # type: ignore[call-overload]
        decoder.stdout.close()
        decoder.stdin.write(encode_frame(setup))
        decoder.stdin.flush()
        assert (decoder.wait(PATIENCE_S), decoder.stderr.read()) == (0, b"")


def test_a_decoder_that_does_not_die_is_not_asked_again(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.image.decoder_pool.END_S", 0.1)
    monkeypatch.setattr("tagger.image.decoder_process.END_S", 0.1)
    (tmp_path / "hang.bmp").write_bytes(HANG)
    good = photos(tmp_path / "good", 3)
    pool = decoders(count=1)
    pool.load(str(good[0]), always)
    with unkillable(pool):
        pool._timeout_s = 0.5
        assert kind(pool.load(str(tmp_path / "hang.bmp"), always)) == "timed_out"
        pool._timeout_s = PATIENCE_S
        assert [kind(pool.load(str(photo), always)) for photo in good] == ["sound"] * 3
        start = time.monotonic()
        pool.close()
        assert time.monotonic() - start < PATIENCE_S / 2


def test_leaving_early_does_not_wait_for_a_decoder_that_does_not_die(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.image.decoder_pool.END_S", 0.1)
    monkeypatch.setattr("tagger.image.decoder_process.END_S", 0.1)
    files = photos(tmp_path / "good", 2)
    files.append(tmp_path / "hang.bmp")
    files[-1].write_bytes(HANG)
    pool = decoders()
    with unkillable(pool):
        results = Pipeline(ColourEngine(batch_size=1), card(), LIMITS, loader=pool).run(map(str, files))
        next(results)
        start = time.monotonic()
        results.close()
        pool.close()
        assert time.monotonic() - start < PATIENCE_S / 2


@pytest.mark.slow
def test_many_decoders_that_do_not_die_are_not_followed_by_ever_more(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagger.image.decoder_pool.END_S", 0.1)
    monkeypatch.setattr("tagger.image.decoder_process.END_S", 0.1)
    monkeypatch.setattr("tagger.image.decoder_pool.MAX_UNKILLABLE", 1)
    (good,) = photos(tmp_path / "good", 1)
    (tmp_path / "hang.bmp").write_bytes(HANG)
    pool = decoders(count=1)
    with ExitStack() as drives:
        for _ in range(2):
            assert kind(pool.load(str(good), always)) == "sound"
            drives.enter_context(unkillable(pool))
            pool._timeout_s = 0.5
            assert kind(pool.load(str(tmp_path / "hang.bmp"), always)) == "timed_out"
            pool._timeout_s = PATIENCE_S
        with pytest.raises(DecoderUnavailable, match="2 killed ones do not exit"):
            pool.load(str(good), always)


def test_a_decoder_that_does_not_listen_is_not_waited_for(tmp_path: Path, decoders: MakeDecoders) -> None:
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    pool.load(str(good), always)
    (decoder,) = pool._processes
    decoder._process.send_signal(signal.SIGSTOP)
    pool._timeout_s = 0.5
    assert kind(pool.load("/much more than a pipe holds" * 100_000, always)) == "timed_out"
    pool._timeout_s = PATIENCE_S
    assert kind(pool.load(str(good), always)) == "sound"


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
    pool = decoders()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    results = list(Pipeline(ColourEngine(), card(), LIMITS, loader=pool).run(map(str, files)))
    assert [Path(r.path).name for r in results if isinstance(r.answer, Failed)] == ["kill.bmp"]
    assert "1 remain" in caplog.text


def test_when_the_last_decoder_is_lost_whoever_waits_for_one_is_told(
    tmp_path: Path, decoders: MakeDecoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = photos(tmp_path / "good", 40)
    for number in range(1, 6, 2):
        files.insert(number, tmp_path / "good" / f"kill{number}.bmp")
        files[number].write_bytes(KILL + bytes([number]))
    pool, many = decoders(), Limits(threads=8)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(DecoderUnavailable, match="No such file or directory"):
        list(Pipeline(ColourEngine(), card(), many, loader=pool).run(map(str, files)))


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
    monkeypatch.setattr("tagger.image.decoder_process.sys", OneProcess())
    pool = decoders(count=2)
    assert (kind(pool.load(str(good), always)), len(pool._processes)) == ("sound", 1)


def test_decoders_that_are_terminated_before_they_began_are_no_loss(
    tmp_path: Path, decoders: MakeDecoders, caplog: pytest.LogCaptureFixture
) -> None:
    (good,) = photos(tmp_path / "good", 1)
    pool = decoders(count=1)
    with ThreadPoolExecutor(1) as threads:
        photo = threads.submit(pool.load, str(good), always)
        time.sleep(0.05)
        pool.terminate()
        assert isinstance(photo.exception(), DecoderUnavailable)
    assert caplog.text == ""
