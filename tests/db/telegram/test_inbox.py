"""The bot's inbox: each update once, and how far its answer is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from db.engine import Store
from db.group_commit import commit_group
from db.telegram import inbox
from db.telegram.inbox import LastMessageIds, ReceivedUpdate

GROUP, SUPERGROUP = -4, -1_000_000_000_123


def update(number: int, chat_id: int = 1, message_id: int = 10) -> ReceivedUpdate:
    return ReceivedUpdate(number, chat_id, 1, message_id, {"update_id": number})


def take(store: Store, *updates: ReceivedUpdate) -> set[int]:
    with store.write() as connection:
        return inbox.receive(connection, updates)


def waiting(store: Store) -> list[tuple[int, object]]:
    with store.read() as connection:
        return [(row.update_id, row.reply) for row in inbox.open_updates(connection)]


def test_an_update_is_new_once(store: Store) -> None:
    assert take(store, update(1), update(2)) == {1, 2}
    assert take(store, update(2), update(3), update(3)) == {3}
    assert take(store) == set()


def test_what_is_not_answered_is_found_again_in_order_with_what_was_being_sent(store: Store) -> None:
    take(store, update(3), update(1), update(2))
    with store.write() as connection:
        inbox.start_sending(connection, 2, {"html": "hello"})
        inbox.finish(connection, [1])
    assert waiting(store) == [(2, {"html": "hello"}), (3, None)]


def test_an_answered_update_keeps_nothing_of_what_it_said_and_is_still_known(store: Store) -> None:
    take(store, update(1))
    with store.write() as connection:
        inbox.finish(connection, [1])
    with store.read() as connection:
        (row,) = connection.exec_driver_sql("SELECT state, content, reply FROM telegram_update").all()
    assert tuple(row) == ("answered", None, None)
    assert take(store, update(1)) == set()


def test_only_old_answered_updates_are_dropped(store: Store) -> None:
    take(store, update(1), update(2))
    with store.write() as connection:
        inbox.finish(connection, [1])
        inbox.drop_answered(connection, datetime.now(UTC) - timedelta(days=1))
    assert take(store, update(1)) == set()
    with store.write() as connection:
        inbox.drop_answered(connection, datetime.now(UTC) + timedelta(seconds=1))
    assert take(store, update(1), update(2)) == {1}


def test_heights_are_of_a_chat_and_of_the_chats_that_share_its_numbers(store: Store) -> None:
    take(store, update(1, 7, 20), update(2, GROUP, 35), update(3, SUPERGROUP, 900), update(4, 7, 12))
    with store.read() as connection:
        found = [inbox.last_message_ids(connection, chat) for chat in (7, GROUP, SUPERGROUP, 8)]
    assert found == [LastMessageIds(20, 35), LastMessageIds(35, 35), LastMessageIds(900, 900), LastMessageIds(0, 35)]


def test_pieces_that_are_written_together_fail_alone(store: Store) -> None:
    def broken(connection: object) -> None:
        take_in(connection, 2)
        raise ValueError("broken")

    def take_in(connection: object, number: int) -> set[int]:
        return inbox.receive(connection, [update(number)])  # type: ignore[arg-type]

    first, second, third = commit_group(store, [lambda c: take_in(c, 1), broken, lambda c: take_in(c, 3)])
    assert (first.value, third.value) == ({1}, {3})
    assert isinstance(second.error, ValueError)
    assert [number for number, _ in waiting(store)] == [1, 3]


def test_a_state_that_is_none_is_refused(store: Store) -> None:
    take(store, update(1))
    with pytest.raises(Exception, match="state"), store.write() as connection:
        connection.exec_driver_sql("UPDATE telegram_update SET state = 'lost'")
