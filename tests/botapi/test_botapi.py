"""The fake Bot API server behaves like Telegram; otherwise the bot's tests would prove nothing."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import threading
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from tests.botapi import BotApiServer, PeopleChat, Person, transcript
from tests.botapi.http.raw import call, done, download, refusal
from tests.drawn import encoded, jpeg

if TYPE_CHECKING:
    from telegram import Bot

KEYBOARD = {"inline_keyboard": [[{"text": "✔ right", "callback_data": "yes"}, {"text": "map", "url": "https://a.org"}]]}


def with_bot(server: BotApiServer, talk: Callable[[Bot], Coroutine[Any, Any, None]]) -> None:
    """Run a conversation with python-telegram-bot's own client."""
    telegram = pytest.importorskip("telegram", reason="the extra 'bot' is not installed")

    async def run() -> None:
        async with telegram.Bot(server.token, server.base_url, server.base_file_url) as bot:
            await talk(bot)

    asyncio.run(run())


def test_a_real_bot_gets_a_photo_answers_it_and_hears_the_tap(
    server: BotApiServer, ana: Person, chat: PeopleChat
) -> None:
    async def talk(bot: Bot) -> None:
        photo = chat.send_photo(ana, jpeg(), "where is it?")
        [update] = await bot.get_updates(timeout=5)
        assert update.message is not None
        assert update.message.caption == "where is it?"
        file = await bot.get_file(update.message.photo[-1])
        assert bytes(await file.download_as_bytearray()) == jpeg()
        await update.message.reply_html("<b>Red</b> rock", do_quote=True)
        answer = chat.wait_for_answer(photo)
        await bot.edit_message_text("Red?", ana.id, answer.id, api_kwargs={"reply_markup": KEYBOARD})
        tap = chat.tap(ana, chat.wait_for_edit(answer), "right")
        [update] = await bot.get_updates(offset=update.update_id + 1, timeout=5)
        assert update.callback_query is not None
        await update.callback_query.answer("kept")
        assert tap.wait_for_answer()["text"] == "kept"
        await bot.send_document(ana.id, b"[]", filename="all.json", caption="yours")

    with_bot(server, talk)
    assert [message.text for message in chat.from_bot] == ["Red?", "yours"]
    assert chat.from_bot[0].versions[0]["entities"] == [{"type": "bold", "offset": 0, "length": 3}]
    assert server.latency_s(chat.messages[0]) > 0
    assert server.violations == []
    assert transcript(chat) == (
        "**Ana**:\n> 🖼 a photo\\\n> where is it?\n\n"
        "**Landmarks** (to Ana’s photo):\n> **Red** rock\n\n"
        "**Landmarks** changes the message:\n> Red?\n>\n> `[ ✔ right ]` `[ map ]`\n\n"
        "**Ana** taps `[ ✔ right ]`\n\n*kept* (shown for a moment)\n\n"
        "**Landmarks**:\n> 📎 all.json\\\n> yours\n"
    )


def test_every_way_to_pass_parameters_is_the_same(server: BotApiServer, chat: PeopleChat) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    path, word = f"/bot{server.token}/SENDMESSAGE", "%C3%A9"
    parts = [("chat_id", 5), ("text", "é")]
    multipart = "".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts)
    for verb, target, body, kind in (
        ("GET", f"{path}?chat_id=5&text={word}", "", "text/plain"),
        ("POST", path, f"chat_id=5&text={word}", "application/x-www-form-urlencoded"),
        ("POST", path, f"{multipart}--x--\r\n", "multipart/form-data; boundary=x"),
        ("POST", path, '{"chat_id": "5", "text": "é"}', "application/json"),
    ):
        connection.request(verb, target, body.encode(), {"Content-Type": kind})
        assert json.loads(connection.getresponse().read())["result"]["text"] == "é"
    connection.close()
    assert [message.id for message in chat.messages] == [1, 2, 3, 4]


def test_unknown_methods_and_tokens_are_refused(server: BotApiServer) -> None:
    assert call(server, "sendFlowers") == {"ok": False, "error_code": 404, "description": "Not Found"}
    assert call(server, "getMe", token="1:wrong")["description"] == "Unauthorized"


def test_updates_stay_until_an_offset_confirms_them(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    for word in "abc":
        chat.send_text(ana, word)
    first = done(server, "getUpdates", limit=2)
    assert [update["message"]["text"] for update in first] == ["a", "b"]
    assert done(server, "getUpdates", limit=2) == first
    assert [u["message"]["text"] for u in done(server, "getUpdates", offset=first[0]["update_id"] + 1)] == ["b", "c"]
    assert [u["message"]["text"] for u in done(server, "getUpdates", offset=-1)] == ["c"]
    server.state.updates.redeliver(1)
    assert [u["message"]["text"] for u in done(server, "getUpdates")] == ["b", "c"]
    assert len(server.handed_out(chat.messages[1])) == 4


def test_a_long_poll_wakes_up_and_the_older_of_two_gets_a_conflict(server: BotApiServer, ana: Person) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(call(server, "getUpdates", timeout=5))) for _ in range(2)]
    for thread in threads:
        thread.start()
        time.sleep(0.2)
    ana.private().send_text(ana, "hi")
    for thread in threads:
        thread.join()
    assert answers[0]["error_code"] == 409
    assert answers[1]["result"][0]["message"]["text"] == "hi"


def test_only_the_wanted_kinds_of_updates_come(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    done(server, "getUpdates", allowed_updates=["edited_message"])
    chat.edit_text(ana, chat.send_text(ana, "old"), "new")
    assert [update["edited_message"]["text"] for update in done(server, "getUpdates")] == ["new"]


def test_photos_come_as_apps_send_them(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    large = encoded(Image.new("RGB", (2000, 1000), (1, 2, 3)), "JPEG", exif=exif)
    sizes = chat.send_photo(ana, large).json["photo"]
    assert [(size["width"], size["height"]) for size in sizes] == [(90, 45), (320, 160), (800, 400), (1280, 640)]
    for size in (sizes[0], sizes[-1]):
        link = done(server, "getFile", file_id=size["file_id"])
        content = download(server, link["file_path"])
        with Image.open(io.BytesIO(content)) as image:
            assert (image.size, len(image.getexif())) == ((size["width"], size["height"]), 0)
        assert len(content) == link["file_size"]
    again = chat.send_photo(ana, large).json["photo"][-1]
    assert again["file_unique_id"] == sizes[-1]["file_unique_id"]
    assert again["file_id"] != sizes[-1]["file_id"]
    server.state.files.expire_links()
    assert b"Not Found" in download(server, link["file_path"])


def test_an_album_is_one_group_and_may_arrive_out_of_order(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    album = chat.send_album(ana, [jpeg((n, n, n)) for n in range(3)], "three", order=[2, 0, 1])
    told = [update["message"] for update in done(server, "getUpdates")]
    assert [message["message_id"] for message in told] == [3, 1, 2]
    assert len({message["media_group_id"] for message in told}) == 1
    assert [message.text for message in album] == ["three", "", ""]


def test_commands_and_mentions_are_marked_in_utf_16(ana: Person, chat: PeopleChat) -> None:
    sent = chat.send_text(ana, "/find@landmark_bot 🗼 for @bob_b")
    assert sent.marks == [
        {"type": "bot_command", "offset": 0, "length": 18},
        {"type": "mention", "offset": 26, "length": 6},
    ]


def test_in_privacy_mode_a_group_is_heard_only_when_it_speaks_to_the_bot() -> None:
    with BotApiServer(privacy_mode=True) as server:
        bob = server.person(6, "Bob")
        group = server.group(-7, "Trip", [bob])
        group.send_photo(bob, jpeg(), "look")
        group.send_photo(bob, jpeg(), "@landmark_bot look")
        group.send_text(bob, "/stats")
        done(server, "sendMessage", chat_id=-7, text="hi")
        group.send_text(bob, "thanks", reply_to=group.from_bot[0])
        assert [update["message"]["message_id"] for update in done(server, "getUpdates")] == [2, 3, 5]
        assert done(server, "getChatMember", chat_id=-7, user_id=6)["status"] == "member"


def test_large_files_are_refused_both_ways(server: BotApiServer, ana: Person, chat: PeopleChat) -> None:
    huge = chat.send_document(ana, b"", "film.mov", "video/quicktime", file_size=20 * 1024 * 1024 + 1)
    assert refusal(server, "getFile", file_id=huge.json["document"]["file_id"]) == "file is too big"
    upload = b'--x\r\nContent-Disposition: form-data; name="document"; filename="a"\r\n\r\n' + bytes(
        50 * 1024 * 1024 + 1
    )
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", f"/bot{server.token}/sendDocument?chat_id={chat.id}", upload + b"\r\n--x--\r\n", headers)
    assert json.loads(connection.getresponse().read())["description"] == "Request Entity Too Large"
    connection.close()
