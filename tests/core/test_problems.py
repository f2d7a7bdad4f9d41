"""Any exception becomes one sentence, and a system that runs out of something is recognised."""

from __future__ import annotations

import errno

import pytest

from tagger.core.errors import ConfigError, EngineFailed, OutOfResources
from tagger.core.problems import describe, require_threads, shortage


@pytest.mark.parametrize(
    ("error", "resource"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory"),
        (ImportError("libfoo.so: failed to map segment from shared object"), "memory"),
        (RuntimeError("Exception from src/core/allocator.cpp:79:\nstd::bad_alloc"), "memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"), "memory"),
        (RuntimeError("can't start new thread"), "threads"),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), "threads"),
        (OSError(errno.EMFILE, "Too many open files"), "open files"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk space"),
        (OSError(errno.EFBIG, "File too large"), "disk space"),
    ],
)
def test_a_shortage_is_recognised_also_as_a_cause(error: Exception, resource: str) -> None:
    found = shortage(error)
    assert found is not None and resource in str(found)
    assert describe(error) == str(found)
    try:
        raise EngineFailed("the engine broke") from error
    except EngineFailed as outer:
        assert str(shortage(outer)) == str(found)


@pytest.mark.parametrize("error", [ValueError("memory"), OSError(errno.ENOENT, "No such file"), KeyError(7), None])
def test_other_errors_are_no_shortage(error: Exception | None) -> None:
    assert shortage(error) is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConfigError("colour is not a setting."), "colour is not a setting."),
        (OSError(errno.EACCES, "Permission denied", "/p/a\n.jpg"), "/p/a\\n.jpg: Permission denied."),
        (OSError(errno.EIO, "Input/output error"), "Input/output error."),
        (KeyError("a\n\x1bb"), "Something unexpected happened (KeyError: 'a\\n\\x1bb')."),
        (ValueError("x" * 5000), "Something unexpected happened (ValueError: " + "x" * 300 + ")."),
        (ValueError("two\n  lines"), "Something unexpected happened (ValueError: two lines)."),
    ],
)
def test_every_error_is_one_line(error: Exception, sentence: str) -> None:
    assert describe(error).startswith(sentence)
    assert "\n" not in describe(error)


def test_threads_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    require_threads(20)
    require_threads(20)

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    with pytest.raises(OutOfResources, match="threads"):
        require_threads(1)
