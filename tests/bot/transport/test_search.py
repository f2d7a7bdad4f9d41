"""Which numbers a message in doubt may have."""

from __future__ import annotations

from tagger.bot.transport.search import MessageNumbers


def seen(*numbers: tuple[int, int]) -> MessageNumbers:
    all_numbers = MessageNumbers()
    for chat, number in numbers:
        all_numbers.add(chat, number)
    return all_numbers


def test_chats_in_which_one_number_was_seen_have_sequences_of_their_own() -> None:
    assert seen((1, 5), (2, 5)).of_sequence(1) is None
    assert seen((1, 5), (2, 6), (-3, 7), (-1_000_000_000_001, 6)).of_sequence(1) == {5, 6, 7}


def test_a_supergroup_may_share_numbers_only_if_all_chats_do() -> None:
    supergroup = -1_000_000_000_001
    assert seen((1, 5), (supergroup, 6)).of_sequence(supergroup) == {5, 6}
    assert seen((1, 5), (supergroup, 5)).of_sequence(supergroup) is None


def test_the_oldest_numbers_are_forgotten() -> None:
    numbers = seen(*((1, number) for number in range(20_000)))
    assert numbers.of_chat(1) == set(range(10_000, 20_000))
