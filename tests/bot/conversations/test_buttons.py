"""The buttons below an answer: a tap is a decision, and it can be changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.conftest import Meet, Start
from tests.bot.running import ANSWER_S, BLUE, GREY, RED, RunningBot, answer, buttons, picture, said, tapped
from tests.botapi import BotApiServer, Message, PeopleChat, Person, Refused
from tests.botapi.chat.taps import Tap

DECISIONS = """SELECT verdict, key, source, revoked_at IS NULL FROM decision
               LEFT JOIN landmark ON landmark.id = landmark_id
               WHERE who = ? AND decided_at > ? ORDER BY decision.id"""


def decisions(bot: RunningBot, person: Person) -> list[tuple[object, ...]]:
    an_hour_ago = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%d %H:%M:%S}"
    return bot.rows(DECISIONS, f"telegram:{person.id}", an_hour_ago)


def edited(chat: PeopleChat, message: Message, count: int = 1) -> str:
    return chat.wait_for_edit(message, count=count, timeout_s=ANSWER_S).text


def test_right_is_stored_as_a_decision_and_edits_the_same_message(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 20)))
    assert tapped(chat, ana, reply, "Right") == "Thank you!"
    assert edited(chat, reply).endswith("✔ Confirmed. Thank you!")
    assert "☑ Right" in buttons(reply)
    assert decisions(bot, ana) == [("shows", "eiffel_tower", "telegram", 1)]
    assert len(chat.from_bot) == 1


def test_a_later_tap_changes_the_decision_and_the_earlier_stays_as_history(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 21)))
    tapped(chat, ana, reply, "Tokyo Skytree")
    assert edited(chat, reply).endswith("✔ Noted: Tokyo Skytree. Thank you!")
    tapped(chat, ana, reply, "None of these")
    assert edited(chat, reply, 2).endswith("✔ Noted: none of these. Thank you!")
    tapped(chat, ana, reply, "Right")
    assert edited(chat, reply, 3).endswith("✔ Confirmed. Thank you!")
    assert decisions(bot, ana) == [
        ("shows", "tokyo_skytree", "telegram", 0),
        ("none", None, "telegram", 0),
        ("shows", "eiffel_tower", "telegram", 1),
    ]


def test_what_a_person_said_outranks_the_machine_when_their_photo_comes_again(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    first = answer(chat, chat.send_photo(ana, picture(RED, 22)))
    tapped(chat, ana, first, "Tokyo Skytree")
    again = answer(chat, chat.send_photo(ana, picture(RED, 22)))
    assert again.text.endswith("✔ Noted: Tokyo Skytree. Thank you!")
    assert tapped(chat, ana, again, "☑ Tokyo Skytree") == "Undone."
    assert edited(chat, again).startswith("🏛 Eiffel Tower")
    assert decisions(bot, ana) == [("shows", "tokyo_skytree", "telegram", 0)]


def test_a_tap_on_what_was_chosen_takes_it_back(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(BLUE, 23)))
    before = reply.text
    for button in ("Right", "Eiffel Tower", "None of these"):
        assert tapped(chat, ana, reply, button) == "Thank you!"
        assert f"☑ {button}" in buttons(reply)
        assert tapped(chat, ana, reply, button) == "Undone."
        assert reply.text == before
        assert not any(label.startswith("☑") for label in buttons(reply))
    assert [row[3] for row in decisions(bot, ana)] == [0, 0, 0]


def test_the_same_tap_twice_is_no_error(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(BLUE, 19)))
    tapped(chat, ana, reply, "Right")
    hurried = chat.tap(ana, reply, "☑ Right"), chat.tap(ana, reply, "☑ Right")
    assert [tap.wait_for_answer(timeout_s=ANSWER_S)["text"] for tap in hurried] == ["Undone."] * 2
    bot.server.violations[:] = [one for one in bot.server.violations if "not modified" not in one.description]
    assert "✔ Right" in buttons(reply)


def test_the_map_button_sends_a_venue(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 24)))
    tapped(chat, ana, reply, "Map")
    venue = said(chat, reply).json["venue"]
    assert (venue["title"], venue["address"]) == ("Eiffel Tower", "Paris, France")
    assert venue["location"] == {"latitude": 48.8584, "longitude": 2.2945}


def test_something_else_asks_for_a_name_and_an_alias_is_taken_at_its_word(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(GREY, 25)))
    tapped(chat, ana, reply, "Something else")
    question = said(chat, reply)
    assert question.text == "Which landmark is it? Type its name."
    assert bot.server.calls("sendMessage")[-1].parameters["reply_markup"] == {"force_reply": True, "selective": True}
    typed = chat.send_text(ana, "tour EIFFEL", reply_to=question)
    assert said(chat, typed).text == "✔ Noted: Eiffel Tower. Thank you!\nParis, France"
    assert edited(chat, reply).endswith("✔ Noted: Eiffel Tower. Thank you!")
    assert decisions(bot, ana) == [("shows", "eiffel_tower", "telegram", 1)]


def test_a_mistyped_name_gets_the_nearest_as_buttons(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(GREY, 26)))
    tapped(chat, ana, reply, "Something else")
    said(chat, reply)
    choice = said(chat, chat.send_text(ana, "great wal"))  # without replying: the question is still open
    assert choice.text == "Did you mean one of these?"
    assert buttons(choice) == ["Great Wall of China", "None of these"]
    tapped(chat, ana, choice, "Great Wall")
    assert choice.text == "✔ Noted: Great Wall of China. Thank you!"
    assert reply.text.endswith("✔ Noted: Great Wall of China. Thank you!")
    assert decisions(bot, ana) == [("shows", "great_wall", "telegram", 1)]


def test_a_name_that_nothing_resembles_is_asked_for_again(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(GREY, 27)))
    tapped(chat, ana, reply, "Something else")
    question = said(chat, reply)
    again = said(chat, chat.send_text(ana, "xyzzy", reply_to=question))
    assert again.text.startswith("I do not know a landmark by that name.")
    named = said(chat, chat.send_text(ana, "Tokyo Skytree", reply_to=again))
    assert named.text.startswith("✔ Noted: Tokyo Skytree.")


def test_right_below_an_album_confirms_each_photo_for_itself(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    messages = chat.send_album(ana, [picture(RED, 28), picture(BLUE, 28), picture(GREY, 28)])
    reply = answer(chat, messages[0])
    tapped(chat, ana, reply, "Right")
    assert [row[:2] for row in decisions(bot, ana)] == [("shows", "eiffel_tower"), ("shows", "tokyo_skytree")]
    assert "✔ Confirmed." in edited(chat, reply)


def test_a_button_of_another_chat_or_of_nothing_says_so(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 29)))
    reply.json["reply_markup"]["inline_keyboard"] += [[{"text": "forged", "callback_data": "none:1"}]]
    assert tapped(chat, ana, reply, "forged").startswith("I no longer remember this photo.")
    assert decisions(bot, ana) == []


@pytest.mark.parametrize(
    "data",
    [
        "is:1",
        "is:x:1",
        "none:",
        f"right:{9**30}",
        "found:9999:0",
        "places:-1",
        "?",
        "for:1",
        "for:1:for:1:none:1",
        "none:1\n",
        "is:\N{ARABIC-INDIC DIGIT ONE}:x",
        "map:",
        "else:-1",
        "language:xx",
        ":",
        "labels:1e3",
    ],
)
def test_a_forged_button_is_answered_and_changes_nothing(data: str, bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 30)))
    reply.json["reply_markup"]["inline_keyboard"] += [[{"text": "forged", "callback_data": data}]]
    assert tapped(chat, ana, reply, "forged") == ""
    assert decisions(bot, ana) == []
    assert reply.versions == []


def tap_without_message(bot: RunningBot, person: Person, **more: object) -> Tap:
    """A tap of which Telegram tells less than usual."""
    state = bot.server.state
    with state.changed:
        tap = Tap(str(9_000_000_000 + next(state.numbers)), state, person.private().messages[0], {"text": "?"})
        state.taps[tap.id] = tap
        state.updates.put("callback_query", {"id": tap.id, "from": person.json, "chat_instance": "1", **more})
    return tap


def test_a_tap_of_which_telegram_tells_little_is_answered(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 31)))
    old = {"message_id": reply.id, "chat": chat.json, "date": 0}  # older than 48 hours: Telegram hides its content
    data = reply.button("Right")["callback_data"]
    for more in ({"data": data}, {"inline_message_id": "abc", "data": data}, {"message": old}, {"message": reply.json}):
        assert tap_without_message(bot, ana, **more).wait_for_answer(timeout_s=ANSWER_S).get("text", "") == ""
    assert decisions(bot, ana) == []
    assert (
        tap_without_message(bot, ana, message=old, data=data).wait_for_answer(timeout_s=ANSWER_S)["text"]
        == "Thank you!"
    )
    assert reply.text.endswith("✔ Confirmed. Thank you!")


def test_a_tap_whose_message_cannot_be_edited_any_more_is_answered(bot: RunningBot, meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 32)))
    for refusal in (Refused(400, "Bad Request: message can't be edited"), Refused(403, "Forbidden: bot was kicked")):
        bot.server.faults.next("editMessageText", refusal, chat_id=ana.id)
        tapped(chat, ana, reply, "Tokyo Skytree")
    assert [row[3] for row in decisions(bot, ana)] == [0, 1]
    bot.settle()
    assert "Traceback" not in bot.output


def test_a_tap_on_what_was_forgotten_is_answered(meet: Meet) -> None:
    ana, chat = meet()
    reply = answer(chat, chat.send_photo(ana, picture(RED, 33)))
    tapped(chat, ana, said(chat, chat.send_text(ana, "/forget")), "Yes")
    for button in ("Right", "Map", "Tokyo Skytree", "Something else", "None of these"):
        assert tapped(chat, ana, reply, button).startswith("I no longer remember this photo.")


def test_a_tap_of_somebody_who_may_not_use_the_bot_is_answered(server: BotApiServer, start: Start) -> None:
    start(bot_allow="[1]")
    ana, ben = server.person(1, "Ana"), server.person(2, "Ben")
    trip = server.group(-7001, "Trip", [ana, ben])
    reply = answer(trip, trip.send_photo(ana, picture(RED), "@landmark_bot"))
    assert tapped(trip, ben, reply, "Right") == "This bot is private. Ask its operator to add your number: 2"
    assert "👤" not in reply.text
