"""A lock that is a row belongs to one process, as long as that one renews it."""

from __future__ import annotations

import time

import pytest

from db.engine import Store
from tagger.core.errors import RunInProgress
from tagger.library.locks.run import run_lock, xmp_lock
from tagger.library.locks.server import server_lock


def test_one_process_has_it_until_its_end(store: Store) -> None:
    with server_lock(store, "run") as first, server_lock(store, "run") as second:
        assert (first, second) == (True, False)
    with server_lock(store, "run") as third:
        assert third


def test_it_is_renewed_for_as_long_as_the_work_takes(store: Store) -> None:
    with server_lock(store, "run", lease_s=0.4):
        time.sleep(1)
        with server_lock(store, "run") as other:
            assert not other


def test_a_place_with_one_process_at_a_time_takes_it_back_from_a_dead_one(store: Store) -> None:
    with server_lock(store, "run", place="attic") as dead, server_lock(store, "run", place="attic") as mine:
        assert dead
        assert mine
        with server_lock(store, "run", place="attic_2") as other:
            assert not other


def test_a_process_that_loses_it_says_so(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    with server_lock(store, "run", lease_s=0.4):
        with store.write() as connection:
            connection.exec_driver_sql("UPDATE run_lock SET holder = 'another'")
        time.sleep(0.5)
    assert "another process may have started this work again" in caplog.text


@pytest.mark.postgresql
def test_machines_that_share_a_server_do_not_work_at_once(store: Store) -> None:
    with server_lock(store, "run"), server_lock(store, "xmp"):  # another machine's
        with pytest.raises(RunInProgress), run_lock(store):
            pytest.fail("two runs at once")
        with pytest.raises(RunInProgress), xmp_lock(store):
            pytest.fail("two at once")
    with run_lock(store), xmp_lock(store):
        pass
