"""In a group a personal answer shows what was sent there, and its buttons work for whoever asked.

Who writes in the name of a group or a channel is nobody in particular.
"""

from __future__ import annotations

import json
from itertools import count

import pytest

from tests.bot.conftest import Meet
from tests.bot.running import BLUE, GREEN, RED, RunningBot, answer, buttons, picture, said, sent, tapped
from tests.botapi import Message, PeopleChat, Person
from tests.botapi.chat.controls import Group

GROUPS = count(-8000, -1)
HINT = "This is only from this group. The rest is in our private chat."
CANNOT_TELL = "I cannot tell who you are here, so please ask me in our private chat."
PERSONAL = ("/places", "/find eiffel", "/map", "/stats", "/export", "/forget", "/language", "/language de")


def group(bot: RunningBot, *people: Person) -> Group:
    return bot.server.group(next(GROUPS), "Trip", people)


def asked(chat: PeopleChat, person: Person, command: str) -> Message:
    return said(chat, chat.send_text(person, command))


def document(bot: RunningBot, message: Message) -> str:
    return bot.server.state.files.get(message.json["document"]["file_id"]).read().decode()


def settled(chat: PeopleChat, person: Person, content: bytes) -> Message:
    return answer(chat, chat.send_photo(person, content, "@landmark_bot"))


@pytest.fixture
def trip(bot: RunningBot, meet: Meet) -> tuple[Person, Person, Group]:
    """Ana has sent the wall in private, the tower to one group, and the skytree to another; Ben is with her."""
    (ana, chat), (ben, _) = meet(), meet("Ben")
    trip, other = group(bot, ana, ben), group(bot, ana)
    for place, colour in ((chat, GREEN), (trip, RED), (other, BLUE)):
        settled(place, ana, picture(colour, 130))
    return ana, ben, trip


def test_lists_in_a_group_show_what_was_sent_there_and_lead_to_the_rest(
    bot: RunningBot, trip: tuple[Person, Person, Group]
) -> None:
    ana, _, group = trip
    places = asked(group, ana, "/places")
    assert places.text.splitlines()[2:] == ["France: Eiffel Tower (1)", "", HINT]
    assert [mark["url"] for mark in places.marks if "url" in mark] == ["https://t.me/landmark_bot?start=places"]
    assert asked(group, ana, "/find wall").text == f"You have not sent me a photo of “wall” yet.\n\n{HINT}"
    assert asked(group, ana, "/stats").text.splitlines()[0] == "Photos: 1"
    file = asked(group, ana, "/map")
    assert file.text == f"1 landmark\n\n{HINT}"
    assert len(json.loads(document(bot, file))["features"]) == 1
    private = ana.private()
    assert "Countries: 3" in asked(private, ana, "/stats").text
    assert asked(private, ana, "/start places").text.splitlines()[2:] == [
        "China: Great Wall of China (1)", "France: Eiffel Tower (1)", "Japan: Tokyo Skytree (1)",
    ]  # fmt: skip


def test_an_export_in_a_group_holds_what_was_sent_there(bot: RunningBot, trip: tuple[Person, Person, Group]) -> None:
    ana, _, group = trip
    tapped(group, ana, group.from_bot[-1], "Right")
    file = asked(group, ana, "/export")
    rows = json.loads(document(bot, file))
    assert file.text == HINT
    assert {row["chat_id"] for table in ("photos", "answers") for row in rows[table]} == {group.id}
    assert [(len(rows[name]), name) for name in ("photos", "answers", "decisions")] == [
        (1, "photos"), (1, "answers"), (1, "decisions"),
    ]  # fmt: skip
    assert not {"settings", "messages_in_work"} & set(rows)
    everything = json.loads(document(bot, asked(ana.private(), ana, "/start export")))
    assert len(everything["photos"]) == 3


def test_lists_in_a_group_show_what_its_messages_show(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    tapped(group, ben, group.from_bot[-1], "Tokyo Skytree")
    assert asked(group, ana, "/places").text.splitlines()[2] == "Japan: Tokyo Skytree (1)"
    private = asked(ana.private(), ana, "/places").text  # there only what Ana says herself counts
    assert "France: Eiffel Tower (1)" in private
    assert "Japan: Tokyo Skytree (1)" in private


def test_buttons_below_a_list_or_question_are_for_whoever_asked(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    for number in range(131, 140):
        settled(group, ana, picture(RED, number))
    found = asked(group, ana, "/find eiffel")
    language, forget = asked(group, ana, "/language"), asked(group, ana, "/forget")
    file = asked(group, ana, "/map")
    before = [message.text for message in (found, language, forget)]
    assert tapped(group, ben, found, "▶") == tapped(group, ben, file, "KML") == "This list is for somebody else."
    for message, button in ((language, "Deutsch"), (forget, "Yes"), (forget, "No")):
        assert tapped(group, ben, message, button) == "This question is for somebody else."
    assert [message.text for message in (found, language, forget)] == before
    assert tapped(group, ana, found, "▶") == ""
    assert found.text.endswith(f"2/2\n\n{HINT}")
    assert tapped(group, ben, found, "◀") == "This list is for somebody else."
    assert tapped(group, ana, file, "KML") == ""
    assert sent(group, file, "document").json["document"]["file_name"] == "places.kml"


def test_old_buttons_that_name_nobody_work_for_nobody_in_a_group(trip: tuple[Person, Person, Group]) -> None:
    ana, _, group = trip
    forget = asked(group, ana, "/forget")
    forget.json["reply_markup"]["inline_keyboard"] += [
        [{"text": data, "callback_data": data}] for data in (f"forget:{ana.id}", "places:0", "for:", f"for:{ana.id}")
    ]
    assert tapped(group, ana, forget, f"forget:{ana.id}") == "This question is for somebody else."
    assert tapped(group, ana, forget, "places:0") == "This list is for somebody else."
    assert tapped(group, ana, forget, "for:") == tapped(group, ana, forget, f"for:{ana.id}") == ""


def test_a_choice_of_names_is_for_whoever_typed(trip: tuple[Person, Person, Group]) -> None:
    ana, ben, group = trip
    reply = settled(group, ana, picture(RED, 140))
    tapped(group, ana, reply, "Something else")
    choice = said(group, group.send_text(ana, "great wal", reply_to=said(group, reply)))
    assert tapped(group, ben, choice, "Great Wall") == "This question is for somebody else."
    assert tapped(group, ana, choice, "Great Wall") == "Thank you!"
    assert reply.text.endswith("👤 Ana\n✔ Noted: Great Wall of China. Thank you!")


@pytest.mark.parametrize("command", PERSONAL)
def test_who_is_anonymous_is_told_to_ask_in_private(command: str, bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    first, second = group(bot, ana), group(bot, ana)
    settled(first, bot.server.anonymous(first), picture(RED, 141))
    for chat, sender in (
        (second, bot.server.anonymous(second)),
        (second, bot.server.channel(-1_000_000_004_711, "News")),
        (second, bot.server.channel(-1_000_000_004_711, "News", 777000)),
    ):
        told = asked(chat, sender, command)
        assert (told.text, buttons(told)) == (CANNOT_TELL, [])


def test_photos_of_those_who_are_anonymous_belong_to_their_chat(bot: RunningBot, meet: Meet) -> None:
    ana, _ = meet()
    trip = group(bot, ana)
    channel = -1_000_000_004_712
    senders = (bot.server.anonymous(trip), bot.server.channel(channel, "News"))
    for sender in senders:
        reply = settled(trip, sender, picture(RED, 142))
    tapped(trip, senders[0], reply, "Tokyo Skytree")
    assert reply.text.endswith("✔ Noted: Tokyo Skytree. Thank you!")
    assert "👤" not in reply.text
    bot.settle()
    owners = bot.rows("SELECT DISTINCT user_id FROM telegram_photo WHERE chat_id = ? ORDER BY 1", trip.id)
    assert owners == [(channel,), (trip.id,)]
    for table in ("telegram_photo", "telegram_answer", "telegram_person", "telegram_update"):
        stand_ins = "SELECT count(*) FROM {} WHERE user_id IN (777000, 136817688, 1087968824)"
        assert bot.rows(stand_ins.format(table)) == [(0,)]


def test_a_forged_button_overwrites_no_message_of_others(bot: RunningBot, meet: Meet) -> None:
    (ana, _), (ben, _) = meet(), meet("Ben")
    trip = group(bot, ana, ben)
    reply, own = settled(trip, ana, picture(RED, 143)), settled(trip, ben, picture(GREEN, 143))
    mine, labels = asked(trip, ana, "/places"), asked(trip, ana, "/labels")
    number = next(button["callback_data"] for row in own.keyboard for button in row).partition(":")[2]
    forged = ("labels:0", f"for:{ben.id}:places:0", f"for:{ben.id}:keep:", f"for:{ben.id}:language:de")
    before = [message.text for message in (reply, mine, labels)]
    for message in (reply, mine, labels):
        markup = message.json.setdefault("reply_markup", {"inline_keyboard": []})
        markup["inline_keyboard"] += [[{"text": data, "callback_data": data}] for data in (*forged, f"right:{number}")]
        for data in forged:
            assert tapped(trip, ben, message, data).endswith(" is for somebody else.")
        tapped(trip, ben, message, f"right:{number}")
    bot.settle()
    assert [message.text for message in (reply, mine, labels)] == before
    assert own.text.endswith("👤 Ben\n✔ Confirmed. Thank you!")
