"""Topics of a forum, and groups that become supergroups: answers go where the question was, and nothing is lost."""

from __future__ import annotations

from itertools import count

import pytest

from tests.bot.conftest import Meet, Start
from tests.bot.running import BLUE, GREEN, GREY, RED, RunningBot, answer, picture, said, tapped
from tests.botapi import BotApiServer, Message, Person
from tests.botapi.chat.controls import Group

GROUPS = count(-12_000, -1)
SUPERGROUPS = count(-1_000_000_020_000, -1)


def topic(message: Message) -> object:
    return message.json.get("message_thread_id")


@pytest.fixture
def forum(bot: RunningBot, meet: Meet) -> tuple[Person, Group]:
    """A forum with somebody who writes in its topic 77."""
    ana, _ = meet()
    group = bot.server.group(next(SUPERGROUPS), "Trip", [ana])
    group.topic = 77
    return ana, group


def test_everything_goes_to_the_topic_of_the_question(bot: RunningBot, forum: tuple[Person, Group]) -> None:
    ana, group = forum
    before = len(bot.server.calls("sendChatAction"))
    reply = answer(group, group.send_photo(ana, picture(RED, 400), "@landmark_bot"))
    tapped(group, ana, reply, "Map")
    tapped(group, ana, reply, "Something else")
    bot.settle()
    for command in ("/map", "/export", "/places", "/labels", "/suggest"):
        said(group, group.send_text(ana, command))
    tapped(group, ana, next(message for message in group.from_bot if message.buttons == [["KML"]]), "KML")
    answer(group, group.send_document(ana, b"%PDF", "a.pdf", "application/pdf", "@landmark_bot"))
    bot.settle()
    assert {message.kind for message in group.from_bot} == {"text", "document", "photo", "venue"}
    assert {topic(message) for message in group.from_bot} == {77}
    actions = [call.parameters for call in bot.server.calls("sendChatAction")[before:]]
    assert {action["message_thread_id"] for action in actions if action["chat_id"] == str(group.id)} <= {77, "77"}
    assert actions


def test_typing_is_shown_in_each_topic(bot: RunningBot, forum: tuple[Person, Group]) -> None:
    ana, group = forum
    before = len(bot.server.calls("sendChatAction"))
    for number in (1, 2):
        group.topic = 77 + number
        group.send_photo(ana, picture(GREEN, 400 + number), "@landmark_bot")
    bot.settle()
    topics = [str(call.parameters.get("message_thread_id")) for call in bot.server.calls("sendChatAction")[before:]]
    assert sorted(topics) == ["78", "79"]


def test_in_the_general_topic_and_in_threads_of_replies_no_topic_is_named(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    group = bot.server.group(next(SUPERGROUPS), "Trip", [ana])
    photo = group.send_service(ana, photo=bot.server.state.files.photo(picture(RED, 403)), message_thread_id=5)
    bot.settle()
    reply = answer(group, group.send_text(ana, "/suggest", reply_to=photo))
    tapped(group, ana, reply, "Map")
    bot.settle()
    assert [topic(message) for message in group.from_bot] == [None, None]


@pytest.fixture
def migrated(bot: RunningBot, meet: Meet) -> tuple[Person, Person, Group, Group, Message]:
    """Ana and Ben, a group and the supergroup that it became, and an answer from before."""
    ana, ben = meet()[0], meet("Ben")[0]
    old = bot.server.group(next(GROUPS), "Trip", [ana, ben])
    reply = answer(old, old.send_photo(ana, picture(RED, 410), "@landmark_bot"))
    tapped(old, ben, reply, "Tokyo Skytree")
    new = old.migrate(ana, next(SUPERGROUPS))
    bot.settle()
    return ana, ben, old, new, reply


def test_a_migrated_group_keeps_its_places(
    bot: RunningBot, migrated: tuple[Person, Person, Group, Group, Message]
) -> None:
    ana, _, old, new, _ = migrated
    assert said(new, new.send_text(ana, "/places")).text.splitlines()[2] == "Japan: Tokyo Skytree (1)"
    assert bot.rows("SELECT count(*) FROM telegram_answer WHERE chat_id = ?", old.id) == [(0,)]
    answer(new, new.send_photo(ana, picture(GREEN, 411), "@landmark_bot"))
    assert "China: Great Wall of China (1)" in said(new, new.send_text(ana, "/places")).text


def test_buttons_from_before_a_migration_work(
    bot: RunningBot, migrated: tuple[Person, Person, Group, Group, Message]
) -> None:
    ana, _, old, new, reply = migrated
    assert tapped(old, ana, reply, "Great Wall") == "Thank you!"
    assert said(new, new.send_text(ana, "/places")).text.splitlines()[2] == "China: Great Wall of China (1)"
    before = len(new.from_bot)
    assert tapped(old, ana, reply, "Map") == ""
    assert tapped(old, ana, reply, "Something else") == ""
    bot.settle()
    venue, question = new.from_bot[before:]
    assert venue.json["venue"]["title"] == "Great Wall of China"
    assert said(new, new.send_text(ana, "Eiffel Tower", reply_to=question)).text.startswith("✔ Noted: Eiffel Tower.")
    assert "Traceback" not in bot.output


def test_a_tap_that_comes_from_the_new_chat_works(
    bot: RunningBot, migrated: tuple[Person, Person, Group, Group, Message]
) -> None:
    ana, _, _, new, reply = migrated
    copy = new.add(bot.server.state.bot, reply.json | {"chat": new.json})
    assert tapped(new, ana, copy, "Right") == "Thank you!"
    assert copy.text.endswith("👤 Ana\n✔ Confirmed. Thank you!")
    last = bot.rows("SELECT who, verdict FROM decision ORDER BY id DESC LIMIT 1")
    assert last == [(f"telegram:{ana.id}", "shows")]


def test_a_migration_of_which_only_a_refusal_tells_is_noticed(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    old = bot.server.group(next(GROUPS), "Trip", [ana])
    new = Group(bot.server.state, next(SUPERGROUPS), "Trip", [ana])
    for act in ("photo", "/export"):
        old.migrated_to = None
        message = (
            old.send_photo(ana, picture(BLUE, 412), "@landmark_bot") if act == "photo" else old.send_text(ana, act)
        )
        old.migrated_to = new.id
        bot.settle()
        assert message.text
    assert [message.kind for message in new.from_bot] == ["text", "document"]
    assert said(new, new.send_text(ana, "/places")).text.splitlines()[2] == "Japan: Tokyo Skytree (1)"


def test_a_group_that_may_use_the_bot_may_still_after_a_migration_and_a_restart(
    server: BotApiServer, start: Start
) -> None:
    number = next(GROUPS)
    bot, ana = start(bot_allow=f"[{number}]"), server.person(1, "Ana")
    old = server.group(number, "Trip", [ana])
    reply = answer(old, old.send_photo(ana, picture(GREY), "@landmark_bot"))
    new = old.migrate(ana, next(SUPERGROUPS))
    bot.settle()
    assert bot.stop() == 0
    bot.start()
    assert answer(new, new.send_photo(ana, picture(RED), "@landmark_bot")).text.startswith("🏛 Eiffel Tower")
    assert tapped(old, ana, reply, "Tokyo Skytree") == "Thank you!"
